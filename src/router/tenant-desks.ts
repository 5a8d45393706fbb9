import { TenantryError } from '../core/errors.ts';
import { cacheKey, type KeyType, type TenantId, tenantKey } from '../../shardmap/key.ts';
import { type DeskDependencies, TenantDesk } from './tenant-desk.ts';

type Desks = Map<number | string, TenantDesk>;

/** The desks of the tenants seen lately. Two generations: what was not used while one filled up is forgotten, unless it is busy. */
export class TenantDesks {
  readonly #keyType: KeyType;
  readonly #dependencies: DeskDependencies;
  #young: Desks = new Map();
  #old: Desks = new Map();

  constructor(keyType: KeyType, dependencies: DeskDependencies) {
    this.#keyType = keyType;
    this.#dependencies = dependencies;
  }

  /** The desk of a tenant. Throws INVALID_TENANT_ID. */
  get(id: TenantId): TenantDesk {
    const cached = cacheKey(this.#keyType, id);
    const desk = cached === undefined ? undefined : this.#young.get(cached);
    return desk ?? this.#fetch(id, cached);
  }

  #fetch(id: TenantId, cached: number | string | undefined): TenantDesk {
    const key = tenantKey(this.#keyType, id);
    if (cached === undefined) throw new TenantryError('INVALID_TENANT_ID');
    const desk = this.#old.get(cached) ?? new TenantDesk(id, key, this.#dependencies);
    if (this.#young.size >= this.#dependencies.limits.tenants / 2) this.#age();
    this.#young.set(cached, desk);
    return desk;
  }

  #age(): void {
    const busy = [...this.#old].filter(([cached, desk]) => desk.busy && !this.#young.has(cached));
    this.#old = this.#young;
    this.#young = new Map(busy);
  }
}
