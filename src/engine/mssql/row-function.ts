import { createHash } from 'node:crypto';
import { TenantryError } from '../../core/errors.ts';
import { compileSql } from '../../core/compile-sql.ts';
import type { Predicate, ReadTable, RowOperation } from '../../core/predicate.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { TableColumns } from '../policy-renderer.ts';
import type { LocatedTable, PolicyMark } from '../verify-shard.ts';
import { mssqlDialect } from './mssql-dialect.ts';
import { predicateSql, rowColumnsOf, unicodeType, type PredicatePlace } from './predicate-sql.ts';

/** A predicate that a table takes. */
interface Slot {
  readonly kind: 'FILTER' | 'BLOCK';
  /** Null for filter predicates. */
  readonly operation: string | null;
  readonly asks: RowOperation;
}

/** All that a table takes, one of each. */
const slots: readonly Slot[] = [
  { kind: 'FILTER', operation: null, asks: 'select' },
  { kind: 'BLOCK', operation: 'AFTER INSERT', asks: 'insert' },
  { kind: 'BLOCK', operation: 'AFTER UPDATE', asks: 'update' },
  { kind: 'BLOCK', operation: 'BEFORE UPDATE', asks: 'update' },
  { kind: 'BLOCK', operation: 'BEFORE DELETE', asks: 'delete' },
];

/** What one of a table's predicates asks besides the tenant; nothing where no condition is given. */
export interface SlotPredicate extends Pick<Slot, 'kind' | 'operation'> {
  readonly conditions: readonly MarkedCondition[];
}

interface MarkedCondition {
  /** Name of the policy and digest of its condition as it is written whatever the types of columns. */
  readonly mark: string;
  readonly condition: Predicate;
}

/** A function of a table, by which rows are told that app may read or write. */
export interface RowFunction {
  readonly name: string;
  /** Of its text without its name, with which the name ends: the function says itself whether it is as it was made. */
  readonly digest: string;
  readonly create: Sql;
  /** As a predicate calls it, with columns of the table. */
  readonly call: Sql;
}

/**
 * What each predicate of a table asks. What was hidden is neither changed nor deleted, so before a change nothing is asked again that the
 * filter has asked.
 */
export function slotPredicates(table: LocatedTable): SlotPredicate[] {
  const seen = marksOf(conditionsOf(table, 'select'));
  return slots.map(({ kind, operation, asks }) => {
    const conditions = conditionsOf(table, asks);
    const isAsked = operation?.startsWith('BEFORE') === true && marksOf(conditions) === seen;
    return { kind, operation, conditions: isAsked ? [] : conditions };
  });
}

/** By what the gate knows the predicates of a table that ask more than the tenant. */
export function policyMarks(table: LocatedTable): PolicyMark[] {
  return slotPredicates(table).flatMap(({ kind, operation, conditions }) =>
    conditions.length === 0 ? [] : [{ kind, operation, marks: conditions.map(({ mark }) => mark) }],
  );
}

/**
 * The function that asks for a table's tenant and for these conditions; `tables` are all that they may read. Its parameters are text of
 * Unicode where a column is of a code page: they would be of the database's. Throws INVALID_CONFIGURATION for a column that is not there.
 */
export function rowFunction(table: LocatedTable, conditions: readonly MarkedCondition[], tables: readonly TableColumns[]): RowFunction {
  const typeOf = typesIn(tables);
  const columns = [...new Set([table.tenantColumn, ...conditions.flatMap(({ condition }) => rowColumnsOf(condition))])];
  const names = parameterNames(columns);
  const parameter = (column: string): Sql => sqlText(names.get(column) ?? '');
  const typed = (column: string) => ({ sql: parameter(column), type: unicodeType(typeOf(table, column)) });
  const place: PredicatePlace = { row: typed, tenant: parameter(table.tenantColumn), typeOf };
  const declared = columns.map((column) => sql`${parameter(column)} ${sqlText(typed(column).type)}`);
  const taken = sql.join(
    columns.map((column) => sql.id(column)),
    sql`,`,
  );
  const marks = conditions.map(({ mark }) => sqlText(`-- ${mark}\n`));
  const text = (quoted: Sql): Sql => sql`CREATE FUNCTION [tenantry].${quoted}(${sql.join(declared, sql`, `)}) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes ${taken}
-- tenant ${sql.id(table.tenantColumn)} of ${sql.id(table.schema, table.table)}
${sql.join(marks, sql``)}RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](${parameter(table.tenantColumn)}) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (${sql.join(
    conditions.map(({ condition }) => predicateSql(condition, place)),
    sql`\n    AND `,
  )});`;
  const digest = digestOf(compileSql(text(sqlText('')), mssqlDialect).text);
  const name = `rows_${table.schema}.${table.table}`.slice(0, longestName - digest.length - 1) + `_${digest}`;
  return { name, digest, create: text(sql.id(name)), call: sql`${sql.id('tenantry', name)}(${taken})` };
}

const longestName = 128;

function conditionsOf(table: LocatedTable, operation: RowOperation): MarkedCondition[] {
  return table.policies.flatMap(({ name, conditions }) => {
    const condition = conditions[operation];
    return condition === undefined ? [] : [{ mark: `${name} ${digestOf(wordsOf(condition, table))}`, condition }];
  });
}

/** The gate does not know the types of columns, so all of them are text to it. */
function wordsOf(condition: Predicate, { tenantColumn }: LocatedTable): string {
  const type = '[nvarchar](4000)';
  const words = predicateSql(condition, {
    row: (column) => ({ sql: sql.id(column), type }),
    tenant: sql.id(tenantColumn),
    typeOf: () => type,
  });
  return compileSql(words, mssqlDialect).text;
}

function marksOf(conditions: readonly MarkedCondition[]): string {
  return conditions.map(({ mark }) => mark).join('\n');
}

function typesIn(tables: readonly TableColumns[]): PredicatePlace['typeOf'] {
  return ({ schema = mssqlDialect.defaultSchema, table }: ReadTable, column) => {
    const found = tables.find((each) => each.schema === schema && each.table === table)?.columns.find(({ name }) => name === column);
    if (found === undefined)
      throw new TenantryError(
        'INVALID_CONFIGURATION',
        `A policy names the column ${column}, which ${schema}.${table} lacks or has of a type that no policy can read.`,
      );
    return found.type;
  };
}

/** Names of columns as variables may be called, each once by any collation. */
function parameterNames(columns: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    columns.map((column) => {
      const plain = `@${column.slice(0, 100).replaceAll(/\W/g, '_')}`;
      let name = plain;
      for (let next = 2; taken.has(name.toLowerCase()); next += 1) name = `${plain}_${next}`;
      taken.add(name.toLowerCase());
      return [column, name];
    }),
  );
}

/** As HASHBYTES has it: of UTF-16. */
function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, 32);
}
