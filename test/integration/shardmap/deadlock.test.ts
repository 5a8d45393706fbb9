import { afterAll, beforeAll, expect, it } from 'vitest';
import { survivesDeadlocks, waitingStatements } from '../../support/grounds/words.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
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

    it('is made where one of its steps was given up to end a deadlock: the step is done again', async () => {
      const { tenants } = world.manager;
      const shard = (await world.store.findShard('a'))!;
      const admin = world.access.open(shard);
      const waiting = async (): Promise<number> => (await world.root(shard.address).query(waitingStatements)).rowCount;
      await tenants.add(3, { shard: 'a' });
      await admin.query(localByHand.addBlogs(2));
      await admin.query(localByHand.addPosts(2));
      await tenants.offline(3);
      let removed: Promise<unknown> | undefined;
      await admin.transaction(async (other) => {
        await other.query(survivesDeadlocks);
        await other.query(localByHand.changeBlogs(3));
        // Posts are deleted before blogs: it has those, and waits for these.
        removed = tenants.remove(3, { purge: true });
        await expect.poll(waiting).toBe(1);
        await other.query(localByHand.changePosts(3));
      });
      await removed;
      expect((await admin.query(localByHand.blogsOf(3))).rowCount).toBe(0);
      expect((await admin.query(localByHand.blogsOf(4))).rowCount).toBe(2);
      expectSettled(await readState(world));
    });
  },
  'each alone',
);
