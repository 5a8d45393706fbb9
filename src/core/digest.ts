import { createHash } from 'node:crypto';

/** SHA-256 of a value's JSON, in hex: the same for what is written the same, names in their order. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
