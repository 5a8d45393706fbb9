import { TenantryError } from '../../src/core/errors.ts';
import type { MappingKeys } from '../mapping.ts';
import type { ShardMap } from '../shard-map.ts';
import { findMap, keyOf, type KeyReference, type MapChoice, type MapScope } from './map-scope.ts';
import { MappingAdministration } from './mapping-administration.ts';
import { placementOf, type Placement } from './placement.ts';

/** Tenants of a list map, one by one. */
export class TenantAdministration extends MappingAdministration<KeyReference> {
  constructor(scope: MapScope) {
    super(scope, 'list');
  }

  /** Where a tenant lives, in a map of any kind. Throws UNKNOWN_TENANT. */
  async where(tenant: KeyReference, choice: MapChoice = {}): Promise<Placement> {
    const { store } = this.scope;
    const map = await findMap(store, choice.map ?? this.scope.map);
    const key = keyOf(map, tenant);
    const mapping = await store.findMapping(map.mapId, key.bytes);
    if (mapping === undefined) throw new TenantryError('UNKNOWN_TENANT', `Map ${map.name} has no mapping of tenant ${key.text}.`);
    return placementOf(map, mapping, await store.getShard(mapping.shardId));
  }

  protected keysOf(map: ShardMap, tenant: KeyReference): MappingKeys {
    return { kind: 'point', low: keyOf(map, tenant).bytes };
  }
}
