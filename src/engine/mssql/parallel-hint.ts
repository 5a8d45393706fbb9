import { TenantryError } from '../../core/errors.ts';
import { endOfBlockComment } from '../block-comment.ts';

/** Most statements do not name the hint at all, and are looked at no further. */
const mention = /maxdop/i;
/**
 * A block comment's beginning, a line comment, a text, a quoted name (brackets, or what QUOTED_IDENTIFIER makes one), a word or
 * number, or one more sign. A doubled quote is read as two texts, one behind the other. What is none of these is white space.
 */
const part = /\/\*|--[^\n\r]*|'[^']*'?|"[^"]*"?|\[[^\]]*(?:\]\][^\]]*)*\]?|[\p{L}\p{N}_@#$]+|[!-~]/gu;

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
  for (const word of partsOf(text)) {
    if (previous === 'maxdop' && /^\d/.test(word)) throw new TenantryError('FORBIDDEN', refusal);
    previous = word.toLowerCase();
  }
}

/** What a statement consists of, without its comments. */
function* partsOf(text: string): Generator<string, void, undefined> {
  for (let at = 0; ;) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (found === null) return;
    const [word] = found;
    at = word === '/*' ? endOfBlockComment(text, found.index) : found.index + word.length;
    if (word !== '/*' && !word.startsWith('--')) yield word;
  }
}
