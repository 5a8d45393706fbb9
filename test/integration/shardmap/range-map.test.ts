import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { catalogByHand } from '../../support/shard-map-by-hand.ts';

describeOnEachGround(
  'a range map',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'range');
    });
    afterAll(async () => {
      await world?.close();
    });

    const ranges = async (shard?: string): Promise<string[]> =>
      (await Array.fromAsync(world.manager.ranges.list({ shard }))).map(
        ({ low, high, shard: on, state }) => `${low ?? ''}..${high ?? ''} ${on} ${state}`,
      );

    describe('ranges of a range map', () => {
      it('are added with open ends, and overlap with nothing', async () => {
        const { ranges: administration } = world.manager;
        await administration.add({ high: 100 }, { shard: 'a' });
        await administration.add({ low: 200 }, { shard: 'b' });
        for (const bounds of [
          { low: 50, high: 60 },
          { low: 99, high: 150 },
          { low: 150, high: 201 },
          { low: 500, high: 600 },
          {},
          { high: 5 },
        ]) {
          await expect(administration.add(bounds, { shard: 'a' })).rejects.toMatchObject({ code: 'CONFLICT' });
        }
        await administration.add({ low: 100, high: 200 }, { shard: 'a' });
        expect(await ranges()).toEqual(['..100 a ONLINE', '100..200 a ONLINE', '200.. b ONLINE']);
        expectSettled(await readState(world));
      });

      it('are refused by the catalog itself where they overlap or a key comes twice', async () => {
        const shard = (await world.store.findShard('a'))!;
        const insert = (low: number[], high: number[] | null) =>
          world.catalog.query(catalogByHand.addRange(shard.mapId, shard.shardId, Uint8Array.from(low), high && Uint8Array.from(high)));
        await expect(insert([0x80, 0, 0, 120], [0x80, 0, 0, 130])).rejects.toMatchObject({ code: 'CONFLICT' });
        await expect(insert([], null)).rejects.toMatchObject({ code: 'CONFLICT' });
      });

      it('find the tenants in them', async () => {
        const { tenants } = world.manager;
        expect(await tenants.where(99)).toMatchObject({ high: '100', shard: 'a' });
        expect(await tenants.where(100)).toMatchObject({ low: '100', high: '200', shard: 'a' });
        expect(await tenants.where(2_147_483_647)).toMatchObject({ low: '200', shard: 'b' });
      });

      it('are split at a key and merged again, under new mapping ids and higher epochs', async () => {
        const { ranges: administration, tenants } = world.manager;
        const before = await tenants.where(150);
        await administration.split(150);
        const [left, right] = [await tenants.where(149), await tenants.where(150)];
        expect([left.low, left.high, right.low, right.high]).toEqual(['100', '150', '150', '200']);
        expect(new Set([before.mappingId, left.mappingId, right.mappingId]).size).toBe(3);
        expect([left.epoch, right.epoch]).toEqual([before.epoch + 1, before.epoch + 1]);
        expectSettled(await readState(world));
        await administration.merge(150);
        expect(await tenants.where(150)).toMatchObject({ low: '100', high: '200', epoch: before.epoch + 2, state: 'ONLINE' });
        expectSettled(await readState(world));
      });

      it('stay offline when they are split or merged offline', async () => {
        const { ranges: administration } = world.manager;
        await administration.offline({ low: 100, high: 200 });
        await administration.split(150);
        expect(await ranges('a')).toEqual(['..100 a ONLINE', '100..150 a OFFLINE', '150..200 a OFFLINE']);
        await administration.online({ low: 100, high: 150 });
        await expect(administration.merge(150)).rejects.toThrow('one is ONLINE and one OFFLINE');
        await administration.online({ low: 150, high: 200 });
        await administration.merge(150);
        expectSettled(await readState(world));
      });

      it.each([
        ['a split where a range begins', () => world.manager.ranges.split(100), 'The range [100, 200) begins at 100 already.'],
        ['a merge where no ranges meet', () => world.manager.ranges.merge(150), 'Map customers has no two ranges that meet at 150.'],
        [
          'a merge over two shards',
          () => world.manager.ranges.merge(200),
          'The ranges that meet at 200 are on two shards: move one first.',
        ],
        [
          'bounds that are no range',
          () => world.manager.ranges.offline({ low: 100, high: 150 }),
          'Map customers has no mapping of range [100, 150).',
        ],
        ['an empty range', () => world.manager.ranges.add({ low: 5, high: 5 }, { shard: 'a' }), '5 is not below 5'],
        [
          'tenant commands on a range map',
          () => world.manager.tenants.offline(5),
          'Map customers is a range map: use `range` commands, not `tenant`.',
        ],
      ])('are not changed by %s', async (_title, act, message) => {
        const before = await readState(world);
        await expect(act()).rejects.toThrow(message);
        expect(await readState(world)).toEqual(before);
      });

      it('are removed once offline', async () => {
        const { ranges: administration } = world.manager;
        await administration.offline({ low: 200 });
        await administration.remove({ low: 200 });
        await expect(world.manager.tenants.where(200)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
        expectSettled(await readState(world));
      });
    });
  },
  'also mixed',
);
