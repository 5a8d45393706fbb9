import type { ColumnKind } from './column-kind.ts';

/** What values of a parameter or of a column of an answer are. */
export interface ProcedureValue {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Characters of a `text`; null without bound. */
  readonly maximumLength: number | null;
  /** Digits of a `decimal`, and how many of them stand after the point; null for other kinds. */
  readonly precision: number | null;
  readonly scale: number | null;
}

/** A column of an answer. A document stands for itself, and in no column: what one server parses the other gives as text. */
export interface ProcedureColumn extends ProcedureValue {
  readonly kind: Exclude<ColumnKind, 'json'>;
}

/** What a call may say. */
export interface ProcedureParameter extends ProcedureValue {
  /** False: it may be left out, and the procedure's own default counts then. */
  readonly required: boolean;
  readonly nullable: boolean;
}

/** What a call is answered with: rows of these columns in this order, one document, or nothing. */
export type ProcedureAnswer =
  | { readonly kind: 'rows'; readonly columns: readonly ProcedureColumn[] }
  | { readonly kind: 'json' }
  | { readonly kind: 'nothing' };

/** A stored procedure, or a function of an engine that has them for the same, that callers of the data API may call. */
export interface Procedure {
  /** As written in the configuration, and in paths: `CloseOrder`, `sales.CloseOrder`. */
  readonly name: string;
  /** Undefined: the engine's default schema. */
  readonly schema?: string;
  /** Its name in the schema. */
  readonly routine: string;
  readonly parameters: readonly ProcedureParameter[];
  readonly returns: ProcedureAnswer;
  /** A call changes nothing: it runs as reads do. */
  readonly readOnly: boolean;
}
