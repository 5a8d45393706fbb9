import { resolveConfig, type TenantryConfig } from './config.ts';
import { systemClock } from './core/clock.ts';
import { createEngines } from './main/engines.ts';
import { openTenantry } from './main/tenantry.ts';
import { apart, type Trouble } from './main/trouble.ts';
import { silentObserver } from './router/router-observer.ts';
import type { Router } from './router/router.ts';
import type { ShardMapManager } from '../shardmap/manager.ts';

/** A running Tenantry: statements of tenants on their shards, and the shard map to administer. */
export interface Tenantry extends Pick<Router, 'query' | 'withTenant'> {
  /** The shard-map manager: everything that the command line can do with shards, maps, tenants and ranges. */
  readonly admin: ShardMapManager;
  /** Takes no more calls, waits for those that run (up to `limits.drainMs`), and closes every connection. */
  close(): Promise<void>;
}

/** What may be given besides the configuration. */
export interface TenantryOptions {
  /**
   * Told of trouble in the background that fails no call by itself, each change once: Redis away or back, a shard left
   * alone or served again. What it throws is an uncaught exception. Default: nobody is told.
   */
  readonly onTrouble?: ((trouble: Trouble) => void) | undefined;
}

/**
 * Opens Tenantry with a configuration, its secrets taken from the environment. Throws INVALID_CONFIGURATION with every
 * problem, and CATALOG_UNAVAILABLE where the catalog does not answer.
 */
export async function createTenantry(
  config: TenantryConfig | Promise<TenantryConfig>,
  { onTrouble = () => undefined }: TenantryOptions = {},
): Promise<Tenantry> {
  const settings = resolveConfig(await config, process.env);
  const parts = { engines: createEngines(), clock: systemClock, observer: silentObserver, onTrouble: apart(onTrouble) };
  const tenantry = await openTenantry(parts, settings);
  const { router, manager } = tenantry;
  return { query: router.query.bind(router), withTenant: router.withTenant.bind(router), admin: manager, close: () => tenantry.close() };
}
