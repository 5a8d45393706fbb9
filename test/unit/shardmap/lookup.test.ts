import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import { tenantKey, tenantKeyFromBytes } from '../../../shardmap/key.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { createLookup, type Lookup, type LookupDependencies } from '../../../shardmap/lookup.ts';
import type { Mapping } from '../../../shardmap/mapping.ts';
import type { Route, RoutedKeys } from '../../../shardmap/route.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const low = (id: number): Uint8Array => tenantKey('int', id).bytes;

function point(id: number, shardId = 'a', epoch = 1, more: Partial<Mapping> = {}): Mapping {
  return { mappingId: id, mapId: 1, kind: 'point', low: low(id), shardId, state: 'ONLINE', epoch, ...more };
}

function range(mappingId: number, from: number | undefined, to: number | undefined, shardId = 'a', epoch = 1): Mapping {
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
class SharedCache {
  readonly kept = new Map<string, RoutedKeys>();
  readonly removed: Route[] = [];
  get = async (key: Uint8Array): Promise<RoutedKeys | undefined> => this.kept.get(tenantKeyFromBytes('int', key).text);
  put = async (key: Uint8Array, found: RoutedKeys): Promise<void> => void this.kept.set(tenantKeyFromBytes('int', key).text, found);
  remove = async (_: unknown, route: Route): Promise<void> => void this.removed.push(route);
}

function setUp(more: Partial<LookupDependencies> = {}): {
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

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a lookup in a list map', () => {
  it('asks the catalog once and then knows the route without a promise', async () => {
    const { catalog, lookup, find } = setUp();
    catalog.answer = () => point(7, 'b', 3);
    expect(lookup.peek(7)).toBeUndefined();
    const route = { mappingId: 7, shardId: 'b', epoch: 3 };
    await expect(find(7)).resolves.toEqual(route);
    expect(lookup.peek(7)).toEqual(route);
    expect(lookup.peek(7n)).toEqual(route);
    await expect(find(7)).resolves.toEqual(route);
    expect(catalog.asked).toEqual(['80000007']);
  });

  it('looks a key up once for all who ask meanwhile', async () => {
    const { catalog, find } = setUp();
    const answer = Promise.withResolvers<Mapping>();
    catalog.answer = () => answer.promise;
    const all = [find(1), find(1), find(1), find(2)];
    await settle();
    expect(catalog.asked).toEqual(['80000001', '80000002']);
    answer.resolve(point(1));
    await expect(Promise.all(all.slice(0, 3))).resolves.toEqual(
      Array.from({ length: 3 }, () => ({ mappingId: 1, shardId: 'a', epoch: 1 })),
    );
    await all[3];
  });

  it('refuses a malformed id before anything is asked, and knows none in the hot path', async () => {
    const { catalog, lookup } = setUp();
    catalog.answer = () => point(1);
    await lookup.find(1, new Deadline(new FakeClock(), 10));
    for (const id of ['1', 1.5, 0, -0, Number.NaN, [1], true]) {
      expect(lookup.peek(id as number)).toBeUndefined();
      await expect(lookup.find(id as number, new Deadline(new FakeClock(), 10))).rejects.toMatchObject({ code: 'INVALID_TENANT_ID' });
    }
    expect(catalog.asked).toHaveLength(1);
  });

  it('remembers for a short time that a key has no mapping, and no longer', async () => {
    const { clock, catalog, find } = setUp({ limits: { negativeMs: 100 } });
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    clock.advance(99);
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(catalog.asked).toHaveLength(1);
    clock.advance(1);
    catalog.answer = () => point(5);
    await expect(find(5)).resolves.toMatchObject({ mappingId: 5 });
  });

  it('remembers only so many keys without a mapping', async () => {
    const { catalog, find } = setUp({ limits: { negativeCapacity: 2 } });
    for (const id of [1, 2, 3, 3, 2, 1]) await expect(find(id)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(catalog.asked).toEqual(['80000001', '80000002', '80000003', '80000001']);
  });

  it.each(['ADDING', 'REMOVING'] as const)('knows no route of a mapping that is %s', async (state) => {
    const { catalog, find } = setUp();
    catalog.answer = () => point(5, 'a', 1, { state });
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
  });

  it('keeps at most its capacity, dropping what was not used lately', async () => {
    const { catalog, lookup, find } = setUp({ limits: { capacity: 100 } });
    catalog.answer = (key) => point(Buffer.from(key).readInt32BE() ^ 0x80000000);
    for (let id = 1; id <= 100; id += 1) await find(id);
    await find(101);
    for (let id = 1; id <= 1000; id += 1) {
      await find(1000 + id);
      lookup.peek(50);
    }
    expect(lookup.size).toBe(100);
    expect(lookup.peek(50)).toEqual({ mappingId: 50, shardId: 'a', epoch: 1 });
    expect(lookup.peek(60)).toBeUndefined();
  });
});

describe('a lookup that learns from shards', () => {
  const moved = { mappingId: 1, shardId: 'b', epoch: 2 };

  it('takes the newer route and keeps it against older ones', async () => {
    const { catalog, lookup, find } = setUp();
    catalog.answer = () => point(1);
    await find(1);
    lookup.learn(1, moved);
    lookup.learn(1, { mappingId: 1, shardId: 'a', epoch: 1 });
    lookup.invalidate({ keys: point(1), route: { mappingId: 1, shardId: 'a', epoch: 1 } });
    expect(lookup.peek(1)).toEqual(moved);
  });

  it('answers with the newer route even where the catalog was still giving the older one', async () => {
    const { catalog, lookup, find } = setUp();
    const answer = Promise.withResolvers<Mapping>();
    catalog.answer = () => answer.promise;
    const found = find(1);
    await settle();
    lookup.learn(1, moved);
    answer.resolve(point(1));
    await expect(found).resolves.toEqual(moved);
    expect(lookup.peek(1)).toEqual(moved);
  });

  it('does not let a negative entry or a negative answer on its way outlive what was learnt', async () => {
    const { catalog, lookup, find } = setUp();
    await expect(find(1)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    lookup.learn(1, moved);
    await expect(find(1)).resolves.toEqual(moved);

    const answer = Promise.withResolvers<undefined>();
    catalog.answer = () => answer.promise;
    const found = find(2);
    await settle();
    lookup.learn(2, { mappingId: 2, shardId: 'b', epoch: 2 });
    answer.resolve(undefined);
    await expect(found).resolves.toMatchObject({ shardId: 'b' });
    await expect(find(2)).resolves.toMatchObject({ shardId: 'b' });
  });

  it('asks the catalog again after a route was refused, but keeps a newer one', async () => {
    const { catalog, lookup, find } = setUp();
    catalog.answer = () => point(1);
    const stale = await find(1);
    lookup.learn(1, moved);
    lookup.forget(1, stale);
    expect(lookup.peek(1)).toEqual(moved);
    lookup.forget(1, moved);
    expect(lookup.peek(1)).toBeUndefined();
    catalog.answer = () => point(1, 'c', 3);
    await expect(find(1)).resolves.toEqual({ mappingId: 1, shardId: 'c', epoch: 3 });
  });

  it('keeps no answer that set off before its route was refused', async () => {
    const { catalog, lookup, find } = setUp();
    const answer = Promise.withResolvers<Mapping>();
    catalog.answer = () => answer.promise;
    const found = find(1);
    await settle();
    lookup.forget(1, { mappingId: 1, shardId: 'a', epoch: 1 });
    answer.resolve(point(1));
    await found;
    expect(lookup.peek(1)).toBeUndefined();
  });
});

describe('a lookup told of changes', () => {
  it('drops what a change removed and follows what it moved, but learns nothing that it did not hold', async () => {
    const { catalog, lookup, find } = setUp();
    catalog.answer = (key) => point(Buffer.from(key).readInt32BE() ^ 0x80000000);
    await find(1);
    await find(2);
    lookup.invalidate({ keys: point(1) });
    lookup.invalidate({ keys: point(2), route: { mappingId: 2, shardId: 'b', epoch: 9 } });
    lookup.invalidate({ keys: point(3), route: { mappingId: 3, shardId: 'b', epoch: 9 } });
    expect([lookup.peek(1), lookup.peek(2)?.shardId, lookup.peek(3)]).toEqual([undefined, 'b', undefined]);
  });

  it('finds a tenant that was added while the catalog was still saying that there is none', async () => {
    const { catalog, lookup, find } = setUp();
    const answer = Promise.withResolvers<undefined>();
    catalog.answer = () => answer.promise;
    const found = find(1);
    await settle();
    catalog.answer = () => point(1);
    lookup.invalidate({ keys: point(1), route: { mappingId: 1, shardId: 'a', epoch: 1 } });
    answer.resolve(undefined);
    await expect(found).resolves.toMatchObject({ mappingId: 1 });
  });

  it('keeps its routes, and nothing that no shard judges, when changes may have been missed', async () => {
    const { catalog, lookup, find } = setUp();
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    catalog.answer = (key) => point(Buffer.from(key).readInt32BE() ^ 0x80000000);
    await find(1);
    lookup.changesMissed();
    expect(lookup.peek(1)).toBeDefined();
    await expect(find(5)).resolves.toMatchObject({ mappingId: 5 });
  });
});

describe('a lookup with a shared cache', () => {
  it('asks it before the catalog and gives it what the catalog said', async () => {
    const cache = new SharedCache();
    const { catalog, find } = setUp({ cache });
    catalog.answer = () => point(1);
    cache.kept.set('2', { keys: point(2), route: { mappingId: 2, shardId: 'b', epoch: 4 } });
    await expect(find(2)).resolves.toEqual({ mappingId: 2, shardId: 'b', epoch: 4 });
    expect(catalog.asked).toEqual([]);
    await find(1);
    expect(cache.kept.get('1')?.route).toEqual({ mappingId: 1, shardId: 'a', epoch: 1 });
  });

  it('does not take from it a route that a shard refused, but a newer one', async () => {
    const cache = new SharedCache();
    const { catalog, lookup, find } = setUp({ cache });
    cache.kept.set('1', { keys: point(1), route: { mappingId: 1, shardId: 'a', epoch: 4 } });
    const refused = await find(1);
    lookup.forget(1, refused);
    expect(cache.removed).toEqual([refused]);
    catalog.answer = () => point(1, 'b', 5);
    await expect(find(1)).resolves.toMatchObject({ shardId: 'b' });
    expect(catalog.asked).toHaveLength(1);

    lookup.forget(1, { mappingId: 1, shardId: 'b', epoch: 5 });
    cache.kept.set('1', { keys: point(1), route: { mappingId: 1, shardId: 'c', epoch: 6 } });
    await expect(find(1)).resolves.toMatchObject({ shardId: 'c' });
    expect(catalog.asked).toHaveLength(1);
  });

  it.each([
    ['a low end that is too short', Uint8Array.of(0x80), undefined],
    ['a high end that is too long', new Uint8Array(0), Uint8Array.of(0x80, 0, 0, 3, 0)],
    ['an empty high end', low(2), new Uint8Array(0)],
  ])('asks the catalog where the cache has %s, of which no key of the type has the length', async (_, from, to) => {
    const cache = new SharedCache();
    const { catalog, find } = setUp({ cache, map: { kind: 'range', keyType: 'int' } });
    const keys = { kind: 'range', low: from, ...(to === undefined ? {} : { high: to }) } as const;
    cache.kept.set('2', { keys, route: { mappingId: 9, shardId: 'c', epoch: 9 } });
    catalog.answer = () => range(1, 1, 5);
    await expect(find(2)).resolves.toMatchObject({ mappingId: 1, shardId: 'a', epoch: 1 });
  });
});

describe('a lookup while the catalog is away', () => {
  const away = Promise.reject(Object.assign(new Error('refused'), { code: 'CATALOG_UNAVAILABLE' }));
  away.catch(() => undefined);

  it('goes on with what it knows', async () => {
    const { catalog, find } = setUp();
    catalog.answer = () => point(1);
    await find(1);
    catalog.answer = () => away;
    await expect(find(1)).resolves.toMatchObject({ mappingId: 1 });
    await expect(find(2)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    catalog.answer = () => point(2);
    await expect(find(2)).resolves.toMatchObject({ mappingId: 2 });
  });

  it('says CATALOG_UNAVAILABLE by the deadline where it does not answer, and asks anew afterwards', async () => {
    const { clock, catalog, lookup, find } = setUp({ limits: { catalogTimeoutMs: 5000 } });
    catalog.answer = () => new Promise(() => undefined);
    const found = lookup.find(1, new Deadline(clock, 200));
    await settle();
    clock.advance(200);
    await expect(found).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE', retryable: true, retryAfterMs: 1000 });
    clock.advance(4800);
    await settle();
    catalog.answer = () => point(1);
    await expect(find(1)).resolves.toMatchObject({ mappingId: 1 });
    expect(clock.pending).toBe(0);
  });

  it('is told after its own time where it does not answer, however much the caller has', async () => {
    const { clock, catalog, lookup } = setUp({ limits: { catalogTimeoutMs: 5_000 }, holdUp: () => undefined });
    catalog.answer = () => new Promise(() => undefined);
    const found = expect(lookup.find(1, new Deadline(clock, 60_000))).rejects.toMatchObject({
      code: 'CATALOG_UNAVAILABLE',
      detail: 'The catalog did not answer in time.',
      retryAfterMs: 1_000,
    });
    await settle();
    clock.advance(5_000);
    await found;
  });

  it('waits to the deadline of each caller where it says that it wakes up, and tells him why', async () => {
    const why = new TenantryError('SHARD_UNAVAILABLE', 'It wakes up.', { retryAfterMs: 10_000 });
    const { clock, catalog, lookup } = setUp({ limits: { catalogTimeoutMs: 5_000 }, holdUp: () => why });
    const answer = Promise.withResolvers<Mapping>();
    catalog.answer = () => answer.promise;
    const early = expect(lookup.find(1, new Deadline(clock, 12_000))).rejects.toMatchObject({
      code: 'CATALOG_UNAVAILABLE',
      detail: 'It wakes up.',
      retryAfterMs: 10_000,
    });
    const late = lookup.find(1, new Deadline(clock, 90_000));
    for (let ms = 0; ms < 60_000; ms += 1_000) {
      await settle();
      clock.advance(1_000);
    }
    await early;
    answer.resolve(point(1));
    await expect(late).resolves.toMatchObject({ mappingId: 1 });
    expect([catalog.asked.length, clock.pending]).toEqual([1, 0]);
  });

  it('fails at once where its answer does, although it wakes up', async () => {
    const why = new TenantryError('SHARD_UNAVAILABLE', 'It wakes up.', { retryAfterMs: 10_000 });
    const { catalog, find } = setUp({ holdUp: () => why });
    catalog.answer = () => Promise.reject(new TenantryError('TIMEOUT', 'its own'));
    await expect(find(1)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE', cause: { detail: 'its own' } });
  });

  it('bounds how many keys wait for it', async () => {
    const { clock, catalog, lookup } = setUp({ limits: { concurrency: 2 } });
    catalog.answer = () => new Promise(() => undefined);
    const waiting = [1, 2].map((id) => lookup.find(id, new Deadline(clock, 200)));
    await expect(lookup.find(3, new Deadline(clock, 200))).rejects.toMatchObject({ code: 'OVERLOADED' });
    const joined = lookup.find(2, new Deadline(clock, 200));
    clock.advance(200);
    for (const one of [...waiting, joined]) await expect(one).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
  });

  it('lets a caller give up without ending the lookup for others', async () => {
    const { clock, catalog, lookup } = setUp();
    const answer = Promise.withResolvers<Mapping>();
    catalog.answer = () => answer.promise;
    const caller = new AbortController();
    const given = lookup.find(1, new Deadline(clock, 1000, caller.signal));
    const other = lookup.find(1, new Deadline(clock, 1000));
    caller.abort();
    await expect(given).rejects.toMatchObject({ code: 'CANCELLED' });
    answer.resolve(point(1));
    await expect(other).resolves.toMatchObject({ mappingId: 1 });
  });
});

describe('a lookup in a range map', () => {
  const ranged = (): ReturnType<typeof setUp> => {
    const all = setUp({ map: { kind: 'range', keyType: 'int' } });
    all.catalog.answer = (key) => {
      const id = Buffer.from(key).readInt32BE() ^ 0x80000000;
      return id < 100
        ? range(1, undefined, 100)
        : id < 200
          ? range(2, 100, 200, 'b')
          : id < 1000
            ? undefined
            : range(3, 1000, undefined, 'c');
    };
    return all;
  };

  it('knows every key of a range that it has seen one key of', async () => {
    const { catalog, lookup, find } = ranged();
    for (const [id, shardId] of [
      [-5, 'a'],
      [99, 'a'],
      [100, 'b'],
      [199, 'b'],
      [1000, 'c'],
      [2 ** 31 - 1, 'c'],
      [-(2 ** 31), 'a'],
    ] as const) {
      await expect(find(id)).resolves.toMatchObject({ shardId });
      expect(lookup.peek(id)).toMatchObject({ shardId });
    }
    expect(catalog.asked).toHaveLength(3);
    await expect(find(500)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(lookup.size).toBe(3);
  });

  it('forgets the hot keys of a range together with it', async () => {
    const { catalog, lookup, find } = ranged();
    await find(50);
    await find(60);
    lookup.forget(50, { mappingId: 1, shardId: 'a', epoch: 1 });
    expect(lookup.peek(60)).toBeUndefined();
    catalog.answer = () => range(1, undefined, 100, 'z', 2);
    await expect(find(60)).resolves.toMatchObject({ shardId: 'z' });
  });

  it('moves a whole range by what a shard says of one key', async () => {
    const { catalog, lookup, find } = ranged();
    await find(50);
    await find(60);
    lookup.learn(50, { mappingId: 1, shardId: 'z', epoch: 2 });
    await expect(find(60)).resolves.toEqual(expect.objectContaining({ shardId: 'z', epoch: 2 }));
    expect(catalog.asked).toHaveLength(1);
  });

  it('takes the parts of a range that was split, and not the whole again', async () => {
    const { catalog, lookup, find } = ranged();
    await find(150);
    catalog.answer = () => range(4, 100, 160, 'b', 2);
    lookup.invalidate({ keys: range(4, 100, 160), route: { mappingId: 4, shardId: 'b', epoch: 2 } });
    await expect(find(150)).resolves.toMatchObject({ mappingId: 4 });
    catalog.answer = () => range(2, 100, 200, 'b', 1);
    await find(170);
    await expect(find(150)).resolves.toMatchObject({ mappingId: 4 });
  });

  it('asks again for a key without a mapping once a shard said that it has one', async () => {
    const { catalog, lookup, find } = ranged();
    await expect(find(500)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    catalog.answer = () => range(9, 500, 600, 'b', 2);
    lookup.learn(500, { mappingId: 9, shardId: 'b', epoch: 2 });
    await expect(find(500)).resolves.toEqual(expect.objectContaining({ mappingId: 9, shardId: 'b' }));
  });
});
