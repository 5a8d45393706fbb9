import { TenantryError } from '../core/errors.ts';
import type { SqlDatabase } from '../core/session.ts';
import { catalogSchemaFiles } from '../engine/schema-files.ts';
import { schemaStateOf } from '../../shardmap/schema-state.ts';
import { catalogUnavailable } from '../../shardmap/sql-catalog.ts';

/** What was found, or done, where a catalog was asked for. */
export type CatalogInstallation = 'installed' | 'missing' | 'present';

/** Nobody could change the shard map: for that, a catalog must be on the server that it knows. */
const nobodyInParticular =
  'The login of catalog.url may not see which database the catalog is in. On SQL Server it must own the database, or have VIEW ANY DATABASE.';

/**
 * Makes an empty database the catalog of the fleet whose key has that name, in one transaction; one that is a catalog already stays as it is, and its version is
 * checked by whoever opens it. A dry run answers `missing`. Throws INVALID_CONFIGURATION where the database is a shard
 * or does not say which one it is, CATALOG_UNAVAILABLE.
 */
export async function installCatalog(database: SqlDatabase, keyName: string, dryRun: boolean): Promise<CatalogInstallation> {
  const installation = database.transaction(async (session): Promise<CatalogInstallation> => {
    await session.run('catalog/lock-install');
    const { hasSchema, isCatalog, isShard } = await schemaStateOf(session);
    if (isCatalog) return 'present';
    if (isShard) throw new TenantryError('INVALID_CONFIGURATION', 'The database of catalog.url is a shard; a shard cannot be the catalog.');
    if (hasSchema)
      throw new TenantryError('INVALID_CONFIGURATION', 'The database of catalog.url has a schema tenantry that is no catalog.');
    if (dryRun) return 'missing';
    for (const file of catalogSchemaFiles) await session.script(file);
    if ((await session.run('catalog/get-server')).rows.length === 0) throw new TenantryError('INVALID_CONFIGURATION', nobodyInParticular);
    await session.run('catalog/add-fleet-key', { name: keyName });
    return 'installed';
  });
  return catalogUnavailable(installation);
}
