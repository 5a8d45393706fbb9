import { afterAll, beforeAll, expect, it } from 'vitest';
import { goInside } from '../../support/inside-mapping.ts';
import { enterAs, expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';

describeOnEachGround(
  'a range with transactions inside',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'range', ['a']);
      await world.manager.ranges.add({ low: 1, high: 10 }, { shard: 'a' });
      await world.manager.ranges.add({ low: 10, high: 20 }, { shard: 'a' });
    });
    afterAll(async () => {
      await world?.close();
    });

    it.each([
      ['split', 5, 6],
      ['merge', 10, 7],
    ] as const)('a %s is given up, and changes nothing, while a transaction inside does not end', async (change, at, tenant) => {
      const before = await readState(world);
      const mine = await goInside(world, tenant);
      const impatient = world.createManager({ drainMs: 100 });
      await expect(impatient.ranges[change](at)).rejects.toMatchObject({ code: 'TIMEOUT' });
      expect(await readState(world)).toEqual(before);
      expect(await enterAs(world, tenant)).toBe('admitted');
      mine.leave();
      expect(await mine.done).toBe('committed');
    });

    it('a split waits for the transaction inside, and lets nobody else in meanwhile', async () => {
      const mine = await goInside(world, 9);
      let isDone = false;
      const split = world.manager.ranges.split(5).then(() => (isDone = true));
      const message = 'a split must wait (onceDrained) for the transaction that is still inside';
      await expect.poll(() => enterAs(world, 8), { message }).toBe('DRAINING');
      for (let time = 0; time < 20; time++) expect(await enterAs(world, 8), message).toBe('DRAINING');
      expect(isDone, message).toBe(false);
      mine.leave();
      await split;
      expect(await mine.done).toBe('committed');
      for (const tenant of [3, 8]) expect(await enterAs(world, tenant)).toBe('admitted');
      expectSettled(await readState(world));
    });
  },
  'each alone',
);
