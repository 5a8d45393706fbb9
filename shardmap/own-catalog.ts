import { TenantryError } from '../src/core/errors.ts';
import type { CatalogChange, CatalogReader } from './store.ts';

/** The servers of a catalog that can be changed; see `CatalogServer`. */
export interface WritableCatalogServer {
  readonly recorded: string;
  readonly present: string;
}

/** On which server the catalog is. Throws CATALOG_UNVERIFIED where that one only follows another. */
export async function writableServer(catalog: Pick<CatalogReader, 'server'>): Promise<WritableCatalogServer> {
  const { recorded, present } = await catalog.server();
  if (present !== null) return { recorded, present };
  throw new TenantryError(
    'CATALOG_UNVERIFIED',
    "The catalog's server only follows another one, and takes no changes: use the address of the other, or promote this one and run `tenantry recover`; requests are routed meanwhile.",
  );
}

/** Throws CATALOG_UNVERIFIED where the server that answers is not the one that the catalog knows, or takes no changes. */
export async function requireOwnCatalog(catalog: Pick<CatalogReader, 'server'>): Promise<void> {
  const { recorded, present } = await writableServer(catalog);
  if (recorded !== present)
    throw new TenantryError(
      'CATALOG_UNVERIFIED',
      "The catalog's server is not the one on which the shard map was changed before: it may be a restored backup, or a promoted standby. Run `tenantry recover`, which compares every shard with it; requests are routed meanwhile.",
    );
}

/** Work on the catalog that first looks whether its server is the one that the catalog knows. */
export function onOwnCatalog<T>(work: (catalog: CatalogChange) => Promise<T>): (catalog: CatalogChange) => Promise<T> {
  return async (catalog) => {
    await requireOwnCatalog(catalog);
    return work(catalog);
  };
}
