import { clause } from '../../core/sentence.ts';
import type { TenantryError } from '../../core/errors.ts';
import { SqlFailure } from '../../engine/sql-failure.ts';
import type { Stage } from './rehearse.ts';

/** Why a table has no sample row. */
export class UnfitSample extends Error {
  /** `schema.table` that refused it: the one that was asked for, or one that it refers to. */
  readonly table: string;
  /** One sentence, with what helps. */
  readonly reason: string;

  constructor(table: string, reason: string) {
    super(`${table}: ${reason}`);
    this.table = table;
    this.reason = reason;
  }
}

/** A circle of foreign keys. */
export const leadsBack =
  'its foreign keys lead back to itself by columns that must have values, so that no row can be there first: let one of them be null';

/** Why a made-up row was refused; never the text of the server's, in which values stand. */
export function refusedBy(error: TenantryError, { a, b }: Stage['tenants']): string {
  const { cause } = error;
  const { constraint, column, noPart } = cause instanceof SqlFailure ? cause : {};
  if (noPart === true) {
    const other = `where another column decides, ${saySample('Column')}`;
    return `no part of the table takes the reserved keys ${a.text} and ${b.text}: give it a default one; ${other}`;
  }
  const by = constraint !== undefined ? `constraint ${constraint}` : column !== undefined ? `column ${column}` : clause(error.reason);
  const reserved = `; one on the tenant has to admit the reserved keys ${a.text} and ${b.text}, or the table cannot be tried`;
  return `a sample row is refused (${by}): ${saySample('Column')}${constraint === undefined ? '' : reserved}`;
}

/** What helps. */
export function saySample(column: string): string {
  return `say one in the configuration, as sample: { ${column}: value }`;
}
