import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tenantKey } from '../../../shardmap/key.ts';
import type { Mapping } from '../../../shardmap/mapping.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { CatalogChange } from '../../../shardmap/store.ts';
import { waitingStatements } from '../../support/grounds/words.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { catalogByHand } from '../../support/shard-map-by-hand.ts';

describeOnEachGround(
  'the catalog',
  (grounds) => {
    let world: ShardMapWorld;
    let a: Shard;
    let b: Shard;
    /** On shard a, held by nobody. */
    let free: Mapping;
    /** On shard a, held by `mine`. */
    let held: Mapping;
    const [mine, theirs] = [crypto.randomUUID(), crypto.randomUUID()];

    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list');
      a = (await world.store.findShard('a'))!;
      b = (await world.store.findShard('b'))!;
      for (const tenant of [1, 2]) await world.manager.tenants.add(tenant, { shard: 'a' });
      free = await mappingOf(1);
      for (const operationId of [mine, theirs]) await begin(operationId);
      await world.store.change(async (catalog) => catalog.claimMapping(await mappingOf(2), mine));
      held = await mappingOf(2);
    });
    afterAll(async () => {
      await world?.close();
    });

    const low = (tenant: number): Uint8Array => tenantKey('int', tenant).bytes;

    async function mappingOf(tenant: number): Promise<Mapping> {
      return (await world.store.findMapping(a.mapId, low(tenant)))!;
    }

    async function begin(operationId: string): Promise<void> {
      const operation = { operationId, mapId: a.mapId, kind: 'take-offline', payload: {}, state: 'PREPARING' } as const;
      await world.store.change((catalog) => catalog.addOperation(operation, 600_000));
    }

    const adding = (tenant: number, { shardId, mapId }: Pick<Shard, 'shardId' | 'mapId'>): Mapping => ({
      mappingId: 1_000 + tenant,
      mapId,
      kind: 'point',
      low: low(tenant),
      shardId,
      state: 'ADDING',
      epoch: 1,
      operationId: mine,
    });

    const newShard = (name: string, database: string): Shard => ({
      ...b,
      shardId: crypto.randomUUID(),
      name,
      address: { ...b.address, database },
      state: 'ADDING',
      operationId: mine,
    });

    /** Every row of the catalog that a change could have touched. */
    async function everything(): Promise<unknown> {
      const rows = async (table: Parameters<typeof catalogByHand.all>[0]): Promise<unknown> =>
        (await world.catalog.query(catalogByHand.all(table))).rows;
      return {
        mappings: await rows('mapping'),
        shards: await rows('shard'),
        operations: await rows('operation'),
        maps: await rows('shard_map'),
      };
    }

    /** Statements of the catalog that wait for somebody's lock. */
    async function waiting(): Promise<unknown> {
      return (await world.catalog.query(waitingStatements)).rowCount;
    }

    describe('the catalog changes no row that is not as the caller says', () => {
      it.each<[string, (catalog: CatalogChange) => Promise<boolean>]>([
        ['claims no mapping of another state', (catalog) => catalog.claimMapping({ ...free, state: 'OFFLINE' }, mine)],
        ['claims no mapping of another epoch', (catalog) => catalog.claimMapping({ ...free, epoch: free.epoch + 1 }, mine)],
        ['claims no mapping that is held', (catalog) => catalog.claimMapping(held, theirs)],
        [
          'changes no mapping that another operation holds',
          (catalog) => catalog.changeMapping(held.mappingId, theirs, { state: 'OFFLINE', epoch: 9 }),
        ],
        ['changes no mapping that nobody holds', (catalog) => catalog.changeMapping(free.mappingId, mine, { state: 'OFFLINE', epoch: 9 })],
        ['deletes no mapping that another operation holds', (catalog) => catalog.deleteMapping(held.mappingId, theirs)],
        ['deletes no mapping that nobody holds', (catalog) => catalog.deleteMapping(free.mappingId, mine)],
        ['adds no mapping of a key that has one', (catalog) => catalog.addMapping(adding(1, b))],
        ['adds no mapping under an id that is taken', (catalog) => catalog.addMapping({ ...adding(3, b), mappingId: free.mappingId })],
        ['adds no mapping on a shard of another map', (catalog) => catalog.addMapping(adding(3, { ...b, mapId: b.mapId + 1 }))],
        ['claims no shard that has a mapping', (catalog) => catalog.claimEmptyShard(a.shardId, mine)],
        ['adds no shard under a name that is taken', (catalog) => catalog.addShard(newShard('b', 'elsewhere'))],
        ['adds no shard at an address that is taken', (catalog) => catalog.addShard(newShard('c', b.address.database))],
        ['changes no shard that nobody holds', (catalog) => catalog.changeShard(b.shardId, mine, { state: 'REMOVING', release: false })],
        ['deletes no shard that nobody holds', (catalog) => catalog.deleteShard(b.shardId, mine)],
        ['records no other server over one that it is not told of', (catalog) => catalog.recordIncarnation(b.shardId, 'another', 'new')],
        [
          'swaps no operation of another state',
          (catalog) => catalog.swapOperation({ operationId: mine, state: 'COMMITTED', generation: 1 }, 'DONE'),
        ],
        [
          'swaps no operation of another generation',
          (catalog) => catalog.swapOperation({ operationId: mine, state: 'PREPARING', generation: 2 }, 'DONE'),
        ],
        ['makes no second map of one name', (catalog) => catalog.addMap({ name: 'customers', kind: 'list', keyType: 'int', context: 'T' })],
      ])('%s', async (_title, change) => {
        const before = await everything();
        expect(await world.store.change(change)).toBe(false);
        expect(await everything()).toEqual(before);
      });

      it('lets go of no mapping that another operation holds', async () => {
        const before = await everything();
        await world.store.change((catalog) => catalog.releaseMappings(theirs));
        expect(await everything()).toEqual(before);
      });

      it('neither claims nor changes nor deletes nor fills a shard that another operation holds', async () => {
        expect(await world.store.change((catalog) => catalog.claimEmptyShard(b.shardId, mine))).toBe(true);
        const before = await everything();
        const tries: ((catalog: CatalogChange) => Promise<boolean>)[] = [
          (catalog) => catalog.claimEmptyShard(b.shardId, theirs),
          (catalog) => catalog.changeShard(b.shardId, theirs, { state: 'ONLINE', release: true }),
          (catalog) => catalog.deleteShard(b.shardId, theirs),
          (catalog) => catalog.addMapping({ ...adding(3, b), operationId: theirs }),
          (catalog) => catalog.addMapping(adding(3, b)),
        ];
        for (const change of tries) expect(await world.store.change(change)).toBe(false);
        expect(await everything()).toEqual(before);
        expect(await world.store.change((catalog) => catalog.changeShard(b.shardId, mine, { state: 'ONLINE', release: true }))).toBe(true);
      });
    });

    describe('an operation', () => {
      it('is taken only by who knows its generation, once its lease has run out and before it has ended', async () => {
        const { store, catalog } = world;
        expect(await store.takeOperation(mine, 1, 60_000)).toBeUndefined();
        await catalog.query(catalogByHand.endLease(mine));
        expect(await store.takeOperation(mine, 2, 60_000)).toBeUndefined();
        expect(await store.takeOperation(mine, 1, 60_000)).toMatchObject({ generation: 2, state: 'PREPARING', leaseLeftMs: 60_000 });
        expect(await store.takeOperation(mine, 1, 60_000)).toBeUndefined();
        expect(await store.renewLease(mine, 1, 60_000)).toBe(false);
        expect(await store.renewLease(mine, 2, 0)).toBe(true);
        expect((await store.getOperation(mine))!.leaseLeftMs).toBe(0);
      });

      it.each(['DONE', 'UNDONE'])('that is %s is taken by nobody, and has no lease to renew', async (state) => {
        const operationId = crypto.randomUUID();
        await begin(operationId);
        await world.store.change((catalog) => catalog.swapOperation({ operationId, state: 'PREPARING', generation: 1 }, state));
        await world.catalog.query(catalogByHand.endLease(operationId));
        expect(await world.store.takeOperation(operationId, 1, 60_000)).toBeUndefined();
        expect(await world.store.renewLease(operationId, 1, 60_000)).toBe(false);
      });

      it('that has not ended is not forgotten', async () => {
        await world.store.deleteEnded([mine, theirs]);
        expect(await world.store.getOperation(mine)).toMatchObject({ operationId: mine });
        expect(await world.store.getOperation(theirs)).toMatchObject({ operationId: theirs });
      });
    });

    describe('of two transactions of the catalog one waits for the other', () => {
      /** Runs the first one up to its end, begins the second one meanwhile, and sees it wait. */
      async function inTurn<T>(
        first: (catalog: CatalogChange) => Promise<unknown>,
        second: (catalog: CatalogChange) => Promise<T>,
      ): Promise<T> {
        let late: Promise<T> | undefined;
        await world.store.change(async (catalog) => {
          await first(catalog);
          late = world.store.change(second);
          await expect.poll(waiting).toBe(1);
        });
        return late!;
      }

      it('who raises the version of a map for who plans by it', async () => {
        const planned = await inTurn(
          async (catalog) => (await catalog.lockMap(a.mapId)).version,
          (catalog) => catalog.raiseMapVersion(a.mapId),
        );
        expect(planned).toBe((await world.store.getMap(a.mapId)).version);
      });

      it('who removes a shard for who adds a mapping to it, and then does not', async () => {
        const claimed = await inTurn(
          (catalog) => catalog.addMapping(adding(5, b)),
          (catalog) => catalog.claimEmptyShard(b.shardId, theirs),
        );
        expect(claimed).toBe(false);
        await world.store.change((catalog) => catalog.deleteMapping(adding(5, b).mappingId, mine));
      });

      it('who adds a mapping to a shard for who removes it, and then does not', async () => {
        const added = await inTurn(
          (catalog) => catalog.claimEmptyShard(b.shardId, theirs),
          (catalog) => catalog.addMapping(adding(6, b)),
        );
        expect(added).toBe(false);
        await world.store.change((catalog) => catalog.changeShard(b.shardId, theirs, { state: 'ONLINE', release: true }));
      });
    });
  },
  'each alone',
);
