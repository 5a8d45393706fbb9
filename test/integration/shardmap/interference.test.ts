import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Sql, SqlValue } from '../../../src/core/sql.ts';
import { interruptedAccess } from '../../support/interrupted-access.ts';
import { enterAs, expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { catalogByHand, localByHand } from '../../support/shard-map-by-hand.ts';

describeOnEachGround(
  'a change that somebody interferes with',
  (grounds) => {
    let list: ShardMapWorld;
    let range: ShardMapWorld;
    beforeAll(async () => {
      [list, range] = await Promise.all([startShardMapWorld(grounds, 'list', ['a']), startShardMapWorld(grounds, 'range', ['a'])]);
    });
    afterAll(async () => {
      await Promise.all([list?.close(), range?.close()]);
    });

    /** Changes shard a's local map by hand. */
    async function byHand(world: ShardMapWorld, statement: Sql): Promise<void> {
      await world.access.open((await world.store.findShard('a'))!).query(statement);
    }

    /** A manager in the middle of whose change something happens: before one of its transactions on a shard, counted from 1. */
    function interrupted(world: ShardMapWorld, before: number, action: () => Promise<unknown>): ShardMapManager {
      return world.createManager({ access: interruptedAccess(world.access, before, action) });
    }

    /** Takes shard a for what is under way. */
    async function holdShard(world: ShardMapWorld): Promise<void> {
      const { rows } = await world.catalog.query<{ id: string }>(catalogByHand.unfinishedIds());
      await world.catalog.query(catalogByHand.holdShard('a', rows[0]!.id));
    }

    /** An operation that is at this end. */
    async function operationIn(world: ShardMapWorld, state: string): Promise<string> {
      return (await world.catalog.query<{ id: string }>(catalogByHand.operationsIn(state))).rows[0]!.id;
    }

    const tenant = 7;
    /** Changes of what is there already, and which of their transactions on the shard is the last before the commit. */
    const changes = [
      { title: 'taking a tenant offline', world: () => list, last: 2, from: 'online', make: ({ tenants }) => tenants.offline(tenant) },
      { title: 'bringing a tenant online', world: () => list, last: 1, from: 'offline', make: ({ tenants }) => tenants.online(tenant) },
      { title: 'removing a tenant', world: () => list, last: 1, from: 'offline', make: ({ tenants }) => tenants.remove(tenant) },
      { title: 'splitting a range', world: () => range, last: 2, from: 'online', make: ({ ranges }) => ranges.split(7) },
      { title: 'merging two ranges', world: () => range, last: 2, from: 'online', make: ({ ranges }) => ranges.merge(10) },
    ] satisfies readonly {
      readonly title: string;
      readonly world: () => ShardMapWorld;
      readonly last: number;
      readonly from: 'online' | 'offline';
      readonly make: (manager: ShardMapManager) => Promise<unknown>;
    }[];

    /** Brings tenant 7 of the list map into a state; the ranges [5, 10) and [10, 20) stay online. */
    async function prepare(state: 'online' | 'offline'): Promise<void> {
      const { state: now } = await list.manager.tenants.where(tenant);
      if (now !== state.toUpperCase()) await list.manager.tenants[state](tenant);
    }

    beforeAll(async () => {
      await list.manager.tenants.add(tenant, { shard: 'a' });
      await range.manager.ranges.add({ low: 5, high: 10 }, { shard: 'a' });
      await range.manager.ranges.add({ low: 10, high: 20 }, { shard: 'a' });
    });

    describe('a change whose hold on the catalog is lost before its commit does not commit, and is undone', () => {
      it.each(changes)('$title', async ({ world, last, from, make }) => {
        await prepare(from);
        const before = await readState(world());
        const { mappingId } = await world().manager.tenants.where(tenant);
        const losing = interrupted(world(), last, () => world().catalog.query(catalogByHand.free()));
        await expect(make(losing)).rejects.toMatchObject({
          code: 'INTERNAL',
          message: expect.stringContaining(`Mapping ${mappingId} is no longer held by the operation that changes it.`) as unknown,
        });
        const after = await readState(world());
        expectSettled(after);
        expect(after).toEqual(before);
      });

      it('a split whose shard has been taken for something else', async () => {
        const before = await readState(range);
        await expect(interrupted(range, 2, () => holdShard(range)).ranges.split(7)).rejects.toMatchObject({
          code: 'INTERNAL',
          message: expect.stringContaining('is no longer held') as unknown,
        });
        await range.catalog.query(catalogByHand.freeShard('a'));
        expect(await readState(range)).toEqual(before);
        expectSettled(before);
      });
    });

    describe('a change whose mapping was changed on the shard by hand before its commit does not commit', () => {
      beforeEach(() => prepare('online'));

      it('taking a tenant offline, which was let in again', async () => {
        const before = await readState(list);
        const changed = interrupted(list, 2, () => byHand(list, localByHand.reopen()));
        await expect(changed.tenants.offline(tenant)).rejects.toThrow(/it is ONLINE at epoch \d+ where DRAINING at epoch \d+ was expected/);
        expect(await readState(list)).toEqual(before);
        expect(await enterAs(list, tenant)).toBe('admitted');
      });

      it.each([
        ['splitting a range', (manager: ShardMapManager) => manager.ranges.split(7), 7],
        ['merging two ranges', (manager: ShardMapManager) => manager.ranges.merge(10), 10],
      ] as const)('%s, which was let in again', async (_title, make, key) => {
        const before = await readState(range);
        const changed = interrupted(range, 2, () => byHand(range, localByHand.reopen()));
        await expect(make(changed)).rejects.toThrow(/it is ONLINE at epoch \d+ where DRAINING at epoch \d+ was expected/);
        expect(await readState(range)).toEqual(before);
        expect(await enterAs(range, key)).toBe('admitted');
      });

      it.each([
        ['bringing a tenant online', (manager: ShardMapManager) => manager.tenants.online(tenant)],
        ['removing a tenant', (manager: ShardMapManager) => manager.tenants.remove(tenant)],
      ] as const)('%s, of another epoch there', async (_title, make) => {
        await prepare('offline');
        const before = await readState(list);
        await byHand(list, localByHand.raiseEpochs(1));
        await expect(make(list.manager)).rejects.toThrow(/it is OFFLINE at epoch \d+ where OFFLINE at epoch \d+ was expected/);
        await byHand(list, localByHand.raiseEpochs(-1));
        expect(await readState(list)).toEqual(before);
        expectSettled(before);
      });
    });

    describe('a change whose hold is lost where it can neither go on nor be undone is left as it is, and says so', () => {
      it('adding a tenant whose row was deleted', async () => {
        let kept: Record<string, SqlValue> | undefined;
        const deleteRow = async (): Promise<void> => {
          const { rows } = await list.catalog.query<Record<string, SqlValue>>(catalogByHand.all('mapping'));
          kept = rows.find(({ state }) => state === 'ADDING');
          await list.catalog.query(catalogByHand.deleteAdding());
        };
        const losing = interrupted(list, 1, deleteRow);
        await expect(losing.tenants.add(8, { shard: 'a' })).rejects.toMatchObject({
          code: 'INTERNAL',
          message: expect.stringContaining('is left ABORTED') as unknown,
        });
        expect((await list.manager.sweep()).failed).toMatchObject([{ operation: { kind: 'add-mapping' }, error: { code: 'INTERNAL' } }]);
        await list.catalog.query(catalogByHand.addAgain(kept!));
        expect((await list.manager.sweep()).settled).toMatchObject([{ operation: { kind: 'add-mapping' }, end: 'UNDONE' }]);
        expectSettled(await readState(list));
      });

      it('removing a tenant whose row another operation took', async () => {
        await list.manager.tenants.add(9, { shard: 'a' });
        await list.manager.tenants.offline(9);
        const losing = interrupted(list, 2, async () => {
          await list.catalog.query(catalogByHand.holdRemoving(await operationIn(list, 'DONE')));
        });
        await expect(losing.tenants.remove(9)).rejects.toMatchObject({
          code: 'INTERNAL',
          message: expect.stringContaining('is left COMMITTED') as unknown,
        });
        await list.catalog.query(catalogByHand.holdRemoving(await operationIn(list, 'COMMITTED')));
        expect((await list.manager.sweep()).settled).toMatchObject([{ operation: { kind: 'remove-mapping' }, end: 'DONE' }]);
        expectSettled(await readState(list));
      });
    });

    describe('what an operation that has ended holds', () => {
      it('is said to be held so, by every change that would wait for it', async () => {
        await prepare('online');
        const { mappingId } = await list.manager.tenants.where(tenant);
        await list.catalog.query(catalogByHand.hold(mappingId, await operationIn(list, 'DONE')));
        const patient = list.createManager({ waitMs: 60_000 });
        await expect(patient.tenants.offline(tenant)).rejects.toMatchObject({
          code: 'CONFLICT',
          message: expect.stringContaining('has ended and holds it still') as unknown,
        });
        await list.catalog.query(catalogByHand.free());
        expectSettled(await readState(list));
      });
    });

    describe('adding a shard', () => {
      const lost = { code: 'INTERNAL', message: expect.stringContaining('Shard x is no longer held by the operation that') as unknown };
      const giveShardAway = async (): Promise<unknown> => list.catalog.query(catalogByHand.holdShard('x', await operationIn(list, 'DONE')));

      it('does not commit where its hold on the catalog is lost, nor does removing it', async () => {
        const address = await list.prepareDatabase('given');
        await expect(interrupted(list, 1, giveShardAway).shards.add('x', address)).rejects.toMatchObject(lost);
        expect(await list.store.findShard('x')).toMatchObject({ state: 'ADDING', incarnation: '' });
        await list.catalog.query(catalogByHand.deleteShard('x'));

        await list.manager.shards.add('x', address);
        await expect(interrupted(list, 1, giveShardAway).shards.remove('x')).rejects.toMatchObject(lost);
        expect(await list.store.findShard('x')).toMatchObject({ state: 'ONLINE' });
        await list.catalog.query(catalogByHand.freeShard('x'));
        await list.manager.shards.remove('x');
        expectSettled(await readState(list));
      });

      it('whose database another map claims meanwhile is undone, and leaves the database to it', async () => {
        const address = await list.prepareDatabase('contended');
        const shardId = crypto.randomUUID();
        const claim = localByHand.identify(shardId, 'strangers');
        const losing = interrupted(list, 1, () => list.root(address).query(claim));
        await expect(losing.shards.add('x', address)).rejects.toThrow(`it is shard ${shardId} of map strangers`);
        const { rows } = await list.root(address).query(localByHand.identities());
        expect(rows).toEqual([{ id: shardId }]);
        expect(await list.store.findShard('x')).toBeUndefined();
        expectSettled(await readState(list));
      });
    });

    describe('a range that an operation holds', () => {
      it.each(['split', 'merge'] as const)('is not judged by what it is at the moment: a %s says who holds it', async (change) => {
        const operationId = crypto.randomUUID();
        const { mapId } = (await range.store.findMap('customers'))!;
        const operation = { operationId, mapId, kind: 'take-offline', payload: {}, state: 'COMMITTED' } as const;
        await range.store.change((catalog) => catalog.addOperation(operation, 60_000));
        for (const key of [7, 10]) {
          const { mappingId } = await range.manager.tenants.where(key);
          await range.catalog.query(catalogByHand.holdOffline(mappingId, operationId));
          await expect(range.manager.ranges[change](10)).rejects.toMatchObject({
            code: key === 7 && change === 'split' ? 'CONFLICT' : 'OPERATION_IN_PROGRESS',
          });
          await range.catalog.query(catalogByHand.freeOnline(mappingId));
        }
        await range.catalog.query(catalogByHand.deleteOperation(operationId));
        expectSettled(await readState(range));
      });
    });

    describe('a merged range', () => {
      it.each([
        ['left', { low: 100, high: 110 }],
        ['right', { low: 110, high: 120 }],
      ])('has an epoch above those of both, also where the %s one was changed more often', async (_which, older) => {
        const { ranges, tenants } = range.manager;
        const ends = [
          { low: 100, high: 110 },
          { low: 110, high: 120 },
        ];
        for (const bounds of ends) await ranges.add(bounds, { shard: 'a' });
        for (let time = 0; time < 2; time += 1) {
          await ranges.offline(older);
          await ranges.online(older);
        }
        const epochs = [(await tenants.where(100)).epoch, (await tenants.where(110)).epoch];
        expect(Math.abs(epochs[0]! - epochs[1]!)).toBeGreaterThan(1);
        await ranges.merge(110);
        expect((await tenants.where(110)).epoch).toBe(Math.max(...epochs) + 1);
        await ranges.offline({ low: 100, high: 120 });
        await ranges.remove({ low: 100, high: 120 });
      });
    });

    describe('adding a mapping whose id the shard has already', () => {
      it('is refused where the keys are others, though state and epoch are the same', async () => {
        const [sequence] = (await list.catalog.query<{ id: number }>(catalogByHand.nextMappingId())).rows;
        const { version } = (await list.store.findMap('customers'))!;
        const low = Buffer.from('80000063', 'hex');
        await byHand(
          list,
          localByHand.add({ mappingId: sequence!.id, low, state: 'INCOMING', epoch: version + 1, token: new Uint8Array(16) }),
        );
        const conflict = { code: 'CONFLICT', detail: expect.stringContaining('its keys are others') as string };
        await expect(list.manager.tenants.add(4, { shard: 'a' })).rejects.toMatchObject(conflict);
        expectSettled(await readState(list));
      });
    });
  },
  'each alone',
);
