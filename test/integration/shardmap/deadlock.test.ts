import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { ShardAccess } from '../../../shardmap/shard-access.ts';
import { loginsOf } from '../../support/grounds/logins.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { findsNoDeadlocks, waitingStatements } from '../../support/grounds/words.ts';
import { engineFor } from '../../support/shard-map-access.ts';
import { localByHand } from '../../support/shard-map-by-hand.ts';
import { expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';

describeOnEachGround(
  'a change that meets others on a shard',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list', ['a']);
    });
    afterAll(async () => {
      await world?.close();
    });

    it('is made where one of its steps was given up to end a deadlock: the step is done again, at the cost of nobody else', async () => {
      const shard = (await world.store.findShard('a'))!;
      const [admin, root] = [world.access.open(shard), world.root(shard.address)];
      const { mover } = loginsOf(shard.address);
      await root.query(findsNoDeadlocks(mover.user));
      const others = engineFor(shard.address).open(shard.address, mover);
      onTestFinished(() => others.close());
      await world.manager.tenants.add(3, { shard: 'a' });
      await admin.query(localByHand.addBlogs(2));
      await admin.query(localByHand.addPosts(2));
      await world.manager.tenants.offline(3);

      const [hasBlogs, hasPosts] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const other = others.transaction(async (session) => {
        await session.query(localByHand.changeBlogs(3));
        hasBlogs.resolve();
        await hasPosts.promise;
        await session.query(localByHand.changePosts(3));
      });
      let batches = 0;
      /** The first batch has the posts, and waits for the blogs once the other one waits for the posts. */
      const purge: ShardAccess['purge'] = async (session, ...batch) => {
        batches += 1;
        if (batches === 1) {
          await session.query(localByHand.changePosts(3));
          hasPosts.resolve();
          await expect.poll(async () => (await root.query(waitingStatements)).rowCount).toBe(1);
        }
        return world.access.purge(session, ...batch);
      };
      const { access } = world;
      const manager = world.createManager({
        access: {
          open: (of) => access.open(of),
          identify: (of) => access.identify(of),
          install: (...of) => access.install(...of),
          isAccepted: (of) => access.isAccepted(of),
          purge,
        },
      });
      await hasBlogs.promise;
      await manager.tenants.remove(3, { purge: true });
      await other;
      expect(batches, 'given up, done again, and a look that finds nothing left').toBe(3);
      expect((await admin.query(localByHand.blogsOf(3))).rowCount).toBe(0);
      expect((await admin.query(localByHand.blogsOf(4))).rowCount).toBe(2);
      expectSettled(await readState(world));
    });
  },
  'each alone',
);
