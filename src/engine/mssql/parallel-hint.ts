import { TenantryError } from '../../core/errors.ts';
import { tsqlWords } from './tsql-words.ts';

/** Most statements do not name the hint at all, and are looked at no further. */
const mention = /maxdop/i;
const refusal =
  'A statement of a tenant carries no hint MAXDOP: it goes over the setting of the database that keeps plans serial, and the tenant of ' +
  'the session may be wrong in a parallel one. Take the hint out.';

/**
 * Throws FORBIDDEN for a statement with the query hint `MAXDOP n`, whatever the number (docs/decisions/010-parallel-plans.md). What
 * comments, texts and quoted names say is none; texts that a statement executes are not looked into.
 */
export function refuseParallelHint(text: string): void {
  if (!mention.test(text)) return;
  let previous = '';
  for (const word of tsqlWords(text)) {
    if (previous === 'maxdop' && /^\d/.test(word)) throw new TenantryError('FORBIDDEN', refusal);
    previous = word.toLowerCase();
  }
}
