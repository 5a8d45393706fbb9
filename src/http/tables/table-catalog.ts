import { z } from 'zod';
import type { ColumnKind } from '../../core/column-kind.ts';
import { TenantryError } from '../../core/errors.ts';
import type { SqlSession } from '../../core/session.ts';
import type { SqlDialect } from '../../core/sql.ts';
import { qualifiedTables } from '../../engine/qualified-tables.ts';
import { buildTable, type Table } from './table.ts';
import type { TableSettings } from '../../config.ts';

/** Where the shape of the tables is read: a shard database, under a login that may see them. */
export type TableCatalog = Pick<SqlSession, 'run'>;

/** A row of `shard/describe-tables`. */
const descriptionRow = z.object({
  table: z.string(),
  name: z.string(),
  /** The engine's own name of the type, for messages. */
  type: z.string(),
  baseType: z.string().nullable(),
  nullable: z.boolean(),
  hasDefault: z.boolean(),
  generated: z.boolean(),
  maximumLength: z.number().nullable(),
  precision: z.number().nullable(),
  scale: z.number().nullable(),
  allowed: z.array(z.string()).nullable(),
  storedAs: z.string().nullable(),
  hasTriggers: z.boolean().nullable(),
  keyPosition: z.number().nullable(),
});

/** A column of a configured table, as one database describes it. */
type ColumnOfTable = Omit<z.infer<typeof descriptionRow>, 'baseType'> & {
  /** Null where its values do not travel. */
  readonly kind: ColumnKind | null;
};

/** The configured tables as one database describes them. */
export type TableDescriptions = readonly ColumnOfTable[];

/** The configured tables, and the columns that the API leaves out because their type does not travel. */
export interface LoadedTables {
  readonly tables: ReadonlyMap<string, Table>;
  readonly hidden: readonly { readonly table: string; readonly column: string; readonly type: string }[];
}

/** Reads the shape of the configured tables from a shard of an engine. */
export async function describeTables(
  catalog: TableCatalog,
  dialect: Pick<SqlDialect, 'defaultSchema' | 'columnKind'>,
  settings: readonly TableSettings[],
): Promise<TableDescriptions> {
  const wanted = qualifiedTables(settings, dialect).map(({ name, schema, table }) => ({ name, schema, table }));
  const { rows } = await catalog.run('shard/describe-tables', { tables: JSON.stringify(wanted) });
  return z
    .array(descriptionRow)
    .parse(rows)
    .map((row) => columnOf(row, dialect));
}

function columnOf({ baseType, ...row }: z.infer<typeof descriptionRow>, { columnKind }: Pick<SqlDialect, 'columnKind'>): ColumnOfTable {
  return { ...row, kind: columnKind(baseType) };
}

/**
 * The configured tables in the shape that the first description gives; from others, of shards of other engines, comes what only
 * their statements need. Throws INVALID_CONFIGURATION that names every table which is missing, has no primary key, or lacks its
 * tenant column.
 */
export function joinTables(
  settings: readonly TableSettings[],
  [first, ...others]: readonly [TableDescriptions, ...TableDescriptions[]],
): LoadedTables {
  const besides = new Map(others.flat().map((row) => [JSON.stringify([row.table, row.name]), row]));
  const described = Map.groupBy(
    first.map((row) => {
      const beside = besides.get(JSON.stringify([row.table, row.name]));
      return { ...row, storedAs: row.storedAs ?? beside?.storedAs ?? null, hasTriggers: row.hasTriggers ?? beside?.hasTriggers ?? null };
    }),
    (row) => row.table,
  );
  const problems: string[] = [];
  const tables = new Map<string, Table>();
  const hidden: { table: string; column: string; type: string }[] = [];
  for (const table of settings) {
    const columns = described.get(table.name) ?? [];
    const built = buildTable(table, columns);
    if ('problem' in built) problems.push(`Table ${table.name} ${built.problem}.`);
    else tables.set(table.name, built);
    hidden.push(...columns.filter(({ kind }) => kind === null).map(({ name, type }) => ({ table: table.name, column: name, type })));
  }
  if (problems.length > 0) throw new TenantryError('INVALID_CONFIGURATION', problems.join(' '));
  return { tables, hidden };
}
