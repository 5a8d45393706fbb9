import { sql, type Sql } from '../../core/sql.ts';
import type { SampledValue } from '../../engine/sample-words.ts';
import type { Expectation } from './expectations.ts';
import type { StageAttempt, StageCaller } from './rehearse.ts';
import type { SampleRow } from './sample-rows.ts';

/** One statement on one table, and what must become of it. */
export interface Probe extends StageAttempt {
  readonly table: string;
  readonly what: string;
  readonly expect: Expectation;
}

/** What is tried, and what admin runs just before it. */
export type TriedStatement = readonly [what: string, statement: Sql, expect: Expectation, prepared?: Prepared];

/** What admin runs just before a statement, undone with it; undefined: nothing. */
export interface Prepared {
  readonly before?: Sql | undefined;
}

/** Migrations, and whoever makes rows up. */
export const admin: StageCaller = { principal: 'admin' };
/** Of app, before it has entered. */
export const noTenant: StageCaller = { principal: 'app' };
/** The tenant whose rows are its own; the other's are not. */
export const tenant: StageCaller = { principal: 'app', tenant: 'a' };

/** Statements of one caller on a table. */
export function triedBy(as: StageCaller, table: string, list: readonly TriedStatement[]): Probe[] {
  return list.map(([what, statement, expect, prepared]) => ({ table, as, what, statement, expect, before: prepared?.before }));
}

/** Statements one after the other, those that there are; undefined: none. */
export function inTurn(...statements: readonly (Sql | undefined)[]): Sql | undefined {
  const those = statements.filter((statement) => statement !== undefined);
  return those.length === 0 ? undefined : sql.join(those, sql`; `);
}

/** What an insert of somebody who does not own the table may give. */
export function given({ values }: SampleRow): SampledValue[] {
  return values.filter(({ column }) => !column.identity);
}
