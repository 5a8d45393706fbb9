import { afterAll, beforeAll, expect, it } from 'vitest';
import { frozenAccess } from '../../support/frozen-access.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { TestShardAccess } from '../../support/shard-map-access.ts';
import { catalogByHand, localByHand } from '../../support/shard-map-by-hand.ts';
import { expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';

const tenant = 7;
/** Long enough for a statement that waits for nobody, and shorter than any server leaves a transaction idle. */
const lockTimeoutMs = 1_000;

describeOnEachGround(
  'a runner that stands still within a transaction on a shard',
  (grounds) => {
    let world: ShardMapWorld;
    const impatient = new TestShardAccess({ lockTimeoutMs });
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list');
      await world.manager.tenants.add(tenant, { shard: 'a' });
    });
    afterAll(async () => {
      await impatient.close();
      await world?.close();
    });

    it('holds its successor up for as long as the limit says, and no longer; once it is gone the same call does it', async () => {
      const { access, frozen, thaw } = frozenAccess(world.access);
      const changing = world
        .createManager({ access })
        .tenants.offline(tenant)
        .catch((error: unknown) => error);
      const successor = world.createManager({ access: impatient });
      try {
        await frozen;
        await world.catalog.query(catalogByHand.endLeases());
        const { failed, settled } = await successor.sweep();
        expect(settled).toEqual([]);
        expect(failed).toMatchObject([
          {
            operation: { kind: 'take-offline' },
            error: {
              code: 'TIMEOUT',
              retryable: true,
              detail: expect.stringMatching(/is left ABORTED: .* Shard a: Another transaction holds what this needs/) as unknown,
            },
          },
        ]);
      } finally {
        thaw();
      }
      expect(await changing).toMatchObject({ code: 'OPERATION_IN_PROGRESS' });
      expect(await successor.sweep()).toMatchObject({ failed: [], settled: [{ end: 'UNDONE' }] });
      expectSettled(await readState(world));
      expect(await world.manager.tenants.where(tenant)).toMatchObject({ state: 'ONLINE' });
    });

    it('keeps its shard from being compared, and no other', async () => {
      const shard = world.access.open((await world.store.findShard('a'))!);
      const report = await shard.transaction(async (session) => {
        await session.query(localByHand.lockAll());
        return world.createManager({ access: impatient }).recover();
      });
      expect(report).toMatchObject({ compared: ['a', 'b'], disagreements: [{ shard: 'a', what: 'unreachable', onShard: 'no answer' }] });
    });
  },
  'also mixed',
);
