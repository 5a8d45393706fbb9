import type { Clock } from '../src/core/clock.ts';
import { Deadline } from '../src/core/deadline.ts';
import { TenantryError } from '../src/core/errors.ts';
import { defaultLimits } from '../src/core/limits.ts';
import { ownCacheKey, tenantKey, type TenantId, type TenantKey } from './key.ts';
import { ListRoutes } from './list-routes.ts';
import type { LookupKey } from './lookup-table.ts';
import { containsKey, isRoutable, type Mapping, type MappingKeys } from './mapping.ts';
import { NegativeEntries } from './negative-entries.ts';
import { RangeRoutes } from './range-routes.ts';
import { RefusedRoutes } from './refused-routes.ts';
import type { Route, RoutedKeys } from './route.ts';
import type { RouteCache } from './route-cache.ts';
import type { RouteTable } from './route-table.ts';
import type { ShardMap } from './shard-map.ts';

/** Bounds of what a lookup keeps and waits for. */
export interface LookupLimits {
  /** Mappings kept in the process. Default 1,000,000, of at most 150 bytes each. */
  readonly capacity: number;
  /** Keys without a mapping kept. Default 10,000. */
  readonly negativeCapacity: number;
  /** How long a key is taken to have no mapping. Default 1,000. */
  readonly negativeMs: number;
  /** How long the catalog may take, whatever time the caller has, unless it is held up. Default 5,000. */
  readonly catalogTimeoutMs: number;
  /** Keys looked up at once; more are OVERLOADED. Default 10,000. */
  readonly concurrency: number;
}

/** What a lookup is made of. */
export interface LookupDependencies {
  readonly map: Pick<ShardMap, 'kind' | 'keyType'>;
  /** The catalog's word on an encoded key. Throws CATALOG_UNAVAILABLE. */
  readonly findMapping: (key: Uint8Array) => Promise<Mapping | undefined>;
  /** Why the catalog answers nothing for now, although it will: then everybody waits for it as long as his time lets him. */
  readonly holdUp?: (() => TenantryError | undefined) | undefined;
  /** Shared between processes; none where there is no Redis. */
  readonly cache?: RouteCache | undefined;
  readonly clock: Clock;
  readonly limits?: Partial<LookupLimits>;
}

/** Where tenants live, from the process's own table, else the shared cache, else the catalog. */
export interface Lookup {
  /** Mappings held in the process. */
  readonly size: number;
  /** The route where the process knows it. Costs no promise and checks no id: `find` says what is wrong with one. */
  peek(id: TenantId): Route | undefined;
  /** Throws INVALID_TENANT_ID, UNKNOWN_TENANT, OVERLOADED, CANCELLED, or CATALOG_UNAVAILABLE, within the deadline. */
  find(id: TenantId, deadline: Deadline): Promise<Route>;
  /** A shard said where the tenant is now. Never replaces a newer epoch. */
  learn(id: TenantId, route: Route): void;
  /** A shard refused this route: it, or an older one, is not answered again unless the catalog says so. */
  forget(id: TenantId, route: Route): void;
  /** A change was published: where the keys are now, or that they have no mapping any more. */
  invalidate(change: { readonly keys: MappingKeys; readonly route?: Route | undefined }): void;
  /**
   * Published changes may have been missed. Routes stay, because a shard refuses those that are stale; what no shard
   * judges goes: entries of keys without a mapping, and answers still on their way.
   */
  changesMissed(): void;
}

const defaultLookupLimits: LookupLimits = {
  capacity: defaultLimits.cachedTenants,
  negativeCapacity: 10_000,
  negativeMs: 1_000,
  catalogTimeoutMs: defaultLimits.catalogTimeoutMs,
  concurrency: 10_000,
};

/** How long a caller should wait when the catalog is away. */
const catalogRetryAfterMs = 1_000;

/** Makes the lookup of one shard map. */
export function createLookup(dependencies: LookupDependencies): Lookup {
  return new TieredLookup(dependencies, { ...defaultLookupLimits, ...dependencies.limits });
}

/** One key being looked up, for everybody who asks meanwhile. */
interface Flight {
  readonly key: TenantKey;
  /** Something newer became known: what it brings is not kept. */
  superseded: boolean;
  outcome: Promise<Route | undefined>;
}

class TieredLookup implements Lookup {
  readonly #dependencies: LookupDependencies;
  readonly #limits: LookupLimits;
  readonly #table: RouteTable;
  readonly #negatives: NegativeEntries;
  readonly #refused: RefusedRoutes;
  readonly #flights = new Map<LookupKey, Flight>();

  constructor(dependencies: LookupDependencies, limits: LookupLimits) {
    const { kind, keyType } = dependencies.map;
    this.#dependencies = dependencies;
    this.#limits = limits;
    this.#table = kind === 'list' ? new ListRoutes(keyType, limits.capacity) : new RangeRoutes(keyType, limits.capacity);
    this.#negatives = new NegativeEntries(dependencies.clock, limits.negativeCapacity, limits.negativeMs);
    this.#refused = new RefusedRoutes(limits.negativeCapacity);
  }

  get size(): number {
    return this.#table.size;
  }

  peek(id: TenantId): Route | undefined {
    return this.#table.peek(id);
  }

  async find(id: TenantId, deadline: Deadline): Promise<Route> {
    const key = this.#key(id);
    const own = ownCacheKey(key);
    for (;;) {
      const held = this.#table.get(key);
      if (held !== undefined) return held;
      if (this.#negatives.has(own)) throw new TenantryError('UNKNOWN_TENANT');
      deadline.check('The lookup of the tenant');
      const flight = this.#flights.get(own) ?? this.#start(key, own);
      const route = await this.#waitFor(flight, deadline);
      if (route !== undefined) return route;
      // Otherwise a mapping may have come to be while the answer was on its way.
      if (!flight.superseded) throw new TenantryError('UNKNOWN_TENANT');
    }
  }

  learn(id: TenantId, route: Route): void {
    const key = this.#key(id);
    const own = ownCacheKey(key);
    this.#supersede(own);
    this.#negatives.delete(own);
    this.#table.learn(key, route);
  }

  forget(id: TenantId, route: Route): void {
    const key = this.#key(id);
    const own = ownCacheKey(key);
    this.#supersede(own);
    this.#table.forget(key, route);
    this.#refused.add(own, route.epoch);
    void this.#dependencies.cache?.remove(key.bytes, route);
  }

  invalidate({ keys, route }: { readonly keys: MappingKeys; readonly route?: Route | undefined }): void {
    for (const [own, flight] of this.#flights) if (containsKey(keys, flight.key.bytes)) this.#supersede(own);
    // A range says not which keys it has; to ask again for few short-lived entries costs little.
    this.#negatives.clear();
    this.#table.invalidate(keys, route);
  }

  changesMissed(): void {
    for (const own of this.#flights.keys()) this.#supersede(own);
    this.#negatives.clear();
  }

  #key(id: TenantId): TenantKey {
    return tenantKey(this.#dependencies.map.keyType, id);
  }

  #start(key: TenantKey, own: LookupKey): Flight {
    if (this.#flights.size >= this.#limits.concurrency)
      throw new TenantryError('OVERLOADED', 'Too many tenants are being looked up at once.');
    const flight: Flight = { key, superseded: false, outcome: Promise.resolve(undefined) };
    flight.outcome = this.#lookUp(flight, own).finally(() => {
      if (this.#flights.get(own) === flight) this.#flights.delete(own);
    });
    this.#flights.set(own, flight);
    return flight;
  }

  /** Who asks from now on is not answered by a flight that set off before. */
  #supersede(own: LookupKey): void {
    const flight = this.#flights.get(own);
    if (flight === undefined) return;
    flight.superseded = true;
    this.#flights.delete(own);
  }

  async #waitFor(flight: Flight, deadline: Deadline): Promise<Route | undefined> {
    try {
      return await deadline.race('The lookup of the tenant', flight.outcome);
    } catch (error) {
      throw this.#unavailableIfTimedOut(error);
    }
  }

  async #lookUp(flight: Flight, own: LookupKey): Promise<Route | undefined> {
    const found = (await this.#askCache(flight.key, own)) ?? (await this.#askCatalog(flight.key, own));
    if (!flight.superseded) {
      if (found === undefined) this.#negatives.add(own);
      else this.#table.add(found);
    }
    // What was learnt meanwhile may be newer than what was found.
    return found === undefined ? undefined : (this.#table.get(flight.key) ?? found.route);
  }

  async #askCache(key: TenantKey, own: LookupKey): Promise<RoutedKeys | undefined> {
    const found = await this.#dependencies.cache?.get(key.bytes);
    return found !== undefined && areEndsOfKeys(found.keys, key) && this.#refused.allows(own, found.route.epoch) ? found : undefined;
  }

  async #askCatalog(key: TenantKey, own: LookupKey): Promise<RoutedKeys | undefined> {
    const { cache, findMapping } = this.#dependencies;
    const mapping = await this.#inTime(findMapping(key.bytes));
    this.#refused.delete(own);
    if (mapping === undefined || !isRoutable(mapping)) return undefined;
    const found: RoutedKeys = { keys: mapping, route: { mappingId: mapping.mappingId, shardId: mapping.shardId, epoch: mapping.epoch } };
    void cache?.put(key.bytes, found);
    return found;
  }

  /** The catalog's answer, for which a catalog that is held up has more time. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { clock, holdUp } = this.#dependencies;
    let failed = false;
    const asked = answer.catch((error: unknown) => {
      failed = true;
      throw error;
    });
    for (;;) {
      try {
        return await new Deadline(clock, this.#limits.catalogTimeoutMs).race('The lookup in the catalog', asked);
      } catch (error) {
        if (failed || holdUp?.() === undefined) throw this.#unavailableIfTimedOut(error);
      }
    }
  }

  #unavailableIfTimedOut(error: unknown): unknown {
    if (!isTimeout(error)) return error;
    const { detail = 'The catalog did not answer in time.', retryAfterMs = catalogRetryAfterMs } = this.#dependencies.holdUp?.() ?? {};
    return new TenantryError('CATALOG_UNAVAILABLE', detail, { cause: error, retryAfterMs });
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof TenantryError && error.code === 'TIMEOUT';
}

/** A shared cache may hold anything: a range whose ends are not as long as keys of the type are says nothing. */
function areEndsOfKeys({ kind, low, high }: MappingKeys, { type, bytes }: TenantKey): boolean {
  if (kind === 'point' || type === 'string' || type === 'bytes') return true;
  return (low.length === 0 || low.length === bytes.length) && (high === undefined || high.length === bytes.length);
}
