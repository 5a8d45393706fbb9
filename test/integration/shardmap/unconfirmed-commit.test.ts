import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalMap } from '../../../shardmap/local-map.ts';
import { interruptedAccess } from '../../support/interrupted-access.ts';
import { enterAs, expectSettled, readState } from '../../support/shard-map-state.ts';
import { startPostgresWorld, type PostgresWorld } from '../../support/shard-map-world.ts';
import { awaitNoStandby, awaitStandby, callOffStandbyWaits } from '../../support/standby.ts';

let world: PostgresWorld;
beforeAll(async () => {
  world = await startPostgresWorld('list', ['a']);
  await world.manager.tenants.add(1, { shard: 'a' });
});
afterAll(async () => {
  await world?.close();
});

describe('a commit of the catalog whose wait for a standby was called off', () => {
  /** Takes tenant 1 offline; just before the commit, the catalog begins to wait for a standby. Resolves once it does, or earlier where it ended. */
  async function offline(): Promise<{ outcome: Promise<unknown> }> {
    const waits = Promise.withResolvers<void>();
    const begin = (): Promise<void> => awaitStandby(world.catalog).then(waits.resolve);
    const outcome = world
      .createManager({ access: interruptedAccess(world.access, 2, begin) })
      .tenants.offline(1)
      .catch((error: unknown) => error);
    await Promise.race([waits.promise, outcome]);
    return { outcome };
  }

  it('is not taken for done because it can be read: no shard follows it', async () => {
    const { outcome } = await offline();
    let ended = false;
    void outcome.then(() => (ended = true));
    const goesOn = async (): Promise<boolean> => {
      await callOffStandbyWaits(world.catalog);
      return !ended;
    };
    await expect.poll(goesOn).toBe(false);
    expect(await outcome).toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' });
    const { mappingId } = await world.manager.tenants.where(1);
    const local = new LocalMap(world.access.open((await world.store.findShard('a'))!));
    expect(await local.get(mappingId)).toMatchObject({ state: 'DRAINING' });
    await awaitNoStandby(world.catalog);
    expect(await world.manager.sweep()).toMatchObject({ settled: [{ end: 'DONE' }] });
    expect(await enterAs(world, 1)).toBe('OFFLINE');
    expectSettled(await readState(world));
    await world.manager.tenants.online(1);
  });

  it('is done once a later one has reached the standby', async () => {
    const { outcome } = await offline();
    await expect.poll(() => callOffStandbyWaits(world.catalog)).toBe(1);
    await awaitNoStandby(world.catalog);
    expect(await outcome).toMatchObject({ description: expect.stringContaining('offline') as string });
    expect(await enterAs(world, 1)).toBe('OFFLINE');
    expectSettled(await readState(world));
    await world.manager.tenants.online(1);
  });
});
