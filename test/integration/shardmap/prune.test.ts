import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginOperation } from '../../../shardmap/begin-operation.ts';
import { tenantKey } from '../../../shardmap/key.ts';
import type { Operation } from '../../../shardmap/operation.ts';
import { OperationStep, Superseded } from '../../../shardmap/running-step.ts';
import { addMapping } from '../../../shardmap/operations/add-mapping.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { tokenOfTests } from '../../support/shard-map-access.ts';
import { readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { catalogByHand, localByHand } from '../../support/shard-map-by-hand.ts';

describeOnEachGround(
  'the log of a map',
  (grounds) => {
    describe('operations that ended long ago', () => {
      let world: ShardMapWorld;
      beforeAll(async () => {
        world = await startShardMapWorld(grounds, 'list');
      });
      afterAll(() => world.close());

      const age = (days: number): Promise<unknown> => world.catalog.query(catalogByHand.age(days));
      const logged = async (): Promise<string[]> =>
        (await world.catalog.query<{ id: string }>(catalogByHand.loggedIds())).rows.map(({ id }) => id);
      async function fences(): Promise<string[]> {
        const ids: string[] = [];
        for (const { address } of await world.store.listShards()) {
          const { rows } = await world.root(address).query<{ id: string }>(localByHand.fences());
          ids.push(...rows.map(({ id }) => id));
        }
        return ids;
      }
      /** As a runner does that was taken for dead and wakes up when all is over: nothing follows, and the row stays. */
      async function stamp(shard: string, operationIds: readonly string[]): Promise<void> {
        const database = world.access.open((await world.store.findShard(shard))!);
        for (const operationId of operationIds) await database.run('local-map/stamp-generation', { operationId, generation: 1 });
      }
      const idOf = async (change: Promise<{ operationId?: string }>): Promise<string> => (await change).operationId ?? '';
      /** An addition that is logged and that nobody runs yet. */
      async function begun(tenant: number): Promise<Operation> {
        const map = (await world.store.findMap('customers'))!;
        const { shardId } = (await world.store.findShard('a'))!;
        const keys = { kind: 'point' as const, low: tenantKey('int', tenant).bytes };
        const begin = { operationId: randomUUID(), leaseMs: 0 };
        return (await world.store.change((catalog) => beginOperation(catalog, addMapping, map, { keys, shardId }, begin))).operation;
      }

      it('are forgotten by a sweep, in the catalog and on the shards; those of late and those without an end stay', async () => {
        const early = [await idOf(world.manager.tenants.add(1, { shard: 'a' })), await idOf(world.manager.tenants.add(2, { shard: 'b' }))];
        await stamp('a', early.slice(0, 1));
        await stamp('b', early.slice(1));
        await age(31);
        const unknown = await begun(3);
        await world.catalog.query(catalogByHand.makeForeign(unknown.operationId));
        const late = await idOf(world.manager.tenants.add(4, { shard: 'a' }));
        await stamp('a', [late]);
        const before = await readState(world);
        const { pruned } = await world.manager.sweep();
        expect(pruned).toBeGreaterThanOrEqual(early.length); // those that added the shards too
        expect(new Set(await logged())).toEqual(new Set([unknown.operationId, late]));
        expect(await fences()).toEqual([late]);
        expect(await readState(world)).toEqual(before);
        expect((await world.manager.recover()).pruned).toBe(0);
        await world.catalog.query(catalogByHand.makeOwnAgain(unknown.operationId));
        expect((await world.manager.sweep()).settled).toMatchObject([{ operation: { operationId: unknown.operationId }, end: 'UNDONE' }]);
      });

      it('are as well where more newer ones are kept, unless they ended within the hour', async () => {
        const manager = world.createManager({ retention: { operations: 2, days: 1_000 } });
        for (const tenant of [11, 12, 13, 14]) await manager.tenants.add(tenant, { shard: 'b' });
        expect((await manager.sweep()).pruned).toBe(0);
        await age(1);
        const before = await logged();
        expect((await manager.sweep()).pruned).toBe(before.length - 2);
        expect((await logged()).length).toBe(2);
        expect(before).toEqual(expect.arrayContaining(await logged()));
      });

      it('stay where their shard is away, until it is back', async () => {
        const id = await idOf(world.manager.tenants.add(21, { shard: 'b' }));
        await stamp('b', [id]);
        await age(31);
        await world.takeShardsAway();
        await world.manager.sweep();
        expect(await logged()).toContain(id);
        await world.bringShardsBack();
        // The first sweep may still meet a connection that is dead.
        await expect
          .poll(async () => {
            await world.manager.sweep();
            return logged();
          })
          .not.toContain(id);
        expect(await fences()).not.toContain(id);
      });

      it.each(['after its first step', 'before it had stamped its generation'])(
        'have runners that are refused: one that stopped %s',
        async (where) => {
          const left = await begun(where.startsWith('after') ? 31 : 32);
          const map = await world.store.getMap(left.mapId);
          const { shardId } = (await world.store.findShard('a'))!;
          const dependencies = {
            store: world.store,
            access: world.access,
            clock: systemClock,
            publish: async () => undefined,
            tokenOf: tokenOfTests,
            leaseMs: 15_000,
          };
          const old = new OperationStep(dependencies, map, left, [shardId]);
          if (where.startsWith('after')) {
            await old.onShard(shardId, async () => undefined);
            expect(await fences()).toContain(left.operationId);
          }
          await world.catalog.query(catalogByHand.endLease(left.operationId));
          expect((await world.manager.sweep()).settled).toMatchObject([{ operation: { operationId: left.operationId } }]);
          await age(31);
          await world.manager.sweep();
          expect(await logged()).not.toContain(left.operationId);
          expect(await fences()).not.toContain(left.operationId);
          let ran = false;
          await expect(
            old.onShard(shardId, async () => {
              ran = true;
            }),
          ).rejects.toBeInstanceOf(Superseded);
          expect(ran).toBe(false);
        },
      );
    });
  },
  'each alone',
);
