import type { Column, ColumnDescription } from '../columns/column.ts';
import type { ColumnCodec } from '../columns/codec.ts';
import { columnCodec } from '../columns/column-codec.ts';
import type { TableSettings } from '../../config.ts';

/** Names in the place of a table that paths keep for themselves. */
const reservedNames = new Set(['me', 'openapi.json', 'procedures']);

/** A column with what the routes need of it. */
export interface TableColumn extends Column {
  readonly codec: ColumnCodec;
  readonly inKey: boolean;
}

/** A configured table as the API shows it: without its tenant column. */
export interface Table {
  /** Name in paths and messages. */
  readonly name: string;
  /** Undefined: the default schema of the engine that is asked. */
  readonly schema: string | undefined;
  readonly table: string;
  /** In the database's order. */
  readonly columns: ReadonlyMap<string, TableColumn>;
  /** Primary key in its order, without the tenant column; empty where a tenant has one row. */
  readonly key: readonly TableColumn[];
  /** Undefined for a reference table, which is read only. */
  readonly tenantColumn: string | undefined;
  /** Whether triggers run when its rows change; null where the engine that described it need not know. */
  readonly hasTriggers: boolean | null;
}

/** Joins what is configured with what the database says; a problem completes "Table X ...". */
export function buildTable(settings: TableSettings, described: readonly ColumnDescription[]): Table | { readonly problem: string } {
  const { name, schema, table, tenantColumn } = settings;
  if (reservedNames.has(name)) return { problem: `cannot be served: the API keeps the names ${[...reservedNames].join(', ')} for itself` };
  if (described.length === 0) return { problem: 'is configured and does not exist on the shard; names are exact-case' };
  if (tenantColumn !== undefined && !described.some((column) => column.name === tenantColumn)) {
    return { problem: `has no column ${tenantColumn}, which is configured as its tenant column` };
  }
  const inKey = described.filter(({ keyPosition }) => keyPosition !== null).toSorted((a, b) => (a.keyPosition ?? 0) - (b.keyPosition ?? 0));
  if (inKey.length === 0) return { problem: 'has no primary key, by which the API finds its rows' };
  const unfit = inKey.find(({ name: column, kind }) => column !== tenantColumn && (kind === null || kind === 'json'));
  if (unfit !== undefined)
    return { problem: `has column ${unfit.name} of type ${unfit.type} in its primary key, which a path cannot carry` };

  const columns = new Map<string, TableColumn>();
  for (const { kind, keyPosition, type: _type, hasTriggers: _hasTriggers, ...column } of described) {
    if (kind === null || column.name === tenantColumn) continue;
    columns.set(column.name, { ...column, kind, codec: columnCodec({ ...column, kind }), inKey: keyPosition !== null });
  }
  const key = inKey.flatMap((column) => columns.get(column.name) ?? []);
  return { name, schema, table, columns, key, tenantColumn, hasTriggers: described[0]?.hasTriggers ?? null };
}
