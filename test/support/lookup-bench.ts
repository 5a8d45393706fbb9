import { Deadline } from '../../src/core/deadline.ts';
import { tenantKey, tenantKeyFromBytes } from '../../shardmap/key.ts';
import { createLookup, type Lookup, type LookupDependencies } from '../../shardmap/lookup.ts';
import type { Mapping } from '../../shardmap/mapping.ts';
import type { Route, RoutedKeys } from '../../shardmap/route.ts';
import { FakeClock } from './fake-clock.ts';

/** The key of a tenant as a mapping begins with it. */
export function low(id: number): Uint8Array {
  return tenantKey('int', id).bytes;
}

/** The mapping of one tenant. */
export function point(id: number, shardId = 'a', epoch = 1, more: Partial<Mapping> = {}): Mapping {
  return { mappingId: id, mapId: 1, kind: 'point', low: low(id), shardId, state: 'ONLINE', epoch, ...more };
}

/** The mapping of the tenants from one to before the other; undefined: without end. */
export function range(mappingId: number, from: number | undefined, to: number | undefined, shardId = 'a', epoch = 1): Mapping {
  const ends = { low: from === undefined ? new Uint8Array(0) : low(from), ...(to === undefined ? {} : { high: low(to) }) };
  return { mappingId, mapId: 1, kind: 'range', ...ends, shardId, state: 'ONLINE', epoch };
}

/** A catalog whose answers the test gives, and counts. */
class Catalog {
  readonly asked: string[] = [];
  answer: (key: Uint8Array) => Promise<Mapping | undefined> | Mapping | undefined = () => undefined;
  readonly findMapping = async (key: Uint8Array): Promise<Mapping | undefined> => {
    this.asked.push(Buffer.from(key).toString('hex'));
    return this.answer(key);
  };
}

/** A shared cache within the process. */
export class SharedCache {
  readonly kept = new Map<string, RoutedKeys>();
  readonly removed: Route[] = [];
  get = async (key: Uint8Array): Promise<RoutedKeys | undefined> => this.kept.get(tenantKeyFromBytes('int', key).text);
  put = async (key: Uint8Array, found: RoutedKeys): Promise<void> => void this.kept.set(tenantKeyFromBytes('int', key).text, found);
  remove = async (_: unknown, route: Route): Promise<void> => void this.removed.push(route);
}

/** A lookup over such a catalog, by a clock that the test moves. */
export function setUpLookup(more: Partial<LookupDependencies> = {}): {
  clock: FakeClock;
  catalog: Catalog;
  lookup: Lookup;
  find: (id: number) => Promise<Route>;
} {
  const clock = new FakeClock();
  const catalog = new Catalog();
  const lookup = createLookup({ map: { kind: 'list', keyType: 'int' }, findMapping: catalog.findMapping, clock, ...more });
  return { clock, catalog, lookup, find: (id) => lookup.find(id, new Deadline(clock, 1000)) };
}

/** Lets everything that is ready to go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
