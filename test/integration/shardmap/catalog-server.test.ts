import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { catalogSchemaFiles } from '../../../src/engine/schema-files.ts';
import { writableServer } from '../../../shardmap/own-catalog.ts';
import { interruptedAccess } from '../../support/interrupted-access.ts';
import { backUp, promote, restore, whileStandby } from '../../support/restored-server.ts';
import { enterAs, expectSettled, readState } from '../../support/shard-map-state.ts';
import { startPostgresWorld, type PostgresWorld } from '../../support/shard-map-world.ts';

let world: PostgresWorld;
beforeAll(async () => {
  world = await startPostgresWorld('list');
  for (const tenant of [1, 2]) await world.manager.tenants.add(tenant, { shard: 'a' });
});
afterAll(async () => {
  await world?.close();
});

const refused = { code: 'CATALOG_UNVERIFIED' };
const shardA = async (): Promise<SqlDatabase> => world.access.open((await world.store.findShard('a'))!);
const blogs = async (tenant: number): Promise<unknown[]> => {
  const root = world.root((await world.store.findShard('a'))!.address);
  return (await root.query(sql`select "Name" from "Blogs" where "TenantId" = ${tenant}`)).rows.map(({ Name }) => Name);
};

describe('a change whose catalog gets another server in the middle', () => {
  it('is not committed there; its own runner undoes it, and the tenant is served', async () => {
    // The second transaction is the one in which the mapping has drained: the next step is the commit.
    const manager = world.createManager({ access: interruptedAccess(world.access, 2, () => promote(world.catalogServer)) });
    await expect(manager.tenants.offline(1)).rejects.toMatchObject(refused);
    expect(await enterAs(world, 1)).toBe('admitted');
    expectSettled(await readState(world));
    expect(await world.manager.recover()).toMatchObject({ catalog: 'accepted', settled: [], disagreements: [] });
  });

  it('is finished by its own runner where it was committed before', async () => {
    const manager = world.createManager({ access: interruptedAccess(world.access, 3, () => promote(world.catalogServer)) });
    await manager.tenants.offline(1);
    expect(await enterAs(world, 1)).toBe('OFFLINE');
    expectSettled(await readState(world));
    expect(await world.manager.recover()).toMatchObject({ catalog: 'accepted', settled: [], disagreements: [] });
    await world.manager.tenants.online(1);
  });
});

describe('a catalog whose server only follows another one', () => {
  it('is routed by, and says to everybody who would change it that it takes no changes', async () => {
    const follows = { code: 'CATALOG_UNVERIFIED', detail: expect.stringContaining('only follows another one') as string };
    await whileStandby(world.catalogServer, world.catalog, async () => {
      const { manager, store } = world;
      for (const { tenants, maps } of [manager, manager.dryRun]) {
        await expect(tenants.offline(1)).rejects.toMatchObject(follows);
        await expect(maps.create({ name: 'other', kind: 'list', keyType: 'int', context: 'T' })).rejects.toMatchObject(follows);
      }
      for (const confirmed of [false, true]) await expect(manager.recover({ confirmed })).rejects.toMatchObject(follows);
      await expect(manager.dryRun.recover()).rejects.toMatchObject(follows);
      await expect(manager.sweep()).rejects.toMatchObject(follows);
      expect(await manager.tenants.where(1)).toMatchObject({ shard: 'a', state: 'ONLINE' });
      expect((await store.server()).present).toBeNull();
    });
    expect(await world.manager.recover()).toMatchObject({ catalog: 'accepted', disagreements: [] });
  });
});

describe('what a restored catalog has otherwise than the shards', () => {
  it('is put right by hand, as docs/operations.md says', async () => {
    const { tenants } = world.manager;
    const catalog = async (text: string): Promise<unknown> => world.catalog.query(sqlText(text));
    await tenants.add(4, { shard: 'a' });
    const [first, second, away] = await Promise.all([1, 2, 4].map((tenant) => tenants.where(tenant)));
    await tenants.offline(4);
    await backUp(world.catalogServer);
    await tenants.offline(1);
    await tenants.online(1);
    await tenants.remove(4);
    // As a runner leaves it that died in the time that the backup lacks.
    await (await shardA()).query(sql`update tenantry.local_mapping set state = 'DRAINING' where mapping_id = ${second!.mappingId}`);
    await restore(world.catalogServer, 'by recovery');

    const otherwise = [
      { what: 'epoch', mappingId: first!.mappingId, onShard: String(first!.epoch + 2) },
      { what: 'state', mappingId: second!.mappingId, onShard: 'DRAINING' },
      { what: 'missing', mappingId: away!.mappingId },
    ];
    expect(await world.manager.recover({ confirmed: true })).toMatchObject({ catalog: 'accepted', disagreements: otherwise });
    await expect(tenants.offline(1)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(tenants.online(4)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(tenants.remove(4)).rejects.toMatchObject({ code: 'CONFLICT' });
    await tenants.offline(2);
    await tenants.online(2);

    await catalog(`delete from tenantry.mapping where mapping_id = ${away!.mappingId}`);
    await catalog(`update tenantry.mapping set epoch = ${first!.epoch + 2} where mapping_id = ${first!.mappingId}`);
    expect(await world.manager.recover()).toMatchObject({ catalog: 'known', disagreements: [] });
    for (const tenant of [1, 2]) expect(await enterAs(world, tenant)).toBe('admitted');
    await tenants.offline(1);
    await tenants.online(1);
  });
});

describe('an operation that a restored catalog has as left', () => {
  it('is brought to its end only after the shards were asked: rows of a tenant that was removed and added again stay', async () => {
    await world.manager.tenants.offline(2);
    const dies = interruptedAccess(world.access, 2, () => Promise.reject(new Error('The runner dies.')));
    await expect(world.createManager({ access: dies }).tenants.remove(2, { purge: true })).rejects.toThrow('is left COMMITTED');
    await backUp(world.catalogServer);
    expect(await world.manager.sweep()).toMatchObject({ settled: [{ end: 'DONE' }] });
    await world.manager.tenants.add(2, { shard: 'a' });
    const { mappingId } = await world.manager.tenants.where(2);
    await (await shardA()).query(sql`insert into "Blogs" ("TenantId", "BlogId", "Name") values (2, 1, 'new')`);
    await restore(world.catalogServer, 'by recovery');

    await expect(world.manager.sweep()).rejects.toMatchObject(refused);
    await expect(world.manager.tenants.add(2, { shard: 'b' })).rejects.toMatchObject(refused);
    await expect(world.manager.tenants.online(2)).rejects.toMatchObject(refused);
    expect(await world.manager.recover()).toMatchObject({ catalog: 'refused', settled: [], disagreements: [{ what: 'extra', mappingId }] });
    expect(await blogs(2)).toEqual(['new']);

    // Nor does it delete them where the operator takes the catalog as it is: the shard has no such mapping any more.
    expect(await world.manager.recover({ confirmed: true })).toMatchObject({ catalog: 'accepted', settled: [{ end: 'DONE' }] });
    expect(await blogs(2)).toEqual(['new']);
    await (await shardA()).query(sql`delete from tenantry.local_mapping where mapping_id = ${mappingId}`);
    expect(await world.manager.recover()).toMatchObject({ catalog: 'known', disagreements: [] });
    await world.manager.tenants.add(2, { shard: 'a' });
  });
});

describe('adding a shard, which a restored catalog has as left', () => {
  it('is not undone where the shard has tenants by now', async () => {
    const address = await world.prepareDatabase('d');
    const dies = interruptedAccess(world.access, 1, () => world.catalogServer.kill());
    await expect(world.createManager({ access: dies }).shards.add('d', address)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    await world.catalogServer.restart();
    await world.catalog.query(sqlText('update tenantry.operation set lease_until = clock_timestamp()'));
    await backUp(world.catalogServer);
    // In the time that the backup lacks the shard is used.
    const { shardId } = (await world.store.findShard('d'))!;
    const root = world.root(address);
    await root.query(sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
      values (800, 'point', '\\x80000063', 'ONLINE', 99, ${new Uint8Array(16)})`);
    await restore(world.catalogServer, 'by recovery');
    for (const confirmed of [false, true])
      expect(await world.manager.recover({ confirmed })).toMatchObject({
        catalog: confirmed ? 'accepted' : 'refused',
        failed: [{ operation: { kind: 'add-shard' }, error: { code: 'CONFLICT' } }],
      });
    expect((await root.query(sqlText('select shard_id::text as id from tenantry.shard_identity'))).rows).toEqual([{ id: shardId }]);
    await root.query(sqlText('delete from tenantry.local_mapping'));
    expect(await world.manager.recover()).toMatchObject({ catalog: 'known', settled: [{ end: 'UNDONE' }], failed: [] });
    expect((await root.query(sqlText('select from tenantry.shard_identity'))).rowCount).toBe(0);
  });
});

describe('a shard that was added after the backup of a catalog', () => {
  it('is found by nobody, as docs/operations.md says, and can be added again with its tenants', async () => {
    const address = await world.prepareDatabase('c');
    await backUp(world.catalogServer);
    await world.manager.shards.add('c', address);
    await world.manager.tenants.add(9, { shard: 'c' });
    await restore(world.catalogServer, 'by recovery');
    expect(await world.manager.recover()).toMatchObject({ catalog: 'accepted', compared: ['a', 'b'], disagreements: [] });

    await expect(world.manager.shards.add('c', address)).rejects.toMatchObject({ code: 'CONFLICT' });
    await world.root(address).query(sqlText('delete from tenantry.local_mapping; delete from tenantry.shard_identity'));
    await world.manager.shards.add('c', address);
    await world.manager.tenants.add(9, { shard: 'c' });
    expect(await enterAs(world, 9)).toBe('admitted');
    expectSettled(await readState(world));
  });
});

describe('a logical copy of the catalog', () => {
  it('is seen where the tables were made anew in the same database', async () => {
    await world.catalog.query(sqlText('alter schema tenantry rename to dumped'));
    for (const file of catalogSchemaFiles) await world.catalog.script(file);
    await world.catalog.query(
      sqlText(`insert into tenantry.shard_map (map_id, name, kind, key_type, context, version) overriding system value
          select map_id, name, kind, key_type, context, version from dumped.shard_map;
        insert into tenantry.operation select * from dumped.operation;
        insert into tenantry.shard select * from dumped.shard;
        insert into tenantry.mapping select * from dumped.mapping;
        select setval('tenantry.mapping_id', last_value) from dumped.mapping_id;
        update tenantry.catalog_server set incarnation = (select incarnation from dumped.catalog_server);
        drop schema dumped cascade`),
    );
    await expect(world.manager.tenants.offline(1)).rejects.toMatchObject(refused);
    expect(await world.manager.recover()).toMatchObject({ catalog: 'accepted' });
  });

  it('is seen where it is another database of the same server', async () => {
    const server = world.root({ ...world.catalogAddress, database: 'postgres' });
    await server.query(sqlText('alter database catalog allow_connections false'));
    await server.query(sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${world.catalogAddress.database}`);
    await server.query(sqlText('create database restored template catalog'));
    await server.query(sqlText('drop database catalog'));
    await server.query(sqlText('alter database restored rename to catalog'));
    await expect(world.manager.tenants.offline(1)).rejects.toMatchObject(refused);
    expect(await world.manager.recover()).toMatchObject({ catalog: 'accepted' });
  });
});

describe("recording the catalog's server", () => {
  it('takes only the one that answers, in place of the one that was there', async () => {
    const { present } = await writableServer(world.store);
    const record = (from: string, to: string): Promise<boolean> => world.store.change((catalog) => catalog.recordServer(from, to));
    expect(await record(present, 'one that does not answer')).toBe(false);
    expect(await record('one that was not recorded', present)).toBe(false);
    expect(await world.store.server()).toEqual({ recorded: present, present });
    await world.catalog.query(sqlText(`update tenantry.catalog_server set incarnation = 'before'`));
    expect(await record('before', present)).toBe(true);
    expect(await world.store.server()).toEqual({ recorded: present, present });
  });
});
