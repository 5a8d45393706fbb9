import { endOfBlockComment } from '../block-comment.ts';

/**
 * A block comment's beginning, a line comment, a text, a quoted name (brackets, or what QUOTED_IDENTIFIER makes one), a word or
 * number, or one more sign. A doubled quote is read as two texts, one behind the other. What is none of these is white space.
 */
const part = /\/\*|--[^\n\r]*|'[^']*'?|"[^"]*"?|\[[^\]]*(?:\]\][^\]]*)*\]?|[\p{L}\p{N}_@#$]+|[!-~]/gu;

/** What T-SQL consists of, without its comments: words as they are written, texts and names with their quotes. */
export function* tsqlWords(text: string): Generator<string, void, undefined> {
  for (let at = 0; ;) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (found === null) return;
    const [word] = found;
    at = word === '/*' ? endOfBlockComment(text, found.index) : found.index + word.length;
    if (word !== '/*' && !word.startsWith('--')) yield word;
  }
}
