import { procedureRisks } from './procedure-risks.ts';
import { tsqlWords } from './tsql-words.ts';

/** Reserved words of what no rollback undoes, or what would keep a live shard's rows locked meanwhile. */
const lasting: ReadonlySet<string> = new Set(['backup', 'checkpoint', 'dbcc', 'kill', 'reconfigure', 'restore', 'shutdown', 'waitfor']);
/** What stands behind the first word where SET belongs to a change of rows, or behind SET where it belongs to a definition. */
const assigning: ReadonlySet<string> = new Set(['=', '.', '+', '-', '*', '/', '%', '&', '^', '|']);
const defining: ReadonlySet<string> = new Set(['(', 'null', 'default']);

/**
 * `Rehearsals.objection`: what no procedure may do in a call (decision 023) no statement of a rehearsal may either, but for changing rows;
 * nothing is called that nobody has read, and nothing is done that stays in its session or on another server.
 */
export function objectionTo(text: string): string | undefined {
  const words = [...tsqlWords(text)];
  if (words.includes(';')) return 'a semicolon';
  const risks = procedureRisks({ schema: 'dbo', routine: '', text, language: 'tsql' }, []);
  const risk = risks.find(({ code }) => code !== 'writes-in-reads');
  if (risk !== undefined) return risk.detail;
  return words.map((_, at) => lastingAt(words, at)).find((found) => found !== undefined);
}

function lastingAt(words: readonly string[], at: number): string | undefined {
  const word = (offset: number): string => words[at + offset]?.toLowerCase() ?? '';
  const first = word(0);
  if (lasting.has(first)) return first.toUpperCase();
  if (first === 'set' && !defining.has(word(1)) && !assigning.has(word(2))) return `SET ${word(1).toUpperCase()}`;
  return dotsFrom(words, at) >= 3 ? 'a name of four parts' : undefined;
}

/** How many dots a name has that begins here; between two of them a part may be left out. */
function dotsFrom(words: readonly string[], start: number): number {
  let dots = 0;
  for (let at = start + 1; words[at] === '.'; at += words[at + 1] === '.' ? 1 : 2) dots += 1;
  return dots;
}
