import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import type { Mapping } from '../../../shardmap/mapping.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { point, settle, setUpLookup } from '../../support/lookup-bench.ts';

describe('a lookup in a list map', () => {
  it('asks the catalog once and then knows the route without a promise', async () => {
    const { catalog, lookup, find } = setUpLookup();
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
    const { catalog, find } = setUpLookup();
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
    const { catalog, lookup } = setUpLookup();
    catalog.answer = () => point(1);
    await lookup.find(1, new Deadline(new FakeClock(), 10));
    for (const id of ['1', 1.5, 0, -0, Number.NaN, [1], true]) {
      expect(lookup.peek(id as number)).toBeUndefined();
      await expect(lookup.find(id as number, new Deadline(new FakeClock(), 10))).rejects.toMatchObject({ code: 'INVALID_TENANT_ID' });
    }
    expect(catalog.asked).toHaveLength(1);
  });

  it('remembers for a short time that a key has no mapping, and no longer', async () => {
    const { clock, catalog, find } = setUpLookup({ limits: { negativeMs: 100 } });
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    clock.advance(99);
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(catalog.asked).toHaveLength(1);
    clock.advance(1);
    catalog.answer = () => point(5);
    await expect(find(5)).resolves.toMatchObject({ mappingId: 5 });
  });

  it('remembers only so many keys without a mapping', async () => {
    const { catalog, find } = setUpLookup({ limits: { negativeCapacity: 2 } });
    for (const id of [1, 2, 3, 3, 2, 1]) await expect(find(id)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(catalog.asked).toEqual(['80000001', '80000002', '80000003', '80000001']);
  });

  it.each(['ADDING', 'REMOVING'] as const)('knows no route of a mapping that is %s', async (state) => {
    const { catalog, find } = setUpLookup();
    catalog.answer = () => point(5, 'a', 1, { state });
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
  });

  it('keeps at most its capacity, dropping what was not used lately', async () => {
    const { catalog, lookup, find } = setUpLookup({ limits: { capacity: 100 } });
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
    const { catalog, lookup, find } = setUpLookup();
    catalog.answer = () => point(1);
    await find(1);
    lookup.learn(1, moved);
    lookup.learn(1, { mappingId: 1, shardId: 'a', epoch: 1 });
    lookup.invalidate({ keys: point(1), route: { mappingId: 1, shardId: 'a', epoch: 1 } });
    expect(lookup.peek(1)).toEqual(moved);
  });

  it('answers with the newer route even where the catalog was still giving the older one', async () => {
    const { catalog, lookup, find } = setUpLookup();
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
    const { catalog, lookup, find } = setUpLookup();
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
    const { catalog, lookup, find } = setUpLookup();
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
    const { catalog, lookup, find } = setUpLookup();
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
    const { catalog, lookup, find } = setUpLookup();
    catalog.answer = (key) => point(Buffer.from(key).readInt32BE() ^ 0x80000000);
    await find(1);
    await find(2);
    lookup.invalidate({ keys: point(1) });
    lookup.invalidate({ keys: point(2), route: { mappingId: 2, shardId: 'b', epoch: 9 } });
    lookup.invalidate({ keys: point(3), route: { mappingId: 3, shardId: 'b', epoch: 9 } });
    expect([lookup.peek(1), lookup.peek(2)?.shardId, lookup.peek(3)]).toEqual([undefined, 'b', undefined]);
  });

  it('finds a tenant that was added while the catalog was still saying that there is none', async () => {
    const { catalog, lookup, find } = setUpLookup();
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
    const { catalog, lookup, find } = setUpLookup();
    await expect(find(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    catalog.answer = (key) => point(Buffer.from(key).readInt32BE() ^ 0x80000000);
    await find(1);
    lookup.changesMissed();
    expect(lookup.peek(1)).toBeDefined();
    await expect(find(5)).resolves.toMatchObject({ mappingId: 5 });
  });
});
