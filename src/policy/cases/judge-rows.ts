import type { CaseRow } from '../../core/policy-case.ts';
import { counted } from '../../core/counted.ts';
import type { CaseFailure, ReportedRow } from './case-result.ts';
import { comparable, reported } from './comparable.ts';

/** Rows that were expected, and those that there were, with equal values for what is equal. */
export interface ComparedRows {
  readonly expected: readonly CaseRow[];
  /** The expected rows as the database has their values. */
  readonly converted: readonly Readonly<Record<string, unknown>>[];
  readonly actual: readonly Readonly<Record<string, unknown>>[];
  readonly ordered: boolean;
  /** Whether a report may show rows that were not expected: they are the file's. */
  readonly areOfFile: boolean;
}

/** Undefined where they are the same. */
export function judgeRows({ expected, converted, actual, ordered, areOfFile }: ComparedRows): CaseFailure | undefined {
  const columns = Object.keys(expected[0] ?? {});
  const textOf = (row: Readonly<Record<string, unknown>>): string => JSON.stringify(columns.map((column) => comparable(row[column])));
  const [wanted, found] = [converted.map(textOf), actual.map(textOf)];
  if (ordered && wanted.length === found.length && wanted.every((text, index) => text === found[index])) return undefined;
  const missing = without(wanted, found);
  const surplus = without(found, wanted);
  if (!ordered && missing.length === 0 && surplus.length === 0) return undefined;
  const shown = (rows: readonly Readonly<Record<string, unknown>>[]): ReportedRow[] => rows.map((row) => reportedRow(row, columns));
  const differences = [
    ...(missing.length > 0 ? [`${counted(missing.length, 'expected row')} missing`] : []),
    ...(surplus.length > 0 ? [`${counted(surplus.length, 'row')} too many`] : []),
  ];
  const message = differences.length === 0 ? 'The rows come in another order.' : `The rows are others: ${differences.join(', ')}.`;
  const known = areOfFile ? actual : actual.filter((_, index) => wanted.includes(found[index] ?? ''));
  return { message, expected: shown(expected), actual: shown(known) };
}

/** Columns of a row for a report; all of them where none are named. */
export function reportedRow(row: Readonly<Record<string, unknown>>, columns: readonly string[]): ReportedRow {
  return Object.fromEntries((columns.length > 0 ? columns : Object.keys(row)).map((column) => [column, reported(row[column])]));
}

/** Those of a list that another one has not as often. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const text of other) left.set(text, (left.get(text) ?? 0) + 1);
  return list.filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}
