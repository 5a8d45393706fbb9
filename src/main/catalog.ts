import { TenantryError } from '../core/errors.ts';
import type { SqlDatabase, SqlSession } from '../core/session.ts';
import { catalogSchemaFiles } from '../engine/schema-files.ts';

interface SchemaState extends Record<string, unknown> {
  readonly hasSchema: boolean;
  readonly isCatalog: boolean;
  readonly isShard: boolean;
}

/** What was found, or done, where a catalog was asked for. */
export type CatalogInstallation = 'installed' | 'missing' | 'present';

/**
 * Makes an empty database a catalog, in one transaction; one that is a catalog already stays as it is, and its version is
 * checked by whoever opens it. A dry run answers `missing`. Throws INVALID_CONFIGURATION where the database is a shard.
 */
export async function installCatalog(database: SqlDatabase, dryRun: boolean): Promise<CatalogInstallation> {
  return database.transaction(async (session) => {
    await session.run('catalog/lock-install');
    const { hasSchema, isCatalog, isShard } = await schemaState(session);
    if (isCatalog) return 'present';
    if (isShard) throw new TenantryError('INVALID_CONFIGURATION', 'The database of catalog.url is a shard; a shard cannot be the catalog.');
    if (hasSchema)
      throw new TenantryError('INVALID_CONFIGURATION', 'The database of catalog.url has a schema tenantry that is no catalog.');
    if (dryRun) return 'missing';
    for (const file of catalogSchemaFiles) await session.script(file);
    return 'installed';
  });
}

async function schemaState(session: SqlSession): Promise<SchemaState> {
  const [state] = (await session.run<SchemaState>('catalog/schema-state')).rows;
  if (state === undefined) throw new TenantryError('INTERNAL', 'catalog/schema-state gave no row.');
  return state;
}
