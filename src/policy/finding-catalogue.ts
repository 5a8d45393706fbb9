import { functionProblems } from './finding-kinds/functions.ts';
import { predicateProblems } from './finding-kinds/predicates.ts';
import { procedureProblems } from './finding-kinds/procedures.ts';
import { tableProblems } from './finding-kinds/tables.ts';
import { warnings } from './finding-kinds/warnings.ts';

/** Everything that can be found, in the order of the page. */
export const findingCatalogue = { ...tableProblems, ...functionProblems, ...predicateProblems, ...procedureProblems, ...warnings };

/** Code of a kind of finding: it stays as it is, whatever becomes of its sentence. */
export type FindingCode = keyof typeof findingCatalogue;

/** Whether a query's answer is a code of the catalogue. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(findingCatalogue, text);
}
