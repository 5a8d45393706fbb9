import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { containsKey, type Mapping } from '../../../shardmap/mapping.ts';
import type { ShardMap } from '../../../shardmap/shard-map.ts';
import { SqlShardMapStore } from '../../../shardmap/sql-store.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { catalogSchemaFiles } from '../../../src/engine/schema-files.ts';
import type { GroundServer } from '../../support/grounds/engine-ground.ts';
import { describeOnEachEngine } from '../../support/grounds/map-grounds.ts';
import { waitingStatements } from '../../support/grounds/words.ts';
import { engineFor } from '../../support/shard-map-access.ts';

describeOnEachEngine('the catalog of a range map', (ground) => {
  describe.each(ground.readers)('whose readers %s', (readers) => {
    let server: GroundServer;
    let database: SqlDatabase;
    let store: SqlShardMapStore;
    let maps: readonly [ShardMap, ShardMap];
    const shardId = randomUUID();
    /** What holds whatever is changed here. */
    const operationId = randomUUID();

    beforeAll(async () => {
      server = await ground.start();
      const address = await server.createDatabase('catalog', readers);
      database = engineFor(address).open(address, server.superuser, { connections: 16 });
      for (const file of catalogSchemaFiles) await database.script(file);
      store = new SqlShardMapStore(database);
      await store.change(async (catalog) => {
        for (const name of ['customers', 'partners']) await catalog.addMap({ name, kind: 'range', keyType: 'int', context: 'TenantId' });
      });
      maps = [(await store.findMap('customers'))!, (await store.findMap('partners'))!];
      const { mapId } = maps[0];
      await store.change(async (catalog) => {
        await catalog.addOperation({ operationId, mapId, kind: 'add-shard', payload: {}, state: 'PREPARING' }, 600_000);
        await catalog.addShard({ shardId, mapId, name: 'a', address, state: 'ADDING', operationId });
        await catalog.changeShard(shardId, operationId, { state: 'ONLINE', incarnation: 'of the test', release: true });
      });
    });
    afterAll(async () => {
      await database?.close();
      await server?.stop();
    });

    async function range(low: number | undefined, high: number | undefined): Promise<Mapping> {
      return {
        mappingId: await store.change((catalog) => catalog.nextMappingId()),
        mapId: maps[0].mapId,
        kind: 'range',
        low: low === undefined ? new Uint8Array() : encodeInt(low),
        ...(high !== undefined && { high: encodeInt(high) }),
        shardId,
        state: 'ONLINE',
        epoch: 1,
        operationId,
      };
    }

    async function add(mapping: Mapping): Promise<boolean> {
      return store.change((catalog) => catalog.addMapping(mapping));
    }

    async function clear(): Promise<void> {
      for (const { mappingId } of await store.listMappings(maps[0].mapId, { limit: 100 }))
        await store.change((catalog) => catalog.deleteMapping(mappingId, operationId));
    }

    /** Statements of the catalog that wait for somebody's lock. */
    const waiting = async (): Promise<number> => (await database.query(waitingStatements)).rowCount;

    it.each([
      ['the same keys', 20, 30],
      ['keys within it', 22, 23],
      ['keys on both sides of it', 10, 40],
      ['its first key', 10, 21],
      ['its last key', 29, 40],
      ['everything below', undefined, 21],
      ['everything above', 29, undefined],
      ['every key', undefined, undefined],
    ])('who adds a range with %s of another one waits for who is adding that, and then does not', async (_title, low, high) => {
      await clear();
      const [first, second] = [await range(20, 30), await range(low, high)];
      let late: Promise<boolean> | undefined;
      await store.change(async (catalog) => {
        expect(await catalog.addMapping(first)).toBe(true);
        late = add(second);
        await expect.poll(waiting).toBe(1);
      });
      expect(await late).toBe(false);
      expect((await store.listMappings(first.mapId, { limit: 100 })).map(({ mappingId }) => mappingId)).toEqual([first.mappingId]);
    });

    it('ranges that only meet are all added, by whoever adds them at once', async () => {
      await clear();
      const ranges = await Promise.all(Array.from({ length: 12 }, (_, number) => range(number * 10, number * 10 + 10)));
      expect(await Promise.all(ranges.map(add))).toEqual(ranges.map(() => true));
      const listed = await store.listMappings(maps[0].mapId, { limit: 100 });
      expect(listed.map(({ mappingId }) => mappingId)).toEqual(ranges.map(({ mappingId }) => mappingId));
    });

    it('ranges are listed in pages, each where the one before it ended', async () => {
      await clear();
      const bounds = [undefined, -2_147_483_648, -5, 7, 1_000, undefined] as const;
      for (const [index, low] of bounds.slice(0, -1).entries()) expect(await add(await range(low, bounds[index + 1]))).toBe(true);
      const pages: string[][] = [];
      for (let afterLow: Uint8Array | undefined; ;) {
        const page = await store.listMappings(maps[0].mapId, { afterLow, limit: 2 });
        if (page.length === 0) break;
        pages.push(page.map(({ low }) => Buffer.from(low).toString('hex')));
        afterLow = page.at(-1)!.low;
      }
      expect(pages).toEqual([['', '00000000'], ['7ffffffb', '80000007'], ['800003e8']]);
      expect(await store.listMappings(maps[0].mapId, { shardId: randomUUID(), limit: 2 })).toEqual([]);
    });

    it('a key is found whose range is split while it is looked up', async () => {
      await clear();
      const whole = await range(100, 200);
      await add(whole);
      const parts = [await range(100, 150), await range(150, 200)];
      let late: Promise<Mapping | undefined> | undefined;
      await store.change(async (catalog) => {
        await catalog.deleteMapping(whole.mappingId, operationId);
        for (const part of parts) expect(await catalog.addMapping(part)).toBe(true);
        late = store.findMapping(whole.mapId, encodeInt(170));
        if (readers === 'take locks') await expect.poll(waiting).toBe(1);
      });
      const found = await late;
      expect(found && containsKey(found, encodeInt(170)), 'findMapping must look again for what a split has moved').toBe(true);
    });

    it('two changes that wait for each other are both made: the one that is given up for it is begun again', async () => {
      const before = await Promise.all(maps.map(({ mapId }) => store.getMap(mapId)));
      const held = maps.map(() => Promise.withResolvers<void>());
      const raiseBoth = (first: 0 | 1, second: 0 | 1): Promise<number> =>
        store.change(async (catalog) => {
          await catalog.raiseMapVersion(maps[first].mapId);
          held[first]?.resolve();
          await held[second]?.promise;
          return catalog.raiseMapVersion(maps[second].mapId);
        });
      await Promise.all([raiseBoth(0, 1), raiseBoth(1, 0)]);
      const after = await Promise.all(maps.map(({ mapId }) => store.getMap(mapId)));
      expect(after.map(({ version }) => version)).toEqual(before.map(({ version }) => version + 2));
    });
  });
});
