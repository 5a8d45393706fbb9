import type { Sql } from '../../core/sql.ts';
import type { PointedRow, SampledValue } from '../../engine/sample-words.ts';
import type { Expectation } from './expectations.ts';
import type { StageAttempt, StageCaller } from './rehearse.ts';
import type { SampleRow } from './sample-rows.ts';

/** One statement on one table, and what must become of it. */
export interface Probe extends StageAttempt {
  readonly table: string;
  readonly what: string;
  readonly expect: Expectation;
}

/** What is tried, and of which row, where it names one by no column. */
export type TriedStatement = readonly [what: string, statement: Sql, expect: Expectation, row?: PointedRow];

/** Of app, before it has entered. */
export const noTenant: StageCaller = { principal: 'app' };
/** The tenant whose rows are its own; the other's are not. */
export const tenant: StageCaller = { principal: 'app', tenant: 'a' };

/** Statements of one caller on a table. */
export function triedBy(as: StageCaller, table: string, list: readonly TriedStatement[]): Probe[] {
  return list.map(([what, statement, expect, row]) => ({ table, as, what, statement, expect, before: row?.before }));
}

/** What an insert of somebody who does not own the table may give. */
export function given({ values }: SampleRow): SampledValue[] {
  return values.filter(({ column }) => !column.identity);
}
