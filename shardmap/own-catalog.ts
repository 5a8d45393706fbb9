import { TenantryError } from '../src/core/errors.ts';
import type { CatalogChange, CatalogReader } from './store.ts';

/** The error that the shard map cannot be changed, because the catalog's server is another than the one that the catalog knows. */
export function catalogUnverified(): TenantryError {
  return new TenantryError(
    'CATALOG_UNVERIFIED',
    "The catalog's server is not the one on which the shard map was changed before: it may be a restored backup, or a promoted standby. Run `tenantry recover`, which compares every shard with it; requests are routed meanwhile.",
  );
}

/** Throws CATALOG_UNVERIFIED where the server that answers is not the one that the catalog knows. */
export async function requireOwnCatalog(catalog: Pick<CatalogReader, 'server'>): Promise<void> {
  const { recorded, present } = await catalog.server();
  if (recorded !== present) throw catalogUnverified();
}

/** Work on the catalog that first looks whether its server is the one that the catalog knows. */
export function onOwnCatalog<T>(work: (catalog: CatalogChange) => Promise<T>): (catalog: CatalogChange) => Promise<T> {
  return async (catalog) => {
    await requireOwnCatalog(catalog);
    return work(catalog);
  };
}
