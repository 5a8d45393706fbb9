import { endOfBlockComment } from '../block-comment.ts';
import type { ProcedureCode, ProcedureRisk } from '../procedure-code.ts';

/** Languages whose text is looked at. */
const readLanguages: ReadonlySet<string> = new Set(['sql', 'plpgsql']);
/**
 * A block comment's beginning, a line comment, a text (with backslashes in it where an E stands before it), a quoted name, the beginning of a
 * text in dollars, a word or number, or one more sign.
 */
const part = /\/\*|--[^\n\r]*|[eE]'(?:[^'\\]|\\.|'')*'?|'[^']*'?|"[^"]*"?|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$|[\p{L}\p{N}_$]+|[!-~]/gsu;
/** Behind which a statement begins; COMMIT is no reserved word, and may be a name elsewhere. */
const beginnings: ReadonlySet<string> = new Set(['', ';', 'begin', 'atomic', 'then', 'else', 'loop', '>']);

/**
 * What the text of a function or procedure says of transactions (decision 023). The server refuses it in a function, and in a procedure that
 * is called within a transaction, as all are: it would never be carried out.
 */
export function procedureRisks({ text, language }: ProcedureCode): ProcedureRisk[] {
  if (text === null || !readLanguages.has(language)) return [{ code: 'unread-code', detail: `it is written in ${language}` }];
  const found = new Set<string>();
  let before = '';
  for (const word of wordsOf(text)) {
    const said = word.toLowerCase();
    if ((said === 'commit' || said === 'rollback') && beginnings.has(before)) found.add(said.toUpperCase());
    before = said;
  }
  return Array.from(found, (detail) => ({ code: 'ends-transaction' as const, detail }));
}

function* wordsOf(text: string): Generator<string, void, undefined> {
  for (let at = 0; ;) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (found === null) return;
    const [word] = found;
    at = endOf(text, found.index, word);
    if (word !== '/*' && !word.startsWith('--')) yield word;
  }
}

function endOf(text: string, start: number, word: string): number {
  if (word === '/*') return endOfBlockComment(text, start);
  const behind = start + word.length;
  if (!/^\$.*\$$/s.test(word)) return behind;
  const end = text.indexOf(word, behind);
  return end === -1 ? text.length : end + word.length;
}
