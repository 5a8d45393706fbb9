import { TenantryError } from '../core/errors.ts';
import { cacheKey, type KeyType, type TenantId, tenantKey } from '../../shardmap/key.ts';
import { type RoutedTenantDependencies, RoutedTenant } from './routed-tenant.ts';

type Tenants = Map<number | string, RoutedTenant>;

/** The tenants seen lately. Two generations: what was not used while one filled up is forgotten, unless it is busy. */
export class RoutedTenants {
  readonly #keyType: KeyType;
  readonly #dependencies: RoutedTenantDependencies;
  #young: Tenants = new Map();
  #old: Tenants = new Map();

  constructor(keyType: KeyType, dependencies: RoutedTenantDependencies) {
    this.#keyType = keyType;
    this.#dependencies = dependencies;
  }

  /** What is kept of a tenant. Throws INVALID_TENANT_ID. */
  get(id: TenantId): RoutedTenant {
    const cached = cacheKey(this.#keyType, id);
    const tenant = cached === undefined ? undefined : this.#young.get(cached);
    return tenant ?? this.#fetch(id, cached);
  }

  #fetch(id: TenantId, cached: number | string | undefined): RoutedTenant {
    const key = tenantKey(this.#keyType, id);
    if (cached === undefined) throw new TenantryError('INVALID_TENANT_ID');
    const tenant = this.#old.get(cached) ?? new RoutedTenant(id, key, this.#dependencies);
    if (this.#young.size >= this.#dependencies.limits.tenants / 2) this.#age();
    this.#young.set(cached, tenant);
    return tenant;
  }

  #age(): void {
    const busy = [...this.#old].filter(([cached, tenant]) => tenant.busy && !this.#young.has(cached));
    this.#old = this.#young;
    this.#young = new Map(busy);
  }
}
