import { sqlWords } from '../words.ts';

/**
 * A block comment's beginning, a line comment, a text (with backslashes in it where an E stands before it), a quoted name, the beginning of
 * a text in dollars, a word or number, or one more sign.
 */
const part = /\/\*|--[^\n\r]*|[eE]'(?:[^'\\]|\\.|'')*'?|'[^']*'?|"[^"]*"?|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$|[\p{L}\p{N}_$]+|[!-~]/gsu;

/** What a text for PostgreSQL consists of, without its comments: words as they are written, texts and names with their quotes. */
export function postgresWords(text: string): Generator<string, void, undefined> {
  return sqlWords(text, { part, endOf: endOfDollarText });
}

/** Where a text in dollars ends: behind the same sign again, or nowhere. */
function endOfDollarText(text: string, start: number, sign: string): number | undefined {
  if (!/^\$.*\$$/s.test(sign)) return undefined;
  const end = text.indexOf(sign, start + sign.length);
  return end === -1 ? text.length : end + sign.length;
}
