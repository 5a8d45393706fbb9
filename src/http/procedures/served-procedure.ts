import type { Procedure, ProcedureParameter, ProcedureValue } from '../../core/procedure.ts';
import type { ColumnCodec } from '../columns/codec.ts';
import { columnCodec } from '../columns/column-codec.ts';
import type { ShownColumn } from '../columns/select-item.ts';

/** A parameter with how its values pass between JSON and a statement. */
export interface ServedParameter extends ProcedureParameter {
  readonly codec: ColumnCodec;
}

/** A configured procedure as the API serves it. */
export interface ServedProcedure extends Omit<Procedure, 'parameters'> {
  /** By name, in the order of the configuration. */
  readonly parameters: ReadonlyMap<string, ServedParameter>;
  /** Of the rows that it answers with; none where it answers with something else. */
  readonly columns: readonly ShownColumn[];
  /** It is a function, on the engine that has those. */
  readonly isFunction: boolean;
}

/** A procedure with the codecs of what passes through it. */
export function servedProcedure(procedure: Procedure, isFunction: boolean): ServedProcedure {
  const { parameters, returns } = procedure;
  return {
    ...procedure,
    parameters: new Map(parameters.map((parameter) => [parameter.name, { ...parameter, codec: codecOf(parameter, parameter.nullable) }])),
    columns: returns.kind === 'rows' ? returns.columns.map((column) => ({ name: column.name, codec: codecOf(column, true) })) : [],
    isFunction,
  };
}

function codecOf(value: ProcedureValue, nullable: boolean): ColumnCodec {
  return columnCodec({ ...value, nullable, hasDefault: false, generated: false, allowed: null, storedAs: null });
}
