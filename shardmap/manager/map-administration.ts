import { TenantryError } from '../../src/core/errors.ts';
import { keyTypes } from '../key.ts';
import type { Operations } from '../logged-operations.ts';
import type { ShardMap, ShardMapKind } from '../shard-map.ts';
import type { CatalogReader, MappingCount } from '../store.ts';
import { findMap } from './map-scope.ts';
import { requireContext, requireName } from '../names.ts';

const mapKinds: readonly ShardMapKind[] = ['list', 'range'];

/** A map and how its mappings are spread. */
export interface MapOverview extends ShardMap {
  /** One entry for each shard and state that has mappings. */
  readonly mappings: readonly MappingCount[];
}

/** A shard map that is to be made. */
export type NewMap = Pick<ShardMap, 'name' | 'kind' | 'keyType' | 'context'>;

/** Throws INVALID_REQUEST for what a map cannot be; asks nobody. */
export function requirePossibleMap({ name, kind, keyType, context }: NewMap): void {
  requireName('shard map', name);
  requireOneOf('kind', mapKinds, kind);
  requireOneOf('key type', keyTypes, keyType);
  requireContext(context);
}

/** Shard maps: made once, then shown. */
export class MapAdministration {
  readonly #store: CatalogReader;
  readonly #operations: Operations;

  constructor(store: CatalogReader, operations: Operations) {
    this.#store = store;
    this.#operations = operations;
  }

  /** Throws CONFLICT where there is a map of that name; INVALID_REQUEST for what a map cannot be. */
  async create(map: NewMap): Promise<ShardMap> {
    requirePossibleMap(map);
    return this.#operations.change(async (catalog) => {
      if (!(await catalog.addMap(map))) throw new TenantryError('CONFLICT', `There is a shard map ${map.name} already.`);
      return findMap(catalog, map.name);
    });
  }

  /** All maps, by name. */
  list(): Promise<ShardMap[]> {
    return this.#store.listMaps();
  }

  /** Throws NOT_FOUND. */
  async show(name: string): Promise<MapOverview> {
    const map = await findMap(this.#store, name);
    return { ...map, mappings: await this.#store.countMappings(map.mapId) };
  }
}

function requireOneOf(what: string, allowed: readonly string[], value: string): void {
  if (!allowed.includes(value))
    throw new TenantryError('INVALID_REQUEST', `The ${what} of a shard map is one of ${allowed.join(', ')}; it cannot be ${value}.`);
}
