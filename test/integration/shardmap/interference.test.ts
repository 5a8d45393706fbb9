import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import { sql, sqlText, type Sql } from '../../../src/core/sql.ts';
import { interruptedAccess } from '../../support/interrupted-access.ts';
import { enterAs, expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';

let list: ShardMapWorld;
let range: ShardMapWorld;
beforeAll(async () => {
  [list, range] = await Promise.all([startShardMapWorld('list', ['a']), startShardMapWorld('range', ['a'])]);
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

const freeAll = sqlText('update tenantry.mapping set operation_id = null');
const holdShard = sqlText(`update tenantry.shard set operation_id = (select operation_id from tenantry.operation
  where state not in ('DONE', 'UNDONE')) where name = 'a'`);
const freeShard = sqlText(`update tenantry.shard set operation_id = null where name = 'a'`);

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
    const losing = interrupted(world(), last, () => world().catalog.query(freeAll));
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
    await expect(interrupted(range, 2, () => range.catalog.query(holdShard)).ranges.split(7)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('is no longer held') as unknown,
    });
    await range.catalog.query(freeShard);
    expect(await readState(range)).toEqual(before);
    expectSettled(before);
  });
});

describe('a change whose mapping was changed on the shard by hand before its commit does not commit', () => {
  beforeEach(() => prepare('online'));
  const reopen = sqlText(`update tenantry.local_mapping set state = 'ONLINE' where state = 'DRAINING'`);

  it('taking a tenant offline, which was let in again', async () => {
    const before = await readState(list);
    const changed = interrupted(list, 2, () => byHand(list, reopen));
    await expect(changed.tenants.offline(tenant)).rejects.toThrow(/it is ONLINE at epoch \d+ where DRAINING at epoch \d+ was expected/);
    expect(await readState(list)).toEqual(before);
    expect(await enterAs(list, tenant)).toBe('admitted');
  });

  it.each([
    ['splitting a range', (manager: ShardMapManager) => manager.ranges.split(7), 7],
    ['merging two ranges', (manager: ShardMapManager) => manager.ranges.merge(10), 10],
  ] as const)('%s, which was let in again', async (_title, make, key) => {
    const before = await readState(range);
    const changed = interrupted(range, 2, () => byHand(range, reopen));
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
    await byHand(list, sqlText('update tenantry.local_mapping set epoch = epoch + 1'));
    await expect(make(list.manager)).rejects.toThrow(/it is OFFLINE at epoch \d+ where OFFLINE at epoch \d+ was expected/);
    await byHand(list, sqlText('update tenantry.local_mapping set epoch = epoch - 1'));
    expect(await readState(list)).toEqual(before);
    expectSettled(before);
  });
});

describe('a change whose hold is lost where it can neither go on nor be undone is left as it is, and says so', () => {
  it('adding a tenant whose row was deleted', async () => {
    await list.catalog.query(sqlText('create table kept as select * from tenantry.mapping with no data'));
    const deleteRow = sqlText(
      `with gone as (delete from tenantry.mapping where state = 'ADDING' returning *) insert into kept select * from gone`,
    );
    const losing = interrupted(list, 1, () => list.catalog.query(deleteRow));
    await expect(losing.tenants.add(8, { shard: 'a' })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('is left ABORTED') as unknown,
    });
    expect((await list.manager.sweep()).failed).toMatchObject([{ operation: { kind: 'add-mapping' }, error: { code: 'INTERNAL' } }]);
    await list.catalog.query(sqlText('insert into tenantry.mapping select * from kept; drop table kept'));
    expect((await list.manager.sweep()).settled).toMatchObject([{ operation: { kind: 'add-mapping' }, end: 'UNDONE' }]);
    expectSettled(await readState(list));
  });

  it('removing a tenant whose row another operation took', async () => {
    await list.manager.tenants.add(9, { shard: 'a' });
    await list.manager.tenants.offline(9);
    const losing = interrupted(list, 2, () => list.catalog.query(giveAway('mapping', `state = 'REMOVING'`)));
    await expect(losing.tenants.remove(9)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('is left COMMITTED') as unknown,
    });
    await list.catalog.query(
      sqlText(`update tenantry.mapping set operation_id = (select operation_id from tenantry.operation where state = 'COMMITTED')
        where state = 'REMOVING'`),
    );
    expect((await list.manager.sweep()).settled).toMatchObject([{ operation: { kind: 'remove-mapping' }, end: 'DONE' }]);
    expectSettled(await readState(list));
  });
});

/** Gives what is being changed to an operation that has ended. */
const giveAway = (table: 'mapping' | 'shard', what: string): Sql =>
  sqlText(
    `update tenantry.${table} set operation_id = (select operation_id from tenantry.operation where state = 'DONE' limit 1) where ${what}`,
  );

describe('what an operation that has ended holds', () => {
  it('is said to be held so, by every change that would wait for it', async () => {
    await prepare('online');
    const { mappingId } = await list.manager.tenants.where(tenant);
    await list.catalog.query(giveAway('mapping', `mapping_id = ${mappingId}`));
    const patient = list.createManager({ waitMs: 60_000 });
    await expect(patient.tenants.offline(tenant)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('has ended and holds it still') as unknown,
    });
    await list.catalog.query(freeAll);
    expectSettled(await readState(list));
  });
});

describe('adding a shard', () => {
  const lost = { code: 'INTERNAL', message: expect.stringContaining('Shard x is no longer held by the operation that') as unknown };
  const giveShardAway = (): Promise<unknown> => list.catalog.query(giveAway('shard', `name = 'x'`));

  it('does not commit where its hold on the catalog is lost, nor does removing it', async () => {
    const address = await list.prepareDatabase('given');
    await expect(interrupted(list, 1, giveShardAway).shards.add('x', address)).rejects.toMatchObject(lost);
    expect(await list.store.findShard('x')).toMatchObject({ state: 'ADDING', incarnation: '' });
    await list.catalog.query(sqlText(`delete from tenantry.shard where name = 'x'`));

    await list.manager.shards.add('x', address);
    await expect(interrupted(list, 1, giveShardAway).shards.remove('x')).rejects.toMatchObject(lost);
    expect(await list.store.findShard('x')).toMatchObject({ state: 'ONLINE' });
    await list.catalog.query(sqlText(`update tenantry.shard set operation_id = null where name = 'x'`));
    await list.manager.shards.remove('x');
    expectSettled(await readState(list));
  });

  it('whose database another map claims meanwhile is undone, and leaves the database to it', async () => {
    const address = await list.prepareDatabase('contended');
    const shardId = crypto.randomUUID();
    const claim = sql`insert into tenantry.shard_identity (shard_id, map, key_type) values (${shardId}, 'strangers', 'int')`;
    const losing = interrupted(list, 1, () => list.root(address).query(claim));
    await expect(losing.shards.add('x', address)).rejects.toThrow(`it is shard ${shardId} of map strangers`);
    const { rows } = await list.root(address).query(sqlText('select shard_id as id from tenantry.shard_identity'));
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
      await range.catalog.query(
        sql`update tenantry.mapping set state = 'OFFLINE', operation_id = ${operationId} where mapping_id = ${mappingId}`,
      );
      await expect(range.manager.ranges[change](10)).rejects.toMatchObject({
        code: key === 7 && change === 'split' ? 'CONFLICT' : 'OPERATION_IN_PROGRESS',
      });
      await range.catalog.query(sql`update tenantry.mapping set state = 'ONLINE', operation_id = null where mapping_id = ${mappingId}`);
    }
    await range.catalog.query(sql`delete from tenantry.operation where operation_id = ${operationId}`);
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
    const [sequence] = (await list.catalog.query<{ id: number }>(sqlText('select last_value::integer + 1 as id from tenantry.mapping_id')))
      .rows;
    const { version } = (await list.store.findMap('customers'))!;
    const key = Buffer.from('80000063', 'hex');
    await byHand(
      list,
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
      values (${sequence!.id}, 'point', ${key}, 'INCOMING', ${version + 1}, ${new Uint8Array(16)})`,
    );
    const conflict = { code: 'CONFLICT', detail: expect.stringContaining('its keys are others') as string };
    await expect(list.manager.tenants.add(4, { shard: 'a' })).rejects.toMatchObject(conflict);
    expectSettled(await readState(list));
  });
});
