import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { compileSql, type CompiledSql } from '../../../src/core/compile-sql.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import type { Entry } from '../../../src/engine/entry.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { addPoint } from '../../support/add-point.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { forbiddenStatements, harmlessResidues, sessionResidues } from '../../support/session-residues.ts';
import { brings } from './support/context-values.ts';
import { insert, textOf, transactionAttacks } from '../../support/transaction-attacks.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

const engine = createMssqlEngine();
const options = { readOnly: false, timeoutMs: 10_000 };
const readCommitted = { ...options, isolation: 'read committed' } as const;
const token = (tenant: number): Uint8Array => new Uint8Array(16).fill(0xa0 + tenant);

describeNeeding('mssql', "a tenant's statement on SQL Server itself", () => {
  let shard: MssqlTestShard;
  let connection: EngineConnection;

  beforeAll(async () => {
    shard = await createMssqlTestShard();
    for (const tenant of [1, 2]) await addPoint(shard.admin, entryOf(tenant));
  });
  afterAll(async () => await shard?.close());
  beforeEach(async () => {
    await shard.root.query(sql`TRUNCATE TABLE [dbo].[Blogs]`);
    connection = await connect();
    return async () => await connection.close();
  });

  function connect(): Promise<EngineConnection> {
    return engine.connect(shard.address, shard.logins.app, expectationsOf(shard));
  }

  function entryOf(tenant: number): Entry {
    return { mappingId: tenant, key: encodeInt(tenant), epoch: 5, token: token(tenant) };
  }

  function run(tenant: number, text: string): Promise<unknown> {
    return told(connection.execute(entryOf(tenant), compiled(text), options));
  }

  /** Rows that the second connection of the first tenant finds: those of its attacks that are committed. */
  async function rows(): Promise<unknown[]> {
    const other = await connect();
    try {
      const found = await other.execute(entryOf(1), compiled('SELECT [BlogId] FROM [dbo].[Blogs] ORDER BY [BlogId]'), options);
      return found.rows.map(({ BlogId }) => BlogId);
    } finally {
      await other.close();
    }
  }

  /** The next tenant is served, on the same connection where it is still one, and sees nothing of the first. */
  async function servesTheNext(): Promise<void> {
    if (!connection.usable) connection = await connect();
    const { rows: found } = await connection.execute(entryOf(2), compiled('SELECT [BlogId] FROM [dbo].[Blogs]'), options);
    expect(found).toEqual([]);
  }

  test.each(transactionAttacks)('that reaches for its transaction by $title', async (attack) => {
    const outcome = await run(1, textOf(attack.lines));
    if (attack.told === 'done') expect(outcome).toMatchObject({ rows: [] });
    else expect(outcome).toMatchObject(attack.told);
    expect(await rows()).toEqual(attack.rows);
    await servesTheNext();
  });

  test.each(transactionAttacks)('that reaches for its transaction by $title, in a session', async (attack) => {
    const transaction = await connection.begin(entryOf(1), readCommitted);
    await transaction.query(compiled(textOf([insert(9)])));
    const outcome = await told(transaction.query(compiled(textOf(attack.lines))));
    if (attack.told === 'done') expect(outcome).toMatchObject({ rows: [] });
    else expect(outcome).toMatchObject(attack.told);
    const ending = await told(transaction.commit());
    expect(ending instanceof Error).toBe(attack.told !== 'done');
    expect(await rows()).toEqual(attack.inSession ?? attack.rows);
    await servesTheNext();
  });

  test.each([...sessionResidues, ...harmlessResidues])(
    'leaves nothing behind for the next tenant: $title',
    async ({ leave, find, clean }) => {
      await run(1, `${insert(1)};\n${leave};`);
      if (!connection.usable) connection = await connect();
      const { rows: found } = await connection.execute(entryOf(2), compiled(find), options);
      expect(found).toEqual([{ value: clean }]);
      await servesTheNext();
    },
  );

  test.each(forbiddenStatements)('is an error, and nothing of it stays: %s', async (statement) => {
    const outcome = await run(1, `${insert(1)};\n${statement};`);
    expect(outcome).toMatchObject({ name: 'TenantryError', outcome: 'not-run' });
    expect(await rows()).toEqual([]);
    await servesTheNext();
  });

  test('sees what its call brings, cannot change it, and leaves it to nobody', async () => {
    const brought = compiled(brings.read);
    const contextValues = '{"userId":"u\\"1","roles":["admin","Zoë"]}';
    const bringing = { ...options, contextValues };
    // In the order of a binary collation, by which users are told from each other: the database's own would find U"1 alike.
    expect((await connection.execute(entryOf(1), brought, bringing)).rows).toEqual([{ user: 'u"1', roles: 'admin,Zoë', alike: 0 }]);
    // Where a call brings nothing, there is nothing for a statement to set either.
    for (const given of [bringing, options])
      await expect(connection.execute(entryOf(1), compiled(brings.forge), given)).rejects.toMatchObject({ outcome: 'not-run' });
    if (!connection.usable) connection = await connect();
    expect((await connection.execute(entryOf(2), brought, options)).rows).toEqual([{ user: null, roles: null, alike: 0 }]);
    await servesTheNext();
  });

  test('that begins a distributed transaction is refused or found', async () => {
    expect(await run(1, `${insert(1)};\nBEGIN DISTRIBUTED TRANSACTION;`)).toBeInstanceOf(Error);
    expect(await rows()).toEqual([]);
    await servesTheNext();
  });

  test.each(['DBCC INPUTBUFFER(@@SPID)', 'SELECT [event_info] FROM sys.dm_exec_input_buffer(@@SPID, NULL)'])(
    "that asks what it runs does not learn the entry's token: %s",
    async (statement) => {
      const outcome = await run(1, statement);
      expect(JSON.stringify(outcome).toLowerCase()).not.toContain(Buffer.from(token(1)).toString('hex').slice(0, 8));
    },
  );

  test('that waits is ended at its limit, for certain', async () => {
    const waiting = compiled(`${insert(1)};\nWAITFOR DELAY '00:01:00';`);
    expect(await told(connection.execute(entryOf(1), waiting, { ...options, timeoutMs: 300 }))).toMatchObject({
      code: 'TIMEOUT',
      outcome: 'not-run',
    });
    expect(await rows()).toEqual([]);
    await servesTheNext();
  });

  test('may catch an error that does not doom its transaction, and go on', async () => {
    const lines = ['SET XACT_ABORT OFF', insert(1), 'BEGIN TRY', insert(1), 'END TRY', 'BEGIN CATCH', insert(2), 'END CATCH'];
    expect(await run(1, textOf(lines))).toMatchObject({ rowCount: 1 });
    expect(await rows()).toEqual([1, 2]);
  });

  // "SET QUOTED_IDENTIFIER": a nested batch is parsed by the session's setting, which a reset leaves as the database's, OFF.
  test('is parsed alike on a connection that is new and on one that was reset, where tables want it too (1934)', async () => {
    await shard.root.query(sql`CREATE UNIQUE INDEX [one_x] ON [dbo].[Blogs] ([TenantId], [Name]) WHERE [Name] = N'x'`);
    try {
      for (const id of [1, 2, 3]) {
        expect(await run(1, `INSERT INTO "dbo"."Blogs" ("BlogId", "Name") VALUES (${id}, N'y')`)).toEqual({ rows: [], rowCount: 1 });
        expect(await run(1, `SELECT CAST(N'<a b="1"/>' AS xml).value('(/a/@b)[1]', 'int') AS "one"`)).toMatchObject({ rows: [{ one: 1 }] });
      }
    } finally {
      await shard.root.query(sql`DROP INDEX [one_x] ON [dbo].[Blogs]`);
    }
  });

  test('counts its rows, and gives those of its last result', async () => {
    expect(await run(1, "INSERT INTO [dbo].[Blogs] ([BlogId], [Name]) VALUES (1, N'x'), (2, N'x')")).toEqual({ rows: [], rowCount: 2 });
    expect(await run(1, "UPDATE [dbo].[Blogs] SET [Name] = N'y'; SELECT [BlogId] FROM [dbo].[Blogs] ORDER BY [BlogId]")).toEqual({
      rows: [{ BlogId: 1 }, { BlogId: 2 }],
      rowCount: 2,
    });
    expect(await run(1, "EXEC (N'DELETE FROM [dbo].[Blogs]')")).toEqual({ rows: [], rowCount: 2 });
  });
});

function compiled(text: string): CompiledSql {
  return compileSql(sqlText(text), engine.dialect);
}

/** What a call gives, or its error. */
async function told(work: Promise<unknown>): Promise<unknown> {
  return await work.catch((error: unknown) => error);
}
