import type { ProcedureCode, ProcedureRisk } from '../procedure-code.ts';
import { postgresWords } from './postgres-words.ts';

/** Languages whose text is looked at. */
const readLanguages: ReadonlySet<string> = new Set(['sql', 'plpgsql']);
/** Behind which a statement begins; COMMIT is no reserved word, and may be a name elsewhere. */
const beginnings: ReadonlySet<string> = new Set(['', ';', 'begin', 'atomic', 'then', 'else', 'loop', '>']);

/**
 * What the text of a function or procedure says of transactions (decision 023). The server refuses it in a function, and in a procedure
 * that is called within a transaction, as all are: it would never be carried out.
 */
export function procedureRisks({ text, language }: ProcedureCode): ProcedureRisk[] {
  if (text === null || !readLanguages.has(language)) return [{ code: 'unread-code', detail: `it is written in ${language}` }];
  const found = new Set<string>();
  let before = '';
  for (const word of postgresWords(text)) {
    const said = word.toLowerCase();
    if ((said === 'commit' || said === 'rollback') && beginnings.has(before)) found.add(said.toUpperCase());
    before = said;
  }
  return Array.from(found, (detail) => ({ code: 'ends-transaction' as const, detail }));
}
