import { cacheKey, ownCacheKey, tenantKeyFromBytes, type KeyType, type TenantKey } from './key.ts';
import { LookupTable } from './lookup-table.ts';
import type { MappingKeys } from './mapping.ts';
import type { Route, RoutedKeys } from './route.ts';
import type { RouteTable } from './route-table.ts';

/** Routes of a list map: one for each key. */
export class ListRoutes implements RouteTable {
  readonly #keyType: KeyType;
  readonly #table: LookupTable;

  constructor(keyType: KeyType, capacity: number) {
    this.#keyType = keyType;
    this.#table = new LookupTable(capacity);
  }

  get size(): number {
    return this.#table.size;
  }

  peek(id: unknown): Route | undefined {
    const key = cacheKey(this.#keyType, id);
    return key === undefined ? undefined : this.#table.get(key);
  }

  get(key: TenantKey): Route | undefined {
    return this.#table.get(ownCacheKey(key));
  }

  add({ keys, route }: RoutedKeys): void {
    this.learn(tenantKeyFromBytes(this.#keyType, keys.low), route);
  }

  learn(key: TenantKey, route: Route): void {
    const own = ownCacheKey(key);
    const held = this.#table.get(own);
    if (held === undefined || held.epoch <= route.epoch) this.#table.set(own, route);
  }

  forget(key: TenantKey, route: Route): void {
    const own = ownCacheKey(key);
    const held = this.#table.get(own);
    if (held !== undefined && held.epoch <= route.epoch) this.#table.delete(own);
  }

  /** What is not held stays so: a change of every tenant must not fill the tables of processes that never serve it. */
  invalidate(keys: MappingKeys, route: Route | undefined): void {
    const own = ownCacheKey(tenantKeyFromBytes(this.#keyType, keys.low));
    const held = this.#table.get(own);
    if (held === undefined) return;
    if (route === undefined) this.#table.delete(own);
    else if (held.epoch < route.epoch) this.#table.set(own, route);
  }
}
