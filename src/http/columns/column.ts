import type { ColumnKind } from '../../core/column-kind.ts';

/** A column that the API shows. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  /** May be left out of a new row. */
  readonly hasDefault: boolean;
  /** The database alone sets it. */
  readonly generated: boolean;
  /** Characters of a `text`; null without bound. */
  readonly maximumLength: number | null;
  /** Digits of a `decimal`; null without bound. */
  readonly precision: number | null;
  /** Digits after the point, of a `decimal` or of seconds; null without bound. */
  readonly scale: number | null;
  /** The only texts allowed, of an enumeration. */
  readonly allowed: readonly string[] | null;
  /** The type by which the engine compares it, as it is declared there; null where values need none. */
  readonly storedAs: string | null;
}

/** A column as the database describes it; `kind` is null for a type that the API does not carry. */
export interface ColumnDescription extends Omit<Column, 'kind'> {
  readonly type: string;
  readonly kind: ColumnKind | null;
  /** Place within the primary key, from 1; null outside it. */
  readonly keyPosition: number | null;
  /** Of the whole table: whether triggers run when its rows change; null where statements need not know. */
  readonly hasTriggers: boolean | null;
}
