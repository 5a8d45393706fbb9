import type { KeyType } from '../core/key-type.ts';
import type { Sql } from '../core/sql.ts';

/** A column as `rehearsal/sample-tables` finds it. */
export interface SampledColumn {
  readonly name: string;
  /** As the engine declares it. */
  readonly type: string;
  /** Its type without domains, aliases and lengths. */
  readonly base: string;
  /** Most characters, bytes or digits; absent: no such bound. */
  readonly length?: number | null;
  /** Digits after the point. */
  readonly scale?: number | null;
  /** What an enumeration may be. */
  readonly labels?: readonly string[] | null;
  /** An insert that leaves it out is refused. */
  readonly needed: boolean;
  /** It belongs to a unique key, or a foreign key refers to it. */
  readonly key: boolean;
  /** It is never null. */
  readonly required: boolean;
  /** The server gives it, unless an owner says otherwise. */
  readonly identity: boolean;
  /** Nobody gives it. */
  readonly generated: boolean;
}

/** A value of a row, and the column that it is for. */
export interface SampledValue {
  readonly column: SampledColumn;
  readonly value: Sql;
}

/** How a change names one row. */
export interface PointedRow {
  /** Run by admin before, where it must be. */
  readonly before?: Sql;
  /** What stands behind `where`. */
  readonly condition: Sql;
}

/** How an engine writes sample rows; everything without parameters. */
export interface SampleWords {
  /** A value of the column's type, another one for each small number where the type has so many; undefined: of this type none is known. */
  value(column: SampledColumn, number: number): Sql | undefined;
  /** A text as a value of the column's type. */
  given(column: SampledColumn, text: string): Sql;
  /** A tenant's key, as canonical text. */
  tenant(column: SampledColumn, keyType: KeyType, text: string): Sql;
  insert(table: Sql, row: readonly SampledValue[]): Sql;
  /**
   * The one row that meets a condition, for an update or delete that names no column in its own, so that what such a statement may is seen
   * without reaching for all rows there are; undefined where the engine holds it to no other policies than one that reads columns.
   */
  row(table: Sql, condition: Sql): PointedRow | undefined;
  /**
   * Insert statements that pass over the row which has the key already, or, the last one, change columns of it: `set`, by default one that
   * makes little difference. None where there is no key.
   */
  upserts(
    table: Sql,
    row: readonly SampledValue[],
    key: readonly string[],
    set?: readonly string[],
  ): readonly { readonly name: string; readonly statement: Sql }[];
  /** An insert that wants its row back. */
  insertReturning(table: Sql, row: readonly SampledValue[]): Sql;
}
