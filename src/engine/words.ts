import { endOfBlockComment } from './block-comment.ts';

/** What an engine's texts are made of. */
export interface WordRules {
  /**
   * Matches one part, with `g`: the beginning of a block comment (no more of it), a whole line comment, a text, a quoted name, a word or a
   * sign.
   */
  readonly part: RegExp;
  /** Where a part that begins at `start` ends, where that is not the end of what `part` matched; undefined otherwise. */
  readonly endOf?: (text: string, start: number, part: string) => number | undefined;
}

/** What a text of SQL consists of, without its comments: words as they are written, texts and names with their quotes. */
export function* sqlWords(text: string, { part, endOf }: WordRules): Generator<string, void, undefined> {
  for (let at = 0; ;) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (found === null) return;
    const { index: start } = found;
    const [word] = found;
    at = word === '/*' ? endOfBlockComment(text, start) : (endOf?.(text, start, word) ?? start + word.length);
    if (word !== '/*' && !word.startsWith('--')) yield word;
  }
}
