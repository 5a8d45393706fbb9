import pg from 'pg';
import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { enter, rowsOf, type World } from './support/world.ts';

/** Tenant 1 keeps a transaction open after its deed; harm is done where tenant 2 then cannot enter. */
const hold =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      await client.query(text);
      return (await canEnter(world)) ? 'tenant 2 entered' : succeeded;
    });

async function canEnter(world: World): Promise<boolean> {
  const neighbour = await world.app();
  await neighbour.query(`begin; set local lock_timeout = '200ms'`);
  try {
    await enter(neighbour, 2);
    return true;
  } catch (error) {
    // The mapping's lock is refused at once, a lock of the whole table after a wait.
    if (error instanceof pg.DatabaseError && ['TN003', '55P03'].includes(error.code ?? '')) return false;
    throw error;
  } finally {
    await neighbour.query('rollback');
  }
}

describeAttacks(
  'Standing in another tenant’s way',
  {
    'taking the lock of another tenant’s mapping for the session': hold('select pg_advisory_lock(1413828161, 2)'),
    'taking the lock of another tenant’s mapping for the transaction': hold('select pg_advisory_xact_lock(1413828161, 2)'),
    'trying for the lock of another tenant’s mapping': hold('select pg_try_advisory_lock(1413828161, 2)'),
    'keeping a fence out by entering another mapping without its token': async (world) => {
      const client = await world.app();
      await client.query('begin; savepoint attempt');
      await enter(client, 2, { token: new Uint8Array(16) }).catch(() => client.query('rollback to attempt'));
      const [fence] = await rowsOf<{ free: boolean }>(world.root, 'select pg_try_advisory_xact_lock(1413828161, 2) as free');
      await client.query('rollback');
      return fence?.free === true ? 'the fence got in' : succeeded;
    },
    'locking the local shard map': hold('lock table tenantry.local_mapping in access exclusive mode'),
    'ending another tenant’s session': async (world) => {
      const neighbour = await world.app();
      await neighbour.query('begin');
      await enter(neighbour, 2);
      const [session] = await rowsOf<{ pid: number }>(neighbour, 'select pg_backend_pid() as pid');
      await world.asTenant(1, (client) => client.query('select pg_terminate_backend($1, 5000)', [session?.pid]));
      return succeeded;
    },
  },
  defences.locks,
);
