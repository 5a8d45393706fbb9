import { sqlWords } from '../words.ts';

/**
 * A number, sum of money or binary constant: it ends where it can go on no more, and a word may stand right behind it (`1commit` is two).
 * An exponent needs no digits (`1e`), nor does what follows 0x.
 */
const number = String.raw`0[xX][\da-fA-F]*|\p{Sc}?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*)?`;

/**
 * A block comment's beginning, a line comment, a text, a quoted name (brackets, or what QUOTED_IDENTIFIER makes one), a number, a word, or
 * one more sign. A doubled quote is read as two texts, one behind the other. What is none of these is white space.
 */
const part = new RegExp(
  String.raw`/\*|--[^\n\r]*|'[^']*'?|"[^"]*"?|\[[^\]]*(?:\]\][^\]]*)*\]?|${number}|[\p{L}\p{N}\p{M}\p{Pc}\p{Sc}@#]+|[!-~]`,
  'gu',
);

/** What T-SQL consists of, without its comments: words and numbers as they are written, texts and names with their quotes. */
export function tsqlWords(text: string): Generator<string, void, undefined> {
  return sqlWords(text, { part });
}
