import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalMap } from '../../../shardmap/local-map.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { interruptedAccess } from '../../support/interrupted-access.ts';
import { enterAs, expectSettled, readState } from '../../support/shard-map-state.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';

let world: ShardMapWorld;
beforeAll(async () => {
  world = await startShardMapWorld('list', ['a']);
  await world.manager.tenants.add(1, { shard: 'a' });
});
afterAll(async () => {
  await world?.close();
});

/** Whether a commit of the catalog waits for a standby that is not there. */
async function waitForStandby(name: 'nobody' | ''): Promise<void> {
  await world.catalog.query(sqlText(`alter system set synchronous_standby_names = '${name}'`));
  await world.catalog.query(sqlText('select pg_reload_conf()'));
  await expect
    .poll(async () => (await world.catalog.query(sql`select current_setting('synchronous_standby_names') as name`)).rows)
    .toEqual([{ name }]);
}

/** Calls off every wait for a standby; how many there were. */
async function callOff(): Promise<number> {
  const waiting = sql`select pid from pg_stat_activity where wait_event = 'SyncRep'`;
  return (await world.catalog.query(sql`select pg_cancel_backend(pid) from (${waiting}) w`)).rowCount;
}

describe('a commit of the catalog whose wait for a standby was called off', () => {
  /** Takes tenant 1 offline; just before the commit, the catalog begins to wait for a standby. */
  const offline = (): Promise<unknown> =>
    world
      .createManager({ access: interruptedAccess(world.access, 2, () => waitForStandby('nobody')) })
      .tenants.offline(1)
      .catch((error: unknown) => error);

  it('is not taken for done because it can be read: no shard follows it', async () => {
    const outcome = offline();
    let ended = false;
    void outcome.then(() => (ended = true));
    const goesOn = async (): Promise<boolean> => {
      await callOff();
      return !ended;
    };
    await expect.poll(goesOn, { timeout: 10_000 }).toBe(false);
    expect(await outcome).toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' });
    const { mappingId } = await world.manager.tenants.where(1);
    const local = new LocalMap(world.access.open((await world.store.findShard('a'))!));
    expect(await local.get(mappingId)).toMatchObject({ state: 'DRAINING' });
    await waitForStandby('');
    expect(await world.manager.sweep()).toMatchObject({ settled: [{ end: 'DONE' }] });
    expect(await enterAs(world, 1)).toBe('OFFLINE');
    expectSettled(await readState(world));
    await world.manager.tenants.online(1);
  });

  it('is done once a later one has reached the standby', async () => {
    const outcome = offline();
    await expect.poll(callOff).toBe(1);
    await waitForStandby('');
    expect(await outcome).toMatchObject({ description: expect.stringContaining('offline') as string });
    expect(await enterAs(world, 1)).toBe('OFFLINE');
    expectSettled(await readState(world));
    await world.manager.tenants.online(1);
  });
});
