import type { JsonSchema } from '../columns/codec.ts';
import { isChangeable, isRequired, isWritable } from '../tables/row-body.ts';
import type { Table, TableColumn } from '../tables/table.ts';

/** A row as answers hold it: every column, null where it may be. */
export function rowSchema(table: Table): JsonSchema {
  const columns = [...table.columns.values()];
  return {
    type: 'object',
    required: columns.map(({ name }) => name),
    properties: propertiesOf(columns, ({ codec }) => codec.answerSchema ?? codec.schema),
    additionalProperties: false,
  };
}

/** A new row: what the database does not set by itself. */
export function newRowSchema(table: Table): JsonSchema {
  const columns = [...table.columns.values()].filter(isWritable);
  const required = columns.filter(isRequired).map(({ name }) => name);
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: propertiesOf(columns, ({ codec }) => codec.schema),
    additionalProperties: false,
  };
}

/** A change of a row: at least one column, none of its key. */
export function rowChangeSchema(table: Table): JsonSchema {
  const columns = [...table.columns.values()].filter(isChangeable);
  return {
    type: 'object',
    minProperties: 1,
    properties: propertiesOf(columns, ({ codec }) => codec.schema),
    additionalProperties: false,
  };
}

function propertiesOf(columns: readonly TableColumn[], schemaOf: (column: TableColumn) => JsonSchema): Record<string, JsonSchema> {
  return Object.fromEntries(columns.map((column) => [column.name, columnSchema(column, schemaOf(column))]));
}

/** A value that may be null or is set by the database alone, with what its codec says of it. */
export function columnSchema(
  { nullable, generated, codec }: Pick<TableColumn, 'nullable' | 'generated' | 'codec'>,
  schema: JsonSchema,
): JsonSchema {
  const described = { description: `${codec.allowed}${nullable ? ', or null' : ''}`, ...(generated ? { readOnly: true } : {}) };
  return nullable ? { ...described, anyOf: [schema, { type: 'null' }] } : { ...described, ...schema };
}
