import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { schemaVersions } from '../../../src/core/schema-version.ts';
import type { Row, SqlDatabase } from '../../../src/core/session.ts';
import type { Sql } from '../../../src/core/sql.ts';
import { beginOperation } from '../../../shardmap/begin-operation.ts';
import { tenantKey } from '../../../shardmap/key.ts';
import { addMapping } from '../../../shardmap/operations/add-mapping.ts';
import type { ShardMapStore } from '../../../shardmap/store.ts';
import { readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { catalogByHand, localByHand, type LocalRow } from '../../support/shard-map-by-hand.ts';

type PageOfMappings = ReturnType<ShardMapStore['listMappingsOfShard']>;

describeOnEachGround(
  'recovering a map',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list');
      for (const tenant of [1, 2, 3]) await world.manager.tenants.add(tenant, { shard: 'a' });
    });
    afterAll(async () => {
      await world?.close();
    });

    const shardA = async (): Promise<SqlDatabase> => world.access.open((await world.store.findShard('a'))!);
    const key = (tenant: number): Uint8Array => tenantKey('int', tenant).bytes;

    /** Changes shard a's local map by hand. */
    async function byHand(statement: Sql): Promise<void> {
      await (await shardA()).query(statement);
    }

    /** The store whose pages of a shard's mappings are read by way of `reading`; single mappings are not to be read at all. */
    function readingPages(reading: (read: () => PageOfMappings) => PageOfMappings): ShardMapStore {
      return new Proxy<ShardMapStore>(world.store, {
        get: (target, name) => {
          if (name === 'getMapping') return () => Promise.reject(new Error('Mappings are compared by pages.'));
          const value: unknown = Reflect.get(target, name, target);
          if (name === 'listMappingsOfShard') {
            return (...page: Parameters<ShardMapStore['listMappingsOfShard']>) => reading(() => target.listMappingsOfShard(...page));
          }
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    }

    async function mappingId(tenant: number): Promise<number> {
      return (await world.manager.tenants.where(tenant)).mappingId;
    }

    describe('recover', () => {
      beforeEach(async () => {
        expect(await world.manager.recover(), 'before the test').toEqual({
          catalog: 'known',
          compared: ['a', 'b'],
          settled: [],
          running: [],
          failed: [],
          pruned: 0,
          disagreements: [],
          reopened: [],
        });
      });

      it('shows each way in which a local map was changed by hand, and repairs nothing', async () => {
        const before = await readState(world);
        const kept = (await (await shardA()).query<LocalRow & Row>(localByHand.rows())).rows;
        const [one, two, three] = [await mappingId(1), await mappingId(2), await mappingId(3)];
        await byHand(localByHand.setOffline(one, 7));
        await byHand(localByHand.setToken(two, new Uint8Array(16)));
        await byHand(localByHand.delete(three));
        await byHand(localByHand.add({ mappingId: 700, low: key(99), state: 'ONLINE', epoch: 2, token: new Uint8Array(16) }));
        const { disagreements } = await world.manager.recover();
        expect(disagreements).toEqual([
          { shard: 'a', what: 'state', mappingId: one, inCatalog: 'ONLINE', onShard: 'OFFLINE' },
          { shard: 'a', what: 'epoch', mappingId: one, inCatalog: '1', onShard: '8' },
          { shard: 'a', what: 'token', mappingId: two, inCatalog: 'the token that the fleet key gives', onShard: 'another one' },
          { shard: 'a', what: 'missing', mappingId: three, inCatalog: 'ONLINE at epoch 3, tenant 3', onShard: 'absent' },
          { shard: 'a', what: 'extra', mappingId: 700, inCatalog: 'absent', onShard: 'ONLINE at epoch 2, tenant 99' },
        ]);
        expect(await world.manager.recover()).toMatchObject({ disagreements });
        await expect(world.manager.tenants.offline(3)).rejects.toThrow(
          `disagree on mapping ${three}: it is absent where DRAINING at epoch 3 was expected`,
        );
        await byHand(localByHand.deleteAll());
        for (const row of kept) await byHand(localByHand.add(row));
        expect((await world.manager.sweep()).failed).toEqual([]);
        expect(await readState(world)).toEqual(before);
      });

      it('as a dry run says what it would finish, undo and open again, and does none of it', async () => {
        const { mapId, ...map } = (await world.store.findMap('customers'))!;
        const { shardId } = (await world.store.findShard('a'))!;
        const keys = { kind: 'point' as const, low: tenantKey('int', 77).bytes };
        const begin = { operationId: crypto.randomUUID(), leaseMs: 0 };
        await world.store.change((catalog) => beginOperation(catalog, addMapping, { mapId, ...map }, { keys, shardId }, begin));
        await world.catalog.query(catalogByHand.setIncarnation('b', 'before the restore'));
        const before = await readState(world);
        expect(await world.manager.dryRun.recover()).toMatchObject({
          left: [{ operation: { operationId: begin.operationId, kind: 'add-mapping' }, end: 'UNDONE' }],
          running: [],
          disagreements: [],
          reopenable: ['b'],
        });
        expect(await readState(world)).toEqual(before);
        await world.catalog.query(catalogByHand.lease(begin.operationId));
        expect(await world.manager.dryRun.recover()).toMatchObject({ left: [], running: [{ operationId: begin.operationId }] });
        await world.catalog.query(catalogByHand.endLease(begin.operationId));
        expect(await world.manager.recover()).toMatchObject({ settled: [{ end: 'UNDONE' }], reopened: ['b'] });
        expect(await world.manager.dryRun.recover()).toEqual({
          catalog: 'known',
          left: [],
          running: [],
          disagreements: [],
          reopenable: [],
        });
      });

      it('leaves an operation alone whose kind another version of the program has begun', async () => {
        const operationId = crypto.randomUUID();
        const { mapId } = (await world.store.findMap('customers'))!;
        await world.catalog.query(catalogByHand.addOperation(operationId, mapId, 'another', 'COPYING'));
        const before = await readState(world);
        const { settled, running, failed } = await world.manager.sweep();
        expect({ settled, running }).toEqual({ settled: [], running: [] });
        expect(failed).toMatchObject([{ operation: { operationId }, error: { code: 'INTERNAL' } }]);
        expect(failed[0]!.error.message).toContain('is of kind another, which this version does not know');
        expect(await readState(world)).toEqual(before);
        const { rows } = await world.catalog.query(catalogByHand.generationOf(operationId));
        expect(rows).toEqual([{ generation: 1 }]);
        await world.catalog.query(catalogByHand.deleteOperation(operationId));
      });

      it('compares big maps page by page, and reads no further than whoever asks', async () => {
        await byHand(localByHand.addMany(2_500));
        try {
          let reads = 0;
          const store = readingPages((read) => {
            reads += 1;
            return read();
          });
          const manager = world.createManager({ store });
          const shard = (await world.store.findShard('a'))!;
          for await (const { what, mappingId: first } of manager.disagreements(shard)) {
            expect([what, first]).toEqual(['extra', 100_001]);
            break;
          }
          // Of the catalog a page each: once, and twice more to be sure of what differs.
          expect(reads).toBe(3);
          expect(await Array.fromAsync(manager.disagreements(shard))).toHaveLength(2_500);
          expect(reads).toBe(3 + 3 * 3);
        } finally {
          await byHand(localByHand.deleteMany());
        }
      });

      it('tells nothing of what operations change while it reads', async () => {
        let reads = 0;
        const store = readingPages(async (read) => {
          reads += 1;
          // The shard is read next, and then all of it once more, between two reads of the catalog.
          if (reads === 3) await world.manager.tenants.online(2);
          const page = await read();
          if (reads === 1) await world.manager.tenants.offline(2);
          return page;
        });
        const shard = (await world.store.findShard('a'))!;
        expect(await Array.fromAsync(world.createManager({ store }).disagreements(shard))).toEqual([]);
        expect(reads).toBe(3);
      });

      it('finds keys that differ', async () => {
        const two = await mappingId(2);
        await byHand(localByHand.setLow(two, key(9)));
        expect((await world.manager.recover()).disagreements).toEqual([
          { shard: 'a', what: 'keys', mappingId: two, inCatalog: 'tenant 2', onShard: 'tenant 9' },
        ]);
        await byHand(localByHand.setLow(two, key(2)));
      });

      it('opens a shard again whose server is another one and whose local map is exactly right', async () => {
        const { incarnation } = (await world.store.findShard('a'))!;
        await world.catalog.query(catalogByHand.setIncarnation('a', 'before the restore'));
        await expect(world.manager.tenants.offline(1)).rejects.toMatchObject({
          code: 'SHARD_UNVERIFIED',
          message: expect.stringContaining('tenantry recover') as unknown,
        });
        expect((await readState(world)).unfinished).toEqual([]);
        expect(await world.manager.recover()).toMatchObject({ reopened: ['a'], disagreements: [] });
        expect((await world.store.findShard('a'))!.incarnation).toBe(incarnation);
      });

      it('keeps a shard closed whose server is another one and whose local map is older', async () => {
        const { incarnation } = (await world.store.findShard('a'))!;
        const one = await mappingId(1);
        await world.catalog.query(catalogByHand.setIncarnation('a', 'before the restore'));
        await byHand(localByHand.setState(one, 'OFFLINE'));
        const { reopened, disagreements } = await world.manager.recover();
        expect(reopened).toEqual([]);
        expect(disagreements).toEqual([
          { shard: 'a', what: 'server', inCatalog: 'before the restore', onShard: incarnation },
          { shard: 'a', what: 'state', mappingId: one, inCatalog: 'ONLINE', onShard: 'OFFLINE' },
        ]);
        await expect(world.manager.tenants.add(50, { shard: 'a' })).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
        await byHand(localByHand.setState(one, 'ONLINE'));
        expect(await world.manager.recover()).toMatchObject({ reopened: ['a'] });
      });

      it('tells a database that is another shard, or none', async () => {
        const shardId = crypto.randomUUID();
        const own = (await world.store.findShard('a'))!.shardId;
        await byHand(localByHand.setIdentity(shardId));
        expect((await world.manager.recover()).disagreements).toMatchObject([
          { shard: 'a', what: 'identity', onShard: `shard ${shardId} of map customers (int)` },
        ]);
        await expect(world.manager.tenants.add(51, { shard: 'a' })).rejects.toThrow(
          'The database at the address of shard a is in use already',
        );
        await byHand(localByHand.forgetIdentity());
        expect((await world.manager.recover()).disagreements).toMatchObject([{ shard: 'a', what: 'identity', onShard: 'no identity' }]);
        await expect(world.manager.tenants.add(51, { shard: 'a' })).rejects.toThrow(
          'The database at the address of shard a is not a shard.',
        );
        await byHand(localByHand.identify(own, 'customers'));
        await byHand(localByHand.setSchemaVersion(schemaVersions.shard + 1));
        expect((await world.manager.recover()).disagreements).toMatchObject([
          { shard: 'a', what: 'schema', inCatalog: `version ${schemaVersions.shard}`, onShard: `version ${schemaVersions.shard + 1}` },
        ]);
        await byHand(localByHand.setSchemaVersion(schemaVersions.shard));
      });

      it('names a shard that does not answer, and goes on with the others', async () => {
        await world.takeShardsAway();
        expect((await world.manager.recover()).disagreements).toMatchObject([
          { shard: 'a', what: 'unreachable' },
          { shard: 'b', what: 'unreachable' },
        ]);
        await expect(world.manager.tenants.offline(1)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
        expect((await readState(world).catch(() => undefined))?.unfinished ?? []).toEqual([]);
        await world.bringShardsBack();
      });
    });
  },
  'also mixed',
);
