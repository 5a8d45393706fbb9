import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { compileSql, type CompiledSql } from '../../../src/core/compile-sql.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection, EngineTransaction, Isolation } from '../../../src/engine/engine.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { addPoint } from '../../support/add-point.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { eventually } from '../../support/eventually.ts';
import { createMssqlTestShard, type MssqlTestShard, type RowVersions } from '../../support/mssql-shard.ts';
import { entryOf } from './support/entries.ts';
import { entryUnder, locksOf, neverEscalated, sessionNumber, waits } from './support/fence-statements.ts';
import { sessionOf } from './support/waiting.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

const engine = createMssqlEngine();
const options = { readOnly: false, timeoutMs: 20_000 };
const isolations: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable'];
const draining = { refusal: { reason: 'DRAINING' } };

/** Everything that docs/decisions/007-fence-on-sql-server.md takes for granted of locks; its sources stand there. */
describeNeeding('mssql', 'The fence of a mapping on SQL Server itself', () => {
  describe.each(['OFF', 'ON'] as const)('with READ_COMMITTED_SNAPSHOT %s', (rowVersions) => {
    fenceTests(rowVersions);
  });
});

function fenceTests(rowVersions: RowVersions): void {
  let shard: MssqlTestShard;

  beforeAll(async () => {
    shard = await createMssqlTestShard(undefined, rowVersions);
  });
  afterAll(async () => await shard?.close());
  beforeEach(async () => {
    await shard.admin.query(sql`DELETE FROM [tenantry].[local_mapping]`);
    for (const tenant of [1, 2]) await addPoint(shard.admin, entryOf(tenant));
  });

  async function connect(): Promise<EngineConnection> {
    const connection = await engine.connect(shard.address, shard.logins.app, expectationsOf(shard));
    onTestFinished(() => connection.close());
    return connection;
  }

  /** A transaction of a tenant's, on a connection of its own. */
  async function inside(tenant: number, isolation: Isolation = 'read committed'): Promise<EngineTransaction> {
    return (await connect()).begin(entryOf(tenant), { ...options, isolation });
  }

  /** Whether a fence gets the lock of a mapping, at once. */
  async function fenceGetsIn(mappingId: number): Promise<boolean | undefined> {
    const { rows } = await shard.admin.transaction((step) => step.run<{ taken: boolean }>('local-map/try-lock', { mappingId }));
    return rows[0]?.taken;
  }

  async function changeState(fromState: string, toState: string): Promise<number> {
    const { mappingId, epoch, token } = entryOf(1);
    const change = { mappingId, fromState, fromEpoch: epoch, toState, toEpoch: epoch, token };
    return (await shard.admin.run('local-map/change-mapping', change)).rowCount;
  }

  test.each(isolations)('lets nobody have it alone while a tenant is inside (%s), and then at once', async (isolation) => {
    const transaction = await inside(1, isolation);
    expect(await fenceGetsIn(1)).toBe(false);
    expect(await fenceGetsIn(2)).toBe(true);
    await transaction.commit();
    expect(await fenceGetsIn(1)).toBe(true);
  });

  test.each(isolations)(
    'can be announced while a tenant is inside (%s): who comes then is refused, who is inside goes on',
    async (level) => {
      const transaction = await inside(1, level);
      await transaction.query(compiled('SELECT [BlogId] FROM [dbo].[Blogs]'));
      expect(await changeState('ONLINE', 'DRAINING')).toBe(1);
      await expect(inside(1)).rejects.toMatchObject(draining);
      expect((await transaction.query(compiled("INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (1, N'x')"))).rowCount).toBe(1);
      await transaction.rollback();
      expect(await fenceGetsIn(1)).toBe(true);
      expect(await changeState('DRAINING', 'ONLINE')).toBe(1);
      await (await inside(1)).commit();
    },
  );

  test.each(['schema_version', 'shard_identity', 'hidden_row'])(
    'is come to on a new connection while a tenant has locked what every login reads: %s',
    async (table) => {
      const transaction = await inside(1);
      await transaction.query(compiled(`SELECT COUNT(*) AS [rows] FROM [tenantry].[${table}] WITH (TABLOCKX)`));
      await (await inside(2)).commit();
      await transaction.rollback();
    },
  );

  test('refuses at once who comes while it is held alone, and nobody else', async () => {
    await shard.admin.transaction(async (step) => {
      expect((await step.run('local-map/try-lock', { mappingId: 1 })).rows).toEqual([{ taken: true }]);
      await expect(inside(1)).rejects.toMatchObject(draining);
      await (await inside(2)).commit();
    });
    await (await inside(1)).commit();
  });

  test('refuses at once who comes while the state is being changed, and lets nobody see what is not committed', async () => {
    const undone = new Error('Undone.');
    const step = shard.admin.transaction(async (session) => {
      await session.query(sql`UPDATE [tenantry].[local_mapping] SET [state] = N'OFFLINE' WHERE [mapping_id] = 1`);
      await expect(inside(1)).rejects.toMatchObject(draining);
      throw undone;
    });
    await expect(step).rejects.toBe(undone);
    await (await inside(1)).commit();
  });

  test("is older than what the tenant's statements see", async () => {
    const transaction = await inside(1);
    const other = await connect();
    await other.execute(entryOf(1), compiled("INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (77, N'x')"), options);
    const { rows } = await transaction.query(compiled('SELECT [BlogId] FROM [dbo].[Blogs] WHERE [BlogId] = 77'));
    expect(rows).toEqual([{ BlogId: 77 }]);
    await transaction.commit();
    await other.execute(entryOf(1), compiled('DELETE FROM [dbo].[Blogs]'), options);
  });

  test.each(['SNAPSHOT', 'READ UNCOMMITTED'])('is not entered under %s', async (level) => {
    const app = engine.open(shard.address, shard.logins.app, { connections: 1 });
    onTestFinished(() => app.close());
    await expect(app.query(sqlText(entryUnder(level)))).rejects.toMatchObject({ code: 'STATEMENT_FAILED', cause: { number: 51_008 } });
    await app.query(sqlText(entryUnder('READ COMMITTED')));
  });

  test.each(isolations)('is one shared lock on one row, and the state is not kept locked (%s)', async (isolation) => {
    const transaction = await inside(1, isolation);
    const session = sessionOf((await transaction.query(compiled(sessionNumber))).rows);
    const { rows } = await shard.root.query(sqlText(locksOf(session)));
    expect(rows).toEqual([{ table: 'mapping_fence', resource: 'KEY', mode: 'S' }]);
    await transaction.commit();
  });

  test('never becomes a lock of the whole table', async () => {
    expect((await shard.root.query(sqlText(neverEscalated))).rows).toEqual([{ name: 'local_mapping' }, { name: 'mapping_fence' }]);
  });

  test('keeps a mapping from being deleted under a tenant, who is waited for, but not for long', async () => {
    const transaction = await inside(1);
    const deletion = { mappingId: 1, state: 'ONLINE', epoch: 5 };
    await expect(shard.admin.run('local-map/delete-mapping', deletion)).rejects.toMatchObject({ code: 'TIMEOUT', cause: { number: 1222 } });
    await transaction.commit();
    expect((await shard.admin.run('local-map/delete-mapping', deletion)).rowCount).toBe(1);
    await expect(inside(1)).rejects.toMatchObject({ refusal: { reason: 'UNKNOWN_MAPPING' } });
  });

  test('is taken from who runs a statement inside, by ending the session; from who is idle only where that was asked for', async () => {
    const idle = await inside(1);
    const session = sessionOf((await idle.query(compiled(sessionNumber))).rows);
    const holders = (disconnect: boolean): Promise<{ readonly rows: unknown[] }> =>
      shard.admin.run('local-map/interrupt-holders', { mappingId: 1, disconnect });
    expect((await holders(false)).rows).toEqual([]);

    const running = idle.query(compiled(waits)).catch((error: unknown) => error);
    await eventually(async () => expect((await holders(false)).rows).not.toEqual([]));
    expect(await running).toBeInstanceOf(Error);
    await eventually(async () => expect(await fenceGetsIn(1)).toBe(true));

    const another = await inside(1);
    const other = sessionOf((await another.query(compiled(sessionNumber))).rows);
    expect((await holders(true)).rows).toEqual([{ pid: other, signalled: true }]);
    await eventually(async () => expect(await fenceGetsIn(1)).toBe(true));
    await expect(another.commit()).rejects.toBeInstanceOf(Error);
    expect(session).toBeGreaterThan(0);
  });

  test('is held by nobody once a session has ended without a word', async () => {
    const connection = await connect();
    await connection.begin(entryOf(1), { ...options, isolation: 'read committed' });
    expect(await fenceGetsIn(1)).toBe(false);
    await connection.close();
    await eventually(async () => expect(await fenceGetsIn(1)).toBe(true));
  });
}

function compiled(text: string): CompiledSql {
  return compileSql(sqlText(text), engine.dialect);
}
