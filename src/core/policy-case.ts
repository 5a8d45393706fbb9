import type { ContextValues } from './context-values.ts';
import type { PrincipalName } from './principal.ts';
import type { SqlValue } from './sql.ts';

/** Values of a row by column. In a tenant column stands the name that the file gives a tenant. */
export type CaseRow = Readonly<Record<string, SqlValue>>;

/** A table of the configuration, as a file of cases names it. */
export interface CaseTable {
  readonly name: string;
  /** Undefined: the engine's default schema. */
  readonly schema?: string;
  readonly table: string;
  /** Undefined: its rows are every tenant's. */
  readonly tenantColumn?: string;
}

/** Rows that are there before each case. */
export interface CaseFixture {
  readonly table: CaseTable;
  /** Whose they are, as the file calls it; undefined of a reference table. */
  readonly tenant?: string;
  readonly rows: readonly CaseRow[];
  /** Where the file says them. */
  readonly at: CasePath;
}

/** Who a statement is run as. */
export interface CaseActor {
  readonly principal: PrincipalName;
  /** As the file calls it; of `app` alone. */
  readonly tenant?: string;
  readonly context: ContextValues;
}

/** What is tried. `where` names columns that are equal, all of them. */
export type CaseStatement =
  | { readonly kind: 'select'; readonly table: CaseTable; readonly where: CaseRow }
  | { readonly kind: 'delete'; readonly table: CaseTable; readonly where: CaseRow }
  | { readonly kind: 'insert' | 'upsert'; readonly table: CaseTable; readonly values: readonly CaseRow[] }
  | { readonly kind: 'update'; readonly table: CaseTable; readonly set: CaseRow; readonly where: CaseRow }
  /** A statement in an engine's own words, by the engine's name. */
  | { readonly kind: 'sql'; readonly text: Readonly<Record<string, string>> };

/** What must come of it. */
export type CaseExpectation =
  /** These, each as often as it stands here; in this order where it is `ordered`. All name the same columns. */
  | { readonly kind: 'rows'; readonly rows: readonly CaseRow[]; readonly ordered: boolean }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'changed'; readonly count: number }
  /** Every row that is inserted or that the condition names is changed. */
  | { readonly kind: 'allowed' }
  /** It is refused for want of a right; of `update` and `delete` also: it changes none of the rows that the condition names. */
  | { readonly kind: 'denied' };

/** One statement of somebody, and what must come of it. */
export interface PolicyCase {
  readonly name: string;
  readonly as: CaseActor;
  /** The name that the file gives whoever it is, where it gives one. */
  readonly actorName?: string;
  readonly statement: CaseStatement;
  readonly expect: CaseExpectation;
  readonly at: CasePath;
}

/** A file of cases, checked against the configuration. */
export interface PolicyCases {
  /** As it was named by whoever asked for it. */
  readonly file: string;
  /** Names of tenants, in the order of the file. */
  readonly tenants: readonly string[];
  readonly fixtures: readonly CaseFixture[];
  readonly cases: readonly PolicyCase[];
}

/** A place in a file of cases. */
export type CasePath = readonly PropertyKey[];
