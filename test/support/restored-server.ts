import { execFile } from 'node:child_process';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sqlText } from '../../src/core/sql.ts';
import type { PostgresServer } from './servers/postgres.ts';

const run = promisify(execFile);
const copy = (from: string, to: string): Promise<unknown> => run('cp', ['-a', from, to]);

/** Keeps a copy of the server's data directory, taken while it is at rest. */
export async function backUp(server: PostgresServer): Promise<void> {
  await server.restart('fast', async (data) => {
    await rm(`${data}.copy`, { recursive: true, force: true });
    await copy(data, `${data}.copy`);
  });
}

/** Puts the copy back: simply started again, or through a recovery that finds no more WAL and so begins a timeline. */
export async function restore(server: PostgresServer, how: 'by recovery' | 'as it is'): Promise<void> {
  await server.restart('fast', async (data) => {
    await rm(data, { recursive: true });
    await copy(`${data}.copy`, data);
    if (how === 'by recovery') await recoverAtStart(data);
  });
}

/** The same data on a timeline of its own, as a standby has them that lacked nothing when it was promoted. */
export async function promote(server: PostgresServer): Promise<void> {
  await server.restart('fast', recoverAtStart);
}

/** The server as a standby that follows nobody, while `work` runs; then it is promoted. `root` is a superuser's. */
export async function whileStandby(server: PostgresServer, root: SqlDatabase, work: () => Promise<void>): Promise<void> {
  // The restart ends once the server takes changes again.
  const restarted = server.restart('fast', (data) => copy(join(data, 'PG_VERSION'), join(data, 'standby.signal')).then(() => undefined));
  const follows = (): Promise<unknown> =>
    root.query(sqlText('select pg_is_in_recovery() as follows')).then(
      ({ rows }) => rows,
      () => [],
    );
  await expect.poll(follows).toEqual([{ follows: true }]);
  await work();
  await root.query(sqlText('select pg_promote()'));
  await restarted;
}

async function recoverAtStart(data: string): Promise<void> {
  await appendFile(join(data, 'postgresql.auto.conf'), "restore_command = '/bin/false'\n");
  await copy(join(data, 'PG_VERSION'), join(data, 'recovery.signal'));
}
