import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { longStatement } from '../../support/grounds/words.ts';
import { goInside } from '../../support/inside-mapping.ts';
import { enterAs, expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { localByHand } from '../../support/shard-map-by-hand.ts';

describeOnEachGround(
  'a tenant with transactions inside',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list', ['a']);
    });
    afterAll(async () => {
      await world?.close();
    });

    const blogs = async (tenant: number): Promise<number> => {
      const shard = world.access.open((await world.store.findShard('a'))!);
      return (await shard.query(localByHand.blogsOf(tenant))).rowCount;
    };

    describe('taking a tenant offline', () => {
      it('waits for its transactions, lets no new one in, and leaves other tenants alone', async () => {
        const { tenants } = world.manager;
        for (const tenant of [1, 2]) await tenants.add(tenant, { shard: 'a' });
        const [mine, neighbour] = [await goInside(world, 1), await goInside(world, 2)];
        let isOffline = false;
        const offline = tenants.offline(1).then(() => (isOffline = true));
        const message = 'take-offline must wait (onceDrained) for the transaction that is still inside';
        await expect.poll(() => enterAs(world, 1), { message }).toBe('DRAINING');
        for (let time = 0; time < 20; time++) {
          expect(await enterAs(world, 2)).toBe('admitted');
          expect(await enterAs(world, 1), message).toBe('DRAINING');
        }
        expect(isOffline, message).toBe(false);
        mine.leave();
        await offline;
        expect(await mine.done).toBe('committed');
        expect(await blogs(1)).toBe(1);
        expect(await enterAs(world, 1)).toBe('OFFLINE');
        neighbour.leave();
        expect(await neighbour.done).toBe('committed');
        expectSettled(await readState(world));
      });

      it('gives up where they do not end, and the tenant goes on', async () => {
        const { tenants } = world.manager;
        await tenants.add(3, { shard: 'a' });
        const before = await tenants.where(3);
        const mine = await goInside(world, 3);
        await expect(tenants.offline(3, { drainMs: 100 })).rejects.toThrow(
          /were not through after 100 ms. Try again later, or with --force/,
        );
        expect(await enterAs(world, 3)).toBe('admitted');
        mine.leave();
        expect(await mine.done).toBe('committed');
        expect(await tenants.where(3)).toEqual(before);
        expectSettled(await readState(world));
      });

      it('by force ends tenants, never a change that holds the mapping', async () => {
        const tenant = (await readState(world)).version * 10 + 13;
        await world.manager.tenants.add(tenant, { shard: 'a' });
        const { mappingId } = await world.manager.tenants.where(tenant);
        const shard = world.access.open((await world.store.findShard('a'))!);
        const seen = await shard.transaction(async (change) => {
          expect((await change.run('local-map/try-lock', { mappingId })).rows).toEqual([{ taken: true }]);
          return (await shard.run('local-map/interrupt-holders', { mappingId, disconnect: true })).rows;
        });
        expect(seen).toEqual([]);
      });

      it.each([
        ['a statement that runs', longStatement],
        ['a transaction that runs nothing', sqlText('select 1')],
      ])('by force cancels %s, and nothing of a neighbour', async (_title, running) => {
        const { tenants } = world.manager;
        const [tenant, other] = [(await readState(world)).version * 10 + 11, (await readState(world)).version * 10 + 12];
        for (const each of [tenant, other]) await tenants.add(each, { shard: 'a' });
        const [mine, neighbour] = [await goInside(world, tenant, running), await goInside(world, other)];
        const offline = tenants.offline(tenant, { force: true });
        await offline.finally(() => [mine, neighbour].forEach(({ leave }) => leave()));
        expect(await neighbour.done).toBe('committed');
        await expect.poll(mine.state, { message: 'offline --force must cancel (interruptHolders) what holds the mapping' }).toBe('ended');
        expect(await blogs(tenant)).toBe(0);
        expectSettled(await readState(world));
      });
    });
  },
  'each alone',
);
