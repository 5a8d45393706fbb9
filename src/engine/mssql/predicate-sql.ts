import type { ContextReference, Membership, Predicate, ReadTable } from '../../core/predicate.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import { rawText } from '../raw-text.ts';
import { mssqlDialect, textLiteral } from './mssql-dialect.ts';

/** A value of a statement with its type, as `policy/tables` writes it. */
export interface TypedSql {
  readonly sql: Sql;
  readonly type: string;
}

/** How a predicate names a column of the row it is asked of. */
export type RowColumn = (name: string) => TypedSql;

/** Where a predicate stands. */
export interface PredicatePlace {
  readonly row: RowColumn;
  /** The tenant of the row, which is the tenant of every row that is read beside it. */
  readonly tenant: Sql;
  /** Type of a column of a table that is read. */
  readonly typeOf: (table: ReadTable, column: string) => string;
}

/**
 * A predicate as a search condition. Names of the row stand for parameters of a function, and every other one behind an alias, so that no
 * table that is read has a column which is taken for the row's. Throws INVALID_CONFIGURATION for a raw predicate without words for SQL
 * Server.
 */
export function predicateSql(predicate: Predicate, place: PredicatePlace, depth = 1): Sql {
  switch (predicate.kind) {
    case 'owner':
      return sql`EXISTS (SELECT 1 FROM ${contextValue(predicate.value)} WHERE ${equalsValue(place.row(predicate.column), predicate.value)})`;
    case 'role':
      return sql`EXISTS (SELECT 1 FROM ${contextValue(predicate.value)} WHERE ${equal(valueText, literal(predicate.role))})`;
    case 'member':
      return membership(predicate, place);
    case 'parent': {
      const alias = `parent${depth}`;
      const parent = columnsOf(predicate.table, alias, place);
      const conditions = [
        ...ofTenant(predicate.table, alias, place),
        ...predicate.columns.map((pair) => equal(parent(pair.parent), place.row(pair.child))),
        predicateSql(predicate.rows, { ...place, row: parent }, depth + 1),
      ];
      return sql`EXISTS (SELECT 1 FROM ${tableOf(predicate.table)} AS ${sql.id(alias)} WHERE ${sql.join(conditions, sql` AND `)})`;
    }
    case 'all':
      return joined(predicate.of, place, depth, { by: sql` AND `, empty: sql`1 = 1` });
    case 'any':
      return joined(predicate.of, place, depth, { by: sql` OR `, empty: sql`1 = 0` });
    case 'raw':
      return raw(rawText(predicate, 'mssql'), predicate.columns, place.row);
  }
}

/** Columns of the row that a predicate names, each as often as it does. */
export function rowColumnsOf(predicate: Predicate): readonly string[] {
  switch (predicate.kind) {
    case 'owner':
      return [predicate.column];
    case 'role':
      return [];
    case 'member':
      return [predicate.of];
    case 'parent':
      return predicate.columns.map(({ child }) => child);
    case 'all':
    case 'any':
      return predicate.of.flatMap(rowColumnsOf);
    case 'raw':
      return predicate.columns;
  }
}

function joined(
  of: readonly Predicate[],
  place: PredicatePlace,
  depth: number,
  { by, empty }: { readonly by: Sql; readonly empty: Sql },
): Sql {
  if (of.length === 0) return empty;
  return sql`(${sql.join(
    of.map((each) => predicateSql(each, place, depth)),
    by,
  )})`;
}

function membership({ of, table, gives, key, value, access }: Membership, place: PredicatePlace): Sql {
  const member = columnsOf(table, 'member', place);
  const conditions = [
    ...ofTenant(table, 'member', place),
    equal(member(gives), place.row(of)),
    equalsValue(member(key), value),
    // Of bit and of whole numbers alike.
    ...(access === undefined ? [] : [sql`${member(access).sql} = 1`]),
  ];
  return sql`EXISTS (SELECT 1 FROM ${tableOf(table)} AS [member] CROSS JOIN ${contextValue(value)} WHERE ${sql.join(conditions, sql` AND `)})`;
}

/** The row's columns stand in a row of their own, whatever they are called, and wherever the row comes from. */
function raw(text: string, columns: readonly string[], row: RowColumn): Sql {
  // On lines of its own: its last may be a comment.
  const condition = sql`(\n${sqlText(text)}\n)`;
  if (columns.length === 0) return condition;
  const named = columns.map((column) => sql`${row(column).sql} AS ${sql.id(column)}`);
  return sql`EXISTS (SELECT 1 FROM (SELECT ${sql.join(named, sql`, `)}) AS [row] WHERE ${condition})`;
}

/** Said again, whatever the policies of that table say. */
function ofTenant({ tenantColumn }: ReadTable, alias: string, { tenant }: PredicatePlace): Sql[] {
  return tenantColumn === undefined ? [] : [sql`${sql.id(alias, tenantColumn)} = ${tenant}`];
}

function columnsOf(table: ReadTable, alias: string, { typeOf }: PredicatePlace): RowColumn {
  return (name) => ({ sql: sql.id(alias, name), type: typeOf(table, name) });
}

function tableOf({ schema = mssqlDialect.defaultSchema, table }: ReadTable): Sql {
  return sql.id(schema, table);
}

/** What a call has brought under a name: no row, one, or those of a list. */
function contextValue({ name, type }: ContextReference): Sql {
  return sql`${sql.id('tenantry', type === 'strings' ? 'context_list' : 'context_value')}(${sqlText(textLiteral(name))}) AS [value]`;
}

const longestText = '[nvarchar](4000)';
/** All values of a call have 4,000 characters together. */
const valueText: TypedSql = { sql: sql`CAST([value].[value] AS nvarchar(4000))`, type: longestText };

function equalsValue(column: TypedSql, { type }: ContextReference): Sql {
  if (type === 'string' || type === 'strings') return equal(column, valueText);
  const serverType = type === 'uuid' ? 'uniqueidentifier' : type;
  return equal(column, { sql: sql`TRY_CAST([value].[value] AS ${sqlText(serverType)})`, type: `[${serverType}]` });
}

function literal(text: string): TypedSql {
  return { sql: sqlText(textLiteral(text)), type: longestText };
}

/**
 * Texts are equal by their characters and their length: this server takes spaces at the end for nothing, and its collations what differs in
 * case, or more, for the same. An index is of use where the column's collation is this one. Where one side alone is text, the server
 * refuses the function.
 */
function equal(left: TypedSql, right: TypedSql): Sql {
  if (!isText(left.type) && !isText(right.type)) return sql`${left.sql} = ${right.sql}`;
  const [one, other] = [unicode(left), unicode(right)];
  return sql`${one} COLLATE Latin1_General_100_BIN2 = ${other} COLLATE Latin1_General_100_BIN2 AND DATALENGTH(${one}) = DATALENGTH(${other})`;
}

function isText(type: string): boolean {
  return /^\[n?(?:var)?char\]/.test(type);
}

/** In another code page a character may become one that looks like it, so texts of code pages meet none but Unicode. */
function unicode({ sql: value, type }: TypedSql): Sql {
  const wide = unicodeType(type);
  return wide === type ? value : sql`CAST(${value} AS ${sqlText(wide)})`;
}

/** A type that holds every text of another one, whatever its code page; any other type as it is. */
export function unicodeType(type: string): string {
  const length = /^\[(?:var)?char\]\((\w+)\)$/.exec(type)?.[1];
  if (length === undefined) return type;
  return length === 'max' || Number(length) > 4_000 ? '[nvarchar](max)' : `[nvarchar](${length})`;
}
