import { parseDatabaseUrl, type EngineName } from '../../config/database-url.ts';
import { TenantryError } from '../../core/errors.ts';
import { keyTypes, type KeyType } from '../../core/key-type.ts';
import { configuredName } from '../../engine/qualified-tables.ts';
import type { Services } from '../services.ts';
import type { InitPlan } from './plan.ts';

interface SeenTable extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
  /** Null: it has no such column. */
  readonly columnType: string | null;
  /** Null: a type that keeps no key. */
  readonly keyType: KeyType | null;
}

/** What `--from` finds: the tables with the tenant column, those without, and the key type that its columns have. */
export type SeenTables = Pick<InitPlan, 'tables' | 'undecided'> & { readonly key: KeyType };

/** Reads a database's tables. Throws INVALID_REQUEST where the URL is wrong, or no table or tables of different types have the column. */
export async function readTables(services: Services, engine: EngineName, url: string, column: string): Promise<SeenTables> {
  const parsed = parseDatabaseUrl(engine, url);
  if ('problem' in parsed) throw new TenantryError('INVALID_REQUEST', `--from ${parsed.problem}.`);
  const database = services.openDatabase(parsed.address, parsed.login);
  try {
    const { rows } = await database.run<SeenTable>('inspect/list-tables', { column });
    return sortTables(rows, column, services.defaultSchema(engine));
  } finally {
    await database.close();
  }
}

function sortTables(rows: readonly SeenTable[], column: string, defaultSchema: string): SeenTables {
  const named = rows.map((row) => ({ ...row, name: configuredName(row, { defaultSchema }) }));
  const withColumn = named.filter(({ columnType }) => columnType !== null);
  const keys = [...new Set(withColumn.map(({ keyType }) => keyType))];
  if (withColumn.length === 0)
    throw new TenantryError('INVALID_REQUEST', `No table there has a column ${column}; name another by --tenant-column.`);
  const [key = null] = keys;
  if (keys.length > 1 || key === null) {
    const types = [...new Set(withColumn.map(({ columnType }) => columnType))];
    throw new TenantryError(
      'INVALID_REQUEST',
      `The columns ${column} have the types ${types.join(', ')}; all must keep the same type of keys: ${keyTypes.join(', ')}.`,
    );
  }
  const isDotted = (name: string, row: SeenTable): boolean =>
    row.table.includes('.') || row.schema.includes('.') || name.split('.').length > 2;
  const dotted = named.find((row) => isDotted(row.name, row));
  if (dotted !== undefined)
    throw new TenantryError('INVALID_REQUEST', 'A table or schema has a dot in its name, which a configuration cannot say.');
  return {
    key,
    tables: withColumn.map(({ name }) => name),
    undecided: named.filter(({ columnType }) => columnType === null).map(({ name }) => name),
  };
}
