import type { ColumnKind } from '../core/column-kind.ts';

/** What values of a parameter or of a column of an answer are. */
export interface ProcedureValueConfig {
  readonly type: ColumnKind;
  /** Of a `text`: the most characters. Default: no bound but that of a body. */
  readonly maximumLength?: number | undefined;
  /** Of a `decimal`, which needs both: how many digits it has, up to 38, and how many of them stand after the point. */
  readonly precision?: number | undefined;
  readonly scale?: number | undefined;
}

/** A column of the rows that a procedure answers with. */
export interface ProcedureColumnConfig extends ProcedureValueConfig {
  readonly type: Exclude<ColumnKind, 'json'>;
}

/** A parameter of a procedure. */
export interface ProcedureParameterConfig extends ProcedureValueConfig {
  /** False: a call may leave it out, and the procedure's own default counts. Default true. */
  readonly required?: boolean | undefined;
  /** Whether a call may give null. Default false. */
  readonly nullable?: boolean | undefined;
}

/**
 * A stored procedure that the data API lets its callers call, by `POST /v1/procedures/{name}`; on PostgreSQL a function, or a procedure
 * that answers with nothing. It runs as the caller's tenant, with the rights of app, under every policy: docs/data-api.md.
 */
export interface ProcedureConfig {
  /** By exact-case name, in the order of the procedure: `{ OrderId: 'int64', Note: { type: 'text', required: false } }`. Default: none. */
  readonly parameters?: Readonly<Record<string, Exclude<ColumnKind, 'decimal'> | ProcedureParameterConfig>> | undefined;
  /** What it is answered with: one JSON document, nothing, or rows of these columns in the order of the procedure. */
  readonly returns:
    | 'json'
    | 'nothing'
    | { readonly rows: Readonly<Record<string, Exclude<ColumnKind, 'decimal' | 'json'> | ProcedureColumnConfig>> };
  /**
   * True: a call changes nothing, runs as reads do, and is repeated where it failed on the way. False: a call is a write, never repeated.
   * Default false.
   */
  readonly readOnly?: boolean | undefined;
}
