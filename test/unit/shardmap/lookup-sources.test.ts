import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import type { Mapping } from '../../../shardmap/mapping.ts';
import { low, point, range, settle, setUpLookup, SharedCache } from '../../support/lookup-bench.ts';

describe('a lookup with a shared cache', () => {
  it('asks it before the catalog and gives it what the catalog said', async () => {
    const cache = new SharedCache();
    const { catalog, find } = setUpLookup({ cache });
    catalog.answer = () => point(1);
    cache.kept.set('2', { keys: point(2), route: { mappingId: 2, shardId: 'b', epoch: 4 } });
    await expect(find(2)).resolves.toEqual({ mappingId: 2, shardId: 'b', epoch: 4 });
    expect(catalog.asked).toEqual([]);
    await find(1);
    expect(cache.kept.get('1')?.route).toEqual({ mappingId: 1, shardId: 'a', epoch: 1 });
  });

  it('does not take from it a route that a shard refused, but a newer one', async () => {
    const cache = new SharedCache();
    const { catalog, lookup, find } = setUpLookup({ cache });
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
    const { catalog, find } = setUpLookup({ cache, map: { kind: 'range', keyType: 'int' } });
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
    const { catalog, find } = setUpLookup();
    catalog.answer = () => point(1);
    await find(1);
    catalog.answer = () => away;
    await expect(find(1)).resolves.toMatchObject({ mappingId: 1 });
    await expect(find(2)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    catalog.answer = () => point(2);
    await expect(find(2)).resolves.toMatchObject({ mappingId: 2 });
  });

  it('says CATALOG_UNAVAILABLE by the deadline where it does not answer, and asks anew afterwards', async () => {
    const { clock, catalog, lookup, find } = setUpLookup({ limits: { catalogTimeoutMs: 5000 } });
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
    const { clock, catalog, lookup } = setUpLookup({ limits: { catalogTimeoutMs: 5_000 }, holdUp: () => undefined });
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
    const { clock, catalog, lookup } = setUpLookup({ limits: { catalogTimeoutMs: 5_000 }, holdUp: () => why });
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
    const { catalog, find } = setUpLookup({ holdUp: () => why });
    catalog.answer = () => Promise.reject(new TenantryError('TIMEOUT', 'its own'));
    await expect(find(1)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE', cause: { detail: 'its own' } });
  });

  it('bounds how many keys wait for it', async () => {
    const { clock, catalog, lookup } = setUpLookup({ limits: { concurrency: 2 } });
    catalog.answer = () => new Promise(() => undefined);
    const waiting = [1, 2].map((id) => lookup.find(id, new Deadline(clock, 200)));
    await expect(lookup.find(3, new Deadline(clock, 200))).rejects.toMatchObject({ code: 'OVERLOADED' });
    const joined = lookup.find(2, new Deadline(clock, 200));
    clock.advance(200);
    for (const one of [...waiting, joined]) await expect(one).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
  });

  it('lets a caller give up without ending the lookup for others', async () => {
    const { clock, catalog, lookup } = setUpLookup();
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
