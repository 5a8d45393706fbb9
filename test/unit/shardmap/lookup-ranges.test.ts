import { describe, expect, it } from 'vitest';
import { range, setUpLookup } from '../../support/lookup-bench.ts';

describe('a lookup in a range map', () => {
  const ranged = (): ReturnType<typeof setUpLookup> => {
    const all = setUpLookup({ map: { kind: 'range', keyType: 'int' } });
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
