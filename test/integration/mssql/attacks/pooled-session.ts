import { sql, sqlText } from '../../../../src/core/sql.ts';
import { succeeded } from '../../../support/attacks.ts';
import { sessionResidues, type SessionResidue } from '../../../support/session-residues.ts';
import type { Attack } from '../support/attempts.ts';
import type { Interruptions, Traffic } from '../support/traffic.ts';
import { sessionOf, waitUntilItWaits } from '../support/waiting.ts';
import type { World } from '../support/world.ts';

/** Tenant 1 leaves something; harm is done where tenant 2 finds anything but what a new session has, or is not served. */
const leave =
  ({ leave: left, find, clean }: SessionResidue): Attack =>
  async (world) => {
    const traffic = await world.traffic();
    await traffic.query(1, left).catch(() => undefined);
    const found = await traffic.query(2, find).then(
      (rows) => rows[0]?.['value'],
      () => 'not served',
    );
    return found === clean ? 'as new' : succeeded;
  };

/** What one tenant leaves in a pooled session. */
export const pooledSession: Readonly<Record<string, Attack>> = Object.fromEntries(
  sessionResidues.map((residue) => [residue.title, leave(residue)]),
);

interface Interrupted {
  readonly world: World;
  /** The number of the session. */
  readonly session: number;
  /** Runs a statement behind the insert of a blog. */
  readonly run: (text: string, interruptions?: Interruptions) => Promise<unknown>;
}

const waits = `WAITFOR DELAY '00:00:15'`;

/** Tenant 1's statement is interrupted after a write; harm is done where the write stays, or tenant 2 suffers. */
const interrupt =
  (how: (context: Interrupted) => Promise<unknown>): Attack =>
  async (world) => {
    const traffic = await world.traffic();
    const session = sessionOf(await traffic.query(1, 'SELECT @@SPID AS [session]'));
    const write = "INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (500, N'interrupted');";
    const run: Interrupted['run'] = (text, interruptions) => traffic.query(1, `${write} ${text}`, interruptions);
    const failed = await how({ world, session, run }).then(
      () => false,
      () => true,
    );
    if (!failed) throw new Error('The statement was not interrupted.');
    const served = await serves(traffic);
    await traffic.close();
    const { rows } = await world.admin.query(sql`SELECT [Name] FROM [dbo].[Blogs] WHERE [BlogId] >= 500`);
    await world.admin.query(sql`DELETE FROM [dbo].[Blogs] WHERE [BlogId] >= 500`);
    return served && JSON.stringify(rows) === JSON.stringify([{ Name: 'acknowledged' }]) ? 'nothing crossed' : succeeded;
  };

/** Tenant 2's request is answered as if nobody had been there before. */
async function serves(traffic: Traffic): Promise<boolean> {
  const text = `INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (501, N'acknowledged');
    SELECT MIN([TenantId]) AS [low], MAX([TenantId]) AS [high], [tenantry].[current_tenant]() AS [tenant] FROM [dbo].[Blogs]`;
  const rows = await traffic.query(2, text).catch(() => []);
  return JSON.stringify(rows) === JSON.stringify([{ low: 2, high: 2, tenant: 2 }]);
}

/** A transaction of one tenant that is interrupted, and the next tenant on its connection. */
export const interrupted = {
  'an abort': interrupt(async ({ world, session, run }) => {
    const abort = new AbortController();
    const running = run(waits, { signal: abort.signal });
    await Promise.race([running, waitUntilItWaits(world, session)]);
    abort.abort();
    await running;
  }),
  'a timeout': interrupt(({ run }) => run(waits, { timeoutMs: 500 })),
  'an error that ends its statement': interrupt(({ run }) => run('SELECT 1 / 0 AS [nothing]')),
  'an error that ends the message': interrupt(({ run }) => run("THROW 50001, N'x', 1")),
  'an ended session': interrupt(async ({ world, session, run }) => {
    const running = run(waits);
    await Promise.race([running, waitUntilItWaits(world, session)]);
    await world.root.query(sqlText(`KILL ${session}`));
    await running;
  }),
};
