import pg from 'pg';
import { columnsOf, type Row, type ShapeTable, type Where, type Write } from './model.ts';

/** A quoted name. */
export const name = (identifier: string): string => pg.escapeIdentifier(identifier);
/** A value without a type of its own. */
export const value = (cell: string | null | undefined): string => (cell === null || cell === undefined ? 'null' : pg.escapeLiteral(cell));

/** A table's name with its schema. */
export function placeOf({ settings: { schema = 'public', table } }: ShapeTable): string {
  return `${name(schema)}.${name(table)}`;
}

/** The select list of a table's rows as texts, `of` a table of that name. */
export function cells(table: ShapeTable, of: string): string {
  return columnsOf(table)
    .map((column) => `${of}.${name(column)}${table.columns[column] === 'flag' ? '::integer' : ''}::text as ${name(column)}`)
    .join(', ');
}

/** The statement. */
export function writeText(write: Write, table: ShapeTable): string {
  const place = `${placeOf(table)} as written`;
  const answer = 'answers' in write && write.answers ? ` returning ${cells(table, 'written')}` : '';
  switch (write.kind) {
    case 'insert':
      return `insert into ${place} ${inserted(write.row)}${answer}`;
    case 'update':
      return `update ${place} set ${assigned(write.set)}${condition(write.where)}${answer}`;
    case 'delete':
      return `delete from ${place}${condition(write.where)}${answer}`;
    case 'upsert': {
      const { tenantColumn = '' } = table.settings;
      const change = write.set === null ? 'nothing' : `update set ${assigned(write.set)}`;
      return `insert into ${place} ${inserted(write.row)} on conflict (${name(tenantColumn)}, ${name(table.key)}) do ${change}`;
    }
    case 'merge':
      return merged(write, table);
  }
}

function merged({ row, matched, inserts }: Extract<Write, { readonly kind: 'merge' }>, table: ShapeTable): string {
  const { tenantColumn = '' } = table.settings;
  const tenant = row[tenantColumn] === undefined ? 'tenantry.current_tenant()' : value(row[tenantColumn]);
  const match = `written.${name(tenantColumn)} = ${tenant} and written.${name(table.key)} = asked.key`;
  const change = matched === 'nothing' ? 'do nothing' : matched === 'delete' ? 'delete' : `update set ${assigned(matched)}`;
  const insertion = inserts ? `insert ${inserted(row)}` : 'do nothing';
  const source = `(select ${value(row[table.key])}::integer as key) as asked`;
  return `merge into ${placeOf(table)} as written using ${source} on ${match} when matched then ${change} when not matched then ${insertion}`;
}

function inserted(row: Row): string {
  const columns = Object.keys(row);
  return `(${columns.map(name).join(', ')}) values (${columns.map((column) => value(row[column])).join(', ')})`;
}

function assigned(set: Row): string {
  return Object.entries(set)
    .map(([column, cell]) => `${name(column)} = ${value(cell)}`)
    .join(', ');
}

function condition(where: Where | undefined): string {
  return where === undefined ? '' : ` where ${name(where.column)} = ${value(where.equals)}`;
}
