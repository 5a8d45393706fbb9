import type { ProcedureCode, ProcedureRisk } from '../procedure-code.ts';
import { tsqlWords } from './tsql-words.ts';

/** Settings whose name alone is enough: the second one holds the first. */
const implicit: ReadonlySet<string> = new Set(['implicit_transactions', 'ansi_defaults']);
const transaction: ReadonlySet<string> = new Set(['tran', 'transaction']);
/** Statements that change rows, and what may stand between their first word and the name of what they change. */
const writing: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'merge', 'truncate']);
const beforeName: ReadonlySet<string> = new Set(['into', 'from', 'table']);
/** What leaves the caller's rights or database, or runs a text somewhere else. */
const elsewhere: ReadonlySet<string> = new Set(['revert', 'openquery', 'openrowset', 'opendatasource', 'setuser']);

/**
 * What the text of a procedure says of transactions, and what it runs that stands in none of `known` (decision 023). Every word that is
 * looked for is reserved, or stands behind one that is, so that nothing else is called so without quotes.
 */
export function procedureRisks({ schema, text }: ProcedureCode, known: readonly ProcedureCode[]): ProcedureRisk[] {
  if (text === null) return [{ code: 'unread-code', detail: 'it is encrypted' }];
  const words = [...tsqlWords(text)];
  const risks = words.flatMap((_, at) => riskAt(words, at, schema, known) ?? []);
  return [...new Map(risks.map((risk) => [risk.detail, risk])).values()];
}

function riskAt(words: readonly string[], at: number, schema: string, known: readonly ProcedureCode[]): ProcedureRisk | undefined {
  const word = (offset: number): string => words[at + offset]?.toLowerCase() ?? '';
  const ends = (detail: string): ProcedureRisk => ({ code: 'ends-transaction', detail });
  const first = word(0);
  if (first === 'commit' || first === 'rollback') return ends(first.toUpperCase());
  if (first === 'save' && transaction.has(word(1))) return ends('SAVE TRANSACTION');
  if (first === 'begin' && transaction.has(word(word(1) === 'distributed' ? 2 : 1))) return ends('BEGIN TRANSACTION');
  if (first === 'set') return riskOfSet(words, at + 1);
  if (elsewhere.has(first) || (first === 'use' && word(1) !== 'hint' && word(1) !== 'plan'))
    return { code: 'unread-code', detail: first.toUpperCase() };
  // Behind THEN it is a part of MERGE.
  if (writing.has(first) && word(-1) !== 'then') return riskOfWriting(words, at);
  return first === 'exec' || first === 'execute' ? riskOfExecute(words, at, schema, known) : undefined;
}

/** Variables and temporary tables are nobody's but the call's. */
function riskOfWriting(words: readonly string[], at: number): ProcedureRisk | undefined {
  let next = at + 1;
  if (words[next]?.toLowerCase() === 'top' && words[next + 1] === '(') next = words.indexOf(')', next) + 1;
  if (beforeName.has(words[next]?.toLowerCase() ?? '')) next += 1;
  return /^(?:@|#|\[#)/.test(words[next] ?? '') ? undefined : { code: 'writes-in-reads', detail: (words[at] ?? '').toUpperCase() };
}

/** Of what stands behind SET: one setting, or several with commas between. */
function riskOfSet(words: readonly string[], start: number): ProcedureRisk | undefined {
  const word = (at: number): string => words[at]?.toLowerCase() ?? '';
  const ends = (detail: string): ProcedureRisk => ({ code: 'ends-transaction', detail: `SET ${detail}` });
  if (word(start) === 'transaction') return ends('TRANSACTION');
  const named: string[] = [];
  let at = start;
  for (; word(at + 1) === ','; at += 2) named.push(word(at));
  named.push(word(at));
  const setting = named.find((name) => implicit.has(name));
  if (setting !== undefined) return ends(setting.toUpperCase());
  return named.includes('xact_abort') && word(at + 1) === 'off' ? ends('XACT_ABORT OFF') : undefined;
}

function riskOfExecute(words: readonly string[], at: number, schema: string, known: readonly ProcedureCode[]): ProcedureRisk | undefined {
  const unread = (detail: string): ProcedureRisk => ({ code: 'unread-code', detail });
  const hasResult = words[at + 1]?.startsWith('@') === true && words[at + 2] === '=';
  let next = at + (hasResult ? 3 : 1);
  const word = words[next] ?? '';
  if (word === '(') return unread('EXECUTE of a text');
  if (word.startsWith('@')) return unread('EXECUTE of a name in a variable');
  if (word.toLowerCase() === 'as') {
    const isOwnClause = /^(with|,)$/i.test(words[at - 1] ?? '') && words[next + 1]?.toLowerCase() === 'caller';
    return isOwnClause ? undefined : unread('EXECUTE AS');
  }
  const path = [nameOf(word)];
  while (words[next + 1] === '.') {
    const isLeftOut = words[next + 2] === '.';
    path.push(isLeftOut ? '' : nameOf(words[next + 2] ?? ''));
    next += isLeftOut ? 1 : 2;
  }
  const [called = '', calledSchema] = path.toReversed();
  const isKnown = known.some(
    (code) =>
      same(code.routine, called) &&
      (calledSchema === undefined || calledSchema === ''
        ? same(code.schema, schema) || same(code.schema, 'dbo')
        : same(code.schema, calledSchema)),
  );
  // Others than the first of a numbered group are not shown.
  const isNumbered = words[next + 1] === ';' && /^\d/.test(words[next + 2] ?? '');
  return isKnown && !isNumbered && path.length <= 2 ? undefined : unread(`EXECUTE ${path.join('.')}`);
}

/** A name without the quotes that it is written in. */
function nameOf(word: string): string {
  if (word.startsWith('[')) return word.slice(1, -1).replaceAll(']]', ']');
  return word.startsWith('"') ? word.slice(1, -1) : word;
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
