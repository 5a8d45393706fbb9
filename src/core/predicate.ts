import type { ContextValueType } from './context-values.ts';

/** A value that a call brings along, as a predicate goes by it. Where a call has not brought it, nothing is equal to it. */
export interface ContextReference {
  readonly name: string;
  readonly type: ContextValueType;
}

/** A table that a predicate reads besides the row's own. */
export interface ReadTable {
  /** Undefined: the engine's default schema. */
  readonly schema?: string;
  readonly table: string;
  /** Undefined: the table is every tenant's. */
  readonly tenantColumn?: string;
}

/**
 * What must be true of a row, besides that it is the tenant's. There is no negation, so what is unknown may count as false wherever it
 * comes up: every engine gives the same answer, and none that admits more.
 */
export type Predicate =
  | Membership
  /** The row's parent: the one of another table, of the same tenant, whose columns equal the row's. */
  | {
      readonly kind: 'parent';
      readonly table: ReadTable;
      readonly columns: readonly ColumnPair[];
      readonly rows: Predicate;
      readonly few?: boolean;
      readonly at?: Places<'columns'>;
    }
  /** A column equals a value of the call. */
  | { readonly kind: 'owner'; readonly column: string; readonly value: ContextReference; readonly at?: Places<'column'> }
  /** A value of the call is this role, or a list that holds it. */
  | { readonly kind: 'role'; readonly role: string; readonly value: ContextReference }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Predicate[] }
  /** An engine's own words, which name columns of the row as that engine has them. */
  | {
      readonly kind: 'raw';
      readonly text: Readonly<Record<string, string>>;
      readonly columns: readonly string[];
      readonly at?: Places<'text' | 'columns'>;
    };

/**
 * Where a configuration says the parts of a predicate (`policies.mine.read.any[1].of`), for messages: it changes nothing of what is asked.
 */
export type Places<Part extends string> = Readonly<Record<Part, string>>;

/** A column of the row is among those that a table gives for a value of the call: permissions, members of organisations. */
export interface Membership {
  readonly kind: 'member';
  readonly of: string;
  readonly table: ReadTable;
  readonly gives: string;
  readonly key: string;
  readonly value: ContextReference;
  /** Column that must be 1; undefined: that the row is there is enough. */
  readonly access?: string;
  /**
   * Few rows of the table are one caller's: an engine may gather them before it looks at any row. It changes nothing of what is admitted.
   */
  readonly few?: boolean;
  readonly at?: Places<'of' | 'gives' | 'key' | 'access'>;
}

/** A column of a row, and the one of its parent that it equals. */
export interface ColumnPair {
  readonly child: string;
  readonly parent: string;
}

/** Operations that conditions are put on. */
export const rowOperations = ['select', 'insert', 'update', 'delete'] as const;
export type RowOperation = (typeof rowOperations)[number];

/**
 * One policy on one table: the condition of each operation; without one the operation asks nothing. `insert` is asked of the new row,
 * `select` and `delete` of the one that is there, `update` of both.
 */
export interface RowPolicy {
  readonly name: string;
  readonly conditions: { readonly [Operation in RowOperation]?: Predicate };
}

/** Everything that must be true; undefined where nothing must. */
export function allOf(predicates: readonly (Predicate | undefined)[]): Predicate | undefined {
  const given = predicates.filter((predicate) => predicate !== undefined);
  return given.length <= 1 ? given[0] : { kind: 'all', of: given };
}
