import type { ContextReference, Membership, Predicate, ReadTable } from '../../core/predicate.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { ContextValueType } from '../../core/context-values.ts';
import { rawText } from '../raw-text.ts';
import { literal } from './literal.ts';
import { postgresDialect } from './postgres-dialect.ts';

/** By schema: where a database has one of its own for varchar and text, that would be the nearer match. */
const equals = sql` operator(pg_catalog.=) `;

/** How a predicate names a column of the row it is asked of. */
export type RowColumn = (name: string) => Sql;

/**
 * A predicate as an expression that is true, false or null. What does not depend on the row stands in a sub-select of its own, which the
 * server works out once a statement. Throws INVALID_CONFIGURATION for a raw predicate without words for PostgreSQL.
 */
export function predicateSql(predicate: Predicate, row: RowColumn, depth = 1): Sql {
  switch (predicate.kind) {
    case 'owner':
      return sql`${row(predicate.column)}${equals}(select ${valueOf(predicate.value)})`;
    case 'role':
      return sql`(select ${holdsRole(predicate.role, predicate.value)})`;
    case 'member':
      return membership(predicate, row);
    case 'parent': {
      const parent: RowColumn = (name) => sql.id(`parent${depth}`, name);
      const pairs = predicate.columns.map((pair) => sql`${parent(pair.parent)}${equals}${row(pair.child)}`);
      const from = sql`from ${tableOf(predicate.table)} as ${sql.id(`parent${depth}`)} where `;
      const conditions = [...ofTenant(predicate.table, parent), predicateSql(predicate.rows, parent, depth + 1)];
      const [pair, ...others] = predicate.columns;
      // An index is of one column's values.
      if (predicate.few === true && pair !== undefined && others.length === 0)
        return amongFew(row(pair.child), sql`select ${parent(pair.parent)} ${from}${sql.join(conditions, sql` and `)}`);
      return sql`exists (select ${from}${sql.join([...pairs, ...conditions], sql` and `)})`;
    }
    case 'all':
      return joined(predicate.of, row, depth, { by: sql` and `, empty: sql`true` });
    case 'any':
      return joined(predicate.of, row, depth, { by: sql` or `, empty: sql`false` });
    case 'raw':
      // On lines of its own: its last may be a comment.
      return sql`(\n${sqlText(rawText(predicate, 'postgres'))}\n)`;
  }
}

function joined(of: readonly Predicate[], row: RowColumn, depth: number, { by, empty }: { readonly by: Sql; readonly empty: Sql }): Sql {
  if (of.length === 0) return empty;
  return sql`(${sql.join(
    of.map((each) => predicateSql(each, row, depth)),
    by,
  )})`;
}

/**
 * The server makes no join of a policy's sub-select. One of this form it asks row by row by an index, or all at once, whichever costs less;
 * those of few values start from them (docs/decisions/017-forms-of-predicates.md).
 */
function membership({ of, table, gives, key, value, access, few }: Membership, row: RowColumn): Sql {
  const member: RowColumn = (name) => sql.id('member', name);
  const conditions = [
    ...ofTenant(table, member),
    sql`${member(key)}${equals}(select ${valueOf(value)})`,
    // Of boolean and of whole numbers alike.
    ...(access === undefined ? [] : [sql`${member(access)}::integer${equals}1`]),
  ];
  const from = sql`from ${tableOf(table)} as member where ${sql.join(conditions, sql` and `)}`;
  if (few === true) return amongFew(row(of), sql`select ${member(gives)} ${from}`);
  return sql`exists (select ${from} and ${member(gives)}${equals}${row(of)})`;
}

/**
 * An index on the column starts from the values of an array, which is worked out once; without one each row is compared with each of them.
 */
function amongFew(column: Sql, values: Sql): Sql {
  return sql`${column}${equals}any (array(${values}))`;
}

/** Said again, whatever the policies of that table say. */
function ofTenant({ tenantColumn }: ReadTable, row: RowColumn): Sql[] {
  return tenantColumn === undefined ? [] : [sql`${row(tenantColumn)}${equals}(select tenantry.current_tenant())`];
}

function tableOf({ schema = postgresDialect.defaultSchema, table }: ReadTable): Sql {
  return sql.id(schema, table);
}

const casts: Readonly<Record<ContextValueType, string>> = { string: '', int: '::integer', bigint: '::bigint', uuid: '::uuid', strings: '' };

function valueOf({ name, type }: ContextReference): Sql {
  return sql`tenantry.context_value(${literal(name)})${sqlText(casts[type])}`;
}

function holdsRole(role: string, { name, type }: ContextReference): Sql {
  return type === 'strings'
    ? sql`tenantry.context_holds(${literal(name)}, ${literal(role)})`
    : sql`${literal(role)}${equals}tenantry.context_value(${literal(name)})`;
}
