import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { PolicyItem, PolicyTable } from '../policy-renderer.ts';
import type { LocatedTable } from '../verify-shard.ts';
import { literal } from './literal.ts';

/** One for each, though they call the same: what a trigger for several operations asks may name neither row. */
const rowOperations = ['insert', 'update', 'delete'] as const;

/**
 * The triggers by which changes of a table's rows are logged while its tenant is moved (docs/decisions/022-capture.md). They are after all
 * others' BEFORE, so what they see is what is stored.
 */
export function captureItems({
  schema,
  table,
  tenantColumn,
  capturable,
  key,
}: PolicyTable & { readonly tenantColumn: string }): PolicyItem[] {
  const place = sql.id(schema, table);
  const item = (operation: string, definition: string, moment: Sql, action: Sql): PolicyItem => ({
    item: `capture ${operation}`,
    definition,
    statements: [
      sql`drop trigger if exists ${triggerOf(operation)} on ${place}`,
      sql`create trigger ${triggerOf(operation)} ${moment} ${sqlText(operation)} on ${place} ${action}`,
    ],
  });
  const columns = sql.join([tenantColumn, ...key].map(literal), sql`, `);
  const ofRow = sql`for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change(${columns})`;
  return [
    ...(capturable
      ? rowOperations.map((operation) =>
          item(operation, `by ${tenantColumn}, key ${key.length === 0 ? 'none' : key.join(', ')}`, sql`after`, ofRow),
        )
      : []),
    // No trigger of a statement comes to a partition by its table.
    item('truncate', 'refused', sql`before`, sql`for each statement execute function tenantry.refuse_truncate()`),
  ];
}

/** Removes one that is there and not wanted; null for what is none. */
export function captureRemoval({ schema, table }: Pick<LocatedTable, 'schema' | 'table'>, item: string): Sql | null {
  const operation = /^capture (.+)$/.exec(item)?.[1];
  return operation === undefined ? null : sql`drop trigger ${triggerOf(operation)} on ${sql.id(schema, table)}`;
}

function triggerOf(operation: string): Sql {
  return sql.id(`tenantry_capture_${operation}`);
}
