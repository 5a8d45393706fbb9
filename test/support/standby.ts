import { expect } from 'vitest';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sql, sqlText } from '../../src/core/sql.ts';

const waiting = sql`select pid from pg_stat_activity where wait_event = 'SyncRep'`;

/** From now on every commit of the server waits for a standby, which does not exist. `root` is a superuser's. */
export async function awaitStandby(root: SqlDatabase): Promise<void> {
  await nameStandby(root, 'nobody');
  await expect.poll(() => aCommitWaits(root)).toBe(true);
}

/** Commits wait for no standby any more. */
export async function awaitNoStandby(root: SqlDatabase): Promise<void> {
  await nameStandby(root, '');
}

/** Calls off every wait for a standby; how many there were. */
export async function callOffStandbyWaits(root: SqlDatabase): Promise<number> {
  return (await root.query(sql`select pg_cancel_backend(pid) from (${waiting}) w`)).rowCount;
}

/** Resolves once one commit waits for a standby. */
export async function untilACommitWaits(root: SqlDatabase): Promise<void> {
  await expect.poll(async () => (await root.query(waiting)).rowCount).toBe(1);
}

async function nameStandby(root: SqlDatabase, name: 'nobody' | ''): Promise<void> {
  await root.query(sqlText(`alter system set synchronous_standby_names = '${name}'`));
  await root.query(sqlText('select pg_reload_conf()'));
  const settled = sql`select current_setting('synchronous_standby_names') as name`;
  await expect.poll(async () => (await root.query(settled)).rows).toEqual([{ name }]);
}

/**
 * Whether a commit of its own waited, which was then called off. A session may know the setting before the checkpointer does, for which commits look.
 */
async function aCommitWaits(root: SqlDatabase): Promise<boolean> {
  const own = Promise.withResolvers<number>();
  let isOver = false;
  const commit = root
    .transaction(async (session) => {
      const { rows } = await session.query(sql`select pg_backend_pid() as pid, pg_logical_emit_message(true, 'probe', '')`);
      own.resolve(Number(rows[0]?.['pid']));
    })
    .catch(own.reject)
    .finally(() => (isOver = true));
  const pid = await own.promise;
  for (;;) {
    const calledOff = await root.query(sql`select pg_cancel_backend(pid) from (${waiting}) w where pid = ${pid}`);
    if (calledOff.rowCount > 0) {
      await commit;
      return true;
    }
    if (isOver) return false;
  }
}
