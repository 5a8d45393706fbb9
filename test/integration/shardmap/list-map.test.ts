import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenOfTests } from '../../support/shard-map-access.ts';
import { expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { catalogByHand, localByHand } from '../../support/shard-map-by-hand.ts';

describeOnEachGround(
  'a list map',
  (grounds) => {
    let world: ShardMapWorld;
    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list');
    });
    afterAll(async () => {
      await world?.close();
    });

    /** As JSON sees a Buffer. */
    const isBytes = (value: unknown): value is { readonly data: readonly number[] } =>
      typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
    const code = (expected: string): unknown => expect.objectContaining({ code: expected });

    describe('tenants of a list map', () => {
      it('are added, found, taken offline, brought online and removed, each change raising epoch and version by one', async () => {
        const { tenants } = world.manager;
        const before = await readState(world);
        await tenants.add(42, { shard: 'a' });
        const placed = await tenants.where(42);
        expect(placed).toMatchObject({ map: 'customers', tenant: '42', shard: 'a', state: 'ONLINE', epoch: before.version + 1 });
        await tenants.offline(42);
        expect(await tenants.where({ text: '42' })).toMatchObject({
          mappingId: placed.mappingId,
          state: 'OFFLINE',
          epoch: placed.epoch + 1,
        });
        await tenants.online(42);
        expect(await tenants.where(42)).toMatchObject({ mappingId: placed.mappingId, state: 'ONLINE', epoch: placed.epoch + 2 });
        expectSettled(await readState(world));
        await tenants.offline(42);
        await tenants.remove(42);
        await expect(tenants.where(42)).rejects.toEqual(code('UNKNOWN_TENANT'));
        const after = await readState(world);
        expectSettled(after);
        expect(after.version).toBe(before.version + 5);
      });

      it('come back with an epoch above every one they had', async () => {
        const { tenants } = world.manager;
        await tenants.add(7, { shard: 'a' });
        await tenants.offline(7);
        const { epoch } = await tenants.where(7);
        await tenants.remove(7);
        await tenants.add(7, { shard: 'b' });
        expect((await tenants.where(7)).epoch).toBeGreaterThan(epoch);
        expectSettled(await readState(world));
      });

      it('have one place', async () => {
        const { tenants } = world.manager;
        await tenants.add(1, { shard: 'a' });
        await expect(tenants.add(1, { shard: 'b' })).rejects.toThrow('The tenant 1 is on shard a already');
        expect((await readState(world)).unfinished).toEqual([]);
      });

      it('must be offline before they are removed', async () => {
        const { tenants } = world.manager;
        await tenants.add(2, { shard: 'a' });
        await expect(tenants.remove(2)).rejects.toThrow('The tenant 2 is ONLINE: take it offline first.');
        await tenants.offline(2);
        await expect(tenants.offline(2)).rejects.toThrow('The tenant 2 is OFFLINE already.');
        await tenants.online(2);
        await expect(tenants.online(2)).rejects.toThrow('The tenant 2 is ONLINE already.');
        await tenants.offline(2);
      });

      it('lose their rows and nobody else any when they are removed with purge, in batches', async () => {
        const { tenants } = world.manager;
        await tenants.add(3, { shard: 'a' });
        await tenants.add(4, { shard: 'a' });
        const shard = world.access.open((await world.store.findShard('a'))!);
        await shard.query(localByHand.addBlogs(1_500));
        await shard.query(localByHand.addPosts(1_500));
        await tenants.offline(3);
        await tenants.remove(3, { purge: true });
        const { rows } = await shard.query(localByHand.postsByTenant());
        expect(rows).toEqual([{ tenant: 4, posts: 1500, blogs: 1500 }]);
        expectSettled(await readState(world));
      });

      it('are listed in order of their keys', async () => {
        const { tenants } = world.manager;
        for (const tenant of [-5, 900]) await tenants.add(tenant, { shard: 'b' });
        const listed = await Array.fromAsync(tenants.list({ shard: 'b' }));
        expect(listed.map(({ tenant }) => tenant)).toEqual(['-5', '7', '900']);
      });

      it('are published where they are, or are no more', async () => {
        world.published.length = 0;
        await world.manager.tenants.add(11, { shard: 'a' });
        const { mappingId, epoch } = await world.manager.tenants.where(11);
        const { shardId } = (await world.store.findShard('a'))!;
        expect(world.published).toMatchObject([{ map: 'customers', route: { mappingId, epoch, shardId } }]);
        await world.manager.tenants.offline(11);
        await world.manager.tenants.remove(11);
        expect(world.published.at(-1)).not.toHaveProperty('route');
      });
    });

    describe('the token of a mapping', () => {
      it('is kept by the shard alone: the catalog, its log included, and what is published have none', async () => {
        const { tenants } = world.manager;
        world.published.length = 0;
        await tenants.add(21, { shard: 'a' });
        await tenants.offline(21);
        await tenants.online(21);
        const { mappingId } = await tenants.where(21);
        const shard = world.access.open((await world.store.findShard('a'))!);
        const { rows } = await shard.query<{ token: Uint8Array; epoch: number }>(localByHand.tokenOf(mappingId));
        const epoch = rows[0]!.epoch;
        expect(Buffer.from(rows[0]!.token)).toEqual(Buffer.from(tokenOfTests('customers', mappingId, epoch)));
        const tables = ['mapping', 'operation', 'shard', 'shard_map'] as const;
        const rowsOf = await Promise.all(tables.map(async (table) => (await world.catalog.query(catalogByHand.all(table))).rows));
        const everything = JSON.stringify([rowsOf, world.published], (_name, value: unknown) =>
          isBytes(value) ? Buffer.from(value.data).toString('hex') : value,
        );
        expect(everything).toContain(mappingId.toString());
        for (const each of [epoch - 2, epoch - 1, epoch]) {
          const token = Buffer.from(tokenOfTests('customers', mappingId, each));
          for (const encoding of ['hex', 'base64', 'base64url'] as const) expect(everything).not.toContain(token.toString(encoding));
        }
        await tenants.offline(21);
        await tenants.remove(21);
      });
    });

    describe('a dry run', () => {
      it('finds what is wrong, and changes nothing where nothing is', async () => {
        const { dryRun } = world.manager;
        const before = await readState(world);
        expect(await dryRun.tenants.add(77, { shard: 'a' })).toEqual({ description: expect.stringContaining('Add tenant 77') });
        await expect(dryRun.tenants.add(1, { shard: 'b' })).rejects.toEqual(code('CONFLICT'));
        await expect(dryRun.tenants.remove(1)).rejects.toEqual(code('CONFLICT'));
        await dryRun.maps.create({ name: 'tried', kind: 'range', keyType: 'uuid', context: 'TenantId' });
        await expect(world.manager.maps.show('tried')).rejects.toEqual(code('NOT_FOUND'));
        expect(await readState(world)).toEqual(before);
      });
    });

    describe('bad input gets one clear error', () => {
      it.each([
        ['an unknown shard', () => world.manager.tenants.add(5, { shard: 'c' }), 'Map customers has no shard c; it has a, b.'],
        [
          'an unknown map',
          () => world.manager.tenants.add(5, { shard: 'a', map: 'others' }),
          'There is no shard map others; there is customers.',
        ],
        [
          'range commands on a list map',
          () => world.manager.ranges.split(5),
          'Map customers is a list map: use `tenant` commands, not `range`.',
        ],
        [
          'a name of a map with spaces',
          () => world.manager.maps.create({ name: 'a b', kind: 'list', keyType: 'int', context: 'T' }),
          'The name of a shard map is 1 to 63 letters',
        ],
        [
          'a context of more letters than a column of every engine has',
          () => world.manager.maps.create({ name: 'other', kind: 'list', keyType: 'int', context: 'T'.repeat(64) }),
          'The context of a shard map is what the tenant is called, such as TenantId: a name of 1 to 63 letters',
        ],
        [
          'a second map of one name',
          () => world.manager.maps.create({ name: 'customers', kind: 'list', keyType: 'int', context: 'T' }),
          'There is a shard map customers already.',
        ],
      ])('%s', async (_title, act, message) => {
        await expect(act()).rejects.toThrow(message);
      });

      it('a tenant id of another type', async () => {
        await expect(world.manager.tenants.add('42', { shard: 'a' })).rejects.toEqual(code('INVALID_TENANT_ID'));
      });
    });
  },
  'also mixed',
);
