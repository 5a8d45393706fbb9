import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LatestNumberStore } from '../../../shardmap/latest-numbers.ts';
import type { ShardAccess } from '../../../shardmap/shard-access.ts';
import { longestOverrideMs } from '../../../src/core/shard-signer.ts';
import { otherVersion, schemaVersions } from '../../../src/core/schema-version.ts';
import { expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { catalogByHand, localByHand } from '../../support/shard-map-by-hand.ts';

describeOnEachGround(
  'the shards of a map',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list', ['a']);
    });
    afterAll(async () => {
      await world?.close();
    });

    describe('a shard', () => {
      it('is added with who its server is, shown with what is on it, and removed once it is empty', async () => {
        const { shards, tenants } = world.manager;
        const address = await world.prepareDatabase('b');
        await shards.add('b', address);
        const added = await shards.show('b');
        expect(added).toMatchObject({ name: 'b', map: 'customers', address, state: 'ONLINE', mappings: [] });
        expect(added.incarnation).toBe(await world.access.identify(added));
        await tenants.add(1, { shard: 'b' });
        expect((await shards.show('b')).mappings).toMatchObject([{ state: 'ONLINE', mappings: 1 }]);
        await expect(shards.remove('b')).rejects.toThrow('Shard b is in use: it has mappings. Move or remove them first.');
        await tenants.offline(1);
        await tenants.remove(1);
        await shards.remove('b');
        expect((await shards.list()).map(({ name }) => name)).toEqual(['a']);
        expectSettled(await readState(world));
        await shards.add('b', address);
        expectSettled(await readState(world));
      });

      it('in use cannot be deleted from the catalog by hand either', async () => {
        await world.manager.tenants.add(2, { shard: 'a' });
        await expect(world.catalog.query(catalogByHand.deleteShard('a'))).rejects.toMatchObject({
          code: 'CONSTRAINT_VIOLATION',
        });
      });

      it('has a name and a database of its own', async () => {
        const { shards } = world.manager;
        const { address } = await shards.show('a');
        await expect(shards.add('a', await world.prepareDatabase('other'))).rejects.toThrow('There is a shard a already.');
        await expect(shards.add('c', address)).rejects.toThrow('The database is in use already');
        expectSettled(await readState(world));
      });

      it('belongs to one map', async () => {
        const { maps, shards, tenants } = world.manager;
        await maps.create({ name: 'partners', kind: 'list', keyType: 'int', context: 'PartnerId' });
        const address = await world.prepareDatabase('p');
        await shards.add('p', address, { map: 'partners' });
        await expect(tenants.add(5, { shard: 'p' })).rejects.toThrow('Map customers has no shard p; it has a, b.');
        await tenants.add(5, { shard: 'p', map: 'partners' });
        await expect(tenants.where(5)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
        expect(await tenants.where(5, { map: 'partners' })).toMatchObject({ shard: 'p' });
      });

      it('is known to the catalog with what is signed there', async () => {
        const { access, store } = world;
        const manager = world.createManager({
          access: {
            open: (of) => access.open(of),
            identify: (of) => access.identify(of),
            install: async (...of) => ({ ...(await access.install(...of)), latest: { accepted: 7, overridden: 3 } }),
            isAccepted: (of) => access.isAccepted(of),
            purge: (...of) => access.purge(...of),
          },
        });
        await manager.shards.add('signed', await world.prepareDatabase('signed'));
        expect(await store.findShard('signed')).toMatchObject({ acceptedNumber: 7, overrideNumber: 3 });
      });

      it.each([
        ['before', 'The database is shard before_p already.', 2],
        ['after', 'The database is in use already: it is shard', 1],
      ] as const)(
        'is accepted as what it is where another accepts its database for himself %s it is claimed',
        async (when, refusal, acceptedNumber) => {
          const { access, store } = world;
          const address = await world.prepareDatabase(`${when}_claimed`);
          const othersBegan = Promise.withResolvers<void>();
          const othersEnded = Promise.withResolvers<void>();
          const ownEnded = Promise.withResolvers<void>();
          const adding = (name: string, install: ShardAccess['install']): Promise<unknown> =>
            world
              .createManager({
                access: {
                  open: (of) => access.open(of),
                  identify: (of) => access.identify(of),
                  install,
                  isAccepted: (of) => access.isAccepted(of),
                  purge: (...of) => access.purge(...of),
                },
              })
              .shards.add(name, address);
          let installed = 0;
          const own = adding(`${when}_p`, async (...of) => {
            const { warnings } = await access.install(...of);
            installed += 1;
            await (when === 'before' ? othersEnded : othersBegan).promise;
            return { warnings, latest: { accepted: installed, overridden: 0 } };
          }).finally(ownEnded.resolve);
          const other = adding(`${when}_q`, async (...of) => {
            othersBegan.resolve();
            if (when === 'after') await ownEnded.promise;
            else await expect.poll(() => installed).toBe(1);
            const result = await access.install(...of);
            othersEnded.resolve();
            await ownEnded.promise;
            return result;
          });
          const [, refused] = await Promise.allSettled([own, other]);
          expect(refused).toMatchObject({
            status: 'rejected',
            reason: { code: 'CONFLICT', message: expect.stringContaining(refusal) as string },
          });
          await own;
          const shard = await store.findShard(`${when}_p`);
          expect(shard).toMatchObject({ state: 'ONLINE', acceptedNumber });
          expect(await access.isAccepted(shard!)).toBe(true);
          expectSettled(await readState(world));
          await world.manager.shards.remove(`${when}_p`);
        },
      );

      it('has the latest numbers that the catalog was told, and for one beyond what could be by now another that could', async () => {
        const { shardId } = await world.manager.shards.show('a');
        const nowMs = Date.UTC(2026, 0, 2);
        const latest = new LatestNumberStore(world.catalog, () => nowMs);
        const farMs = nowMs + longestOverrideMs + 1;
        const told = async (accepted: number, overridden: number, atMs = nowMs): Promise<object> => {
          await latest.note(shardId, { numbers: { accepted, overridden }, nowMs: atMs });
          const { acceptedNumber, overrideNumber } = (await world.store.getShard(shardId))!;
          return [acceptedNumber, overrideNumber];
        };
        expect(await told(nowMs, 0)).toEqual([nowMs, 0]);
        expect(await told(0, nowMs)).toEqual([nowMs, nowMs]);
        expect(await told(nowMs - 1, nowMs + 1)).toEqual([nowMs, nowMs + 1]);
        expect(await told(farMs - 1, farMs - 1)).toEqual([farMs - 1, farMs - 1]);
        expect(await told(nowMs, nowMs)).toEqual([farMs - 1, farMs - 1]);
        expect(await told(farMs, farMs, farMs)).toEqual([farMs, farMs]);
        expect(await told(0, nowMs)).toEqual([farMs, nowMs]);
        expect(await told(nowMs, 0)).toEqual([nowMs, nowMs]);
        // A shard whose clock is behind has nothing forgotten.
        expect(await told(nowMs - 10 * 86_400_000, nowMs - 10 * 86_400_000, nowMs - 10 * 86_400_000)).toEqual([nowMs, nowMs]);
      });

      it('of another catalog is refused, and stays as it is', async () => {
        const address = await world.prepareDatabase('elsewhere');
        const shard = { shardId: crypto.randomUUID(), mapId: 1, name: 'x', address, incarnation: '', state: 'ADDING' } as const;
        await world.access.install(shard, await world.store.getMap(1));
        const root = world.root(address);
        await root.query(localByHand.identify(shard.shardId, 'strangers'));
        await expect(world.manager.shards.add('x', address)).rejects.toThrow(`it is shard ${shard.shardId} of map strangers`);
        const { rows } = await root.query(localByHand.identities());
        expect(rows).toEqual([{ id: shard.shardId }]);
        expectSettled(await readState(world));
      });

      it('with mappings that another map left on it is refused, and nothing of the attempt stays', async () => {
        const address = await world.prepareDatabase('attached');
        const shard = { shardId: crypto.randomUUID(), mapId: 1, name: 'x', address, incarnation: '', state: 'ADDING' } as const;
        await world.access.install(shard, await world.store.getMap(1));
        const root = world.root(address);
        await root.query(
          localByHand.add({ mappingId: 31, low: Uint8Array.of(0x80, 0, 0, 9), state: 'ONLINE', epoch: 3, token: new Uint8Array(16) }),
        );
        await expect(world.manager.shards.add('x', address)).rejects.toThrow("The database's local map is not empty: it has mapping 31");
        for (const left of [localByHand.identities(), localByHand.fences()]) expect((await root.query(left)).rows).toEqual([]);
        expectSettled(await readState(world));
      });

      it.each([
        ['a host that is none', { host: 'db one' }, 'INVALID_REQUEST', '"db one" is neither'],
        ['the directory of a socket', { host: '/run/postgresql' }, 'INVALID_REQUEST', '"/run/postgresql" is neither'],
        ['a host that does not exist', { host: 'nowhere.invalid' }, 'SHARD_UNAVAILABLE', 'on nowhere.invalid:'],
        ['a port that is none', { port: 70_000 }, 'INVALID_REQUEST', 'A port is a number from 1 to 65535, not 70000.'],
        ['a database that does not exist', { database: 'missing' }, 'SHARD_UNAVAILABLE', 'Database missing on'],
      ])('at %s gets one clear error', async (_title, wrong, code, message) => {
        const { address } = await world.manager.shards.show('a');
        const adding = world.manager.shards.add('x', { ...address, ...wrong });
        await expect(adding).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
        expectSettled(await readState(world));
      });

      it('in a dry run is not touched', async () => {
        const address = await world.prepareDatabase('untouched');
        await world.manager.dryRun.shards.add('u', address);
        const { rows } = await world.root(address).query(localByHand.isInstalled());
        expect(rows).toEqual([{ installed: 0 }]);
      });
    });

    describe('a catalog', () => {
      it('of a newer schema is refused', async () => {
        await world.catalog.query(catalogByHand.setSchemaVersion(schemaVersions.catalog + 1));
        await expect(world.store.checkSchema()).rejects.toThrow(
          otherVersion("The catalog's schema", 'catalog', schemaVersions.catalog + 1),
        );
        await world.catalog.query(catalogByHand.setSchemaVersion(schemaVersions.catalog));
        await world.store.checkSchema();
      });
    });
  },
  'also mixed',
);
