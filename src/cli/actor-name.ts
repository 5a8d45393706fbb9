import { InvalidArgumentError } from 'commander';

/** Reads an option that names who does something, for the audit trail. */
export function actorName(text: string): string {
  if (text.trim() === '' || text.length > 128 || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError('It must be 1 to 128 characters, none of them a control character.');
  return text;
}
