import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileSql } from '../../../src/core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { captureBlogs, captureNothing, exposures } from './support/exposures.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

describeNeeding('mssql', 'a connection of app that would see more than its own tenant', () => {
  const engine = createMssqlEngine();
  let shard: MssqlTestShard;

  beforeAll(async () => {
    shard = await createMssqlTestShard();
  });
  afterAll(async () => await shard?.close());

  const connect = async (): Promise<EngineConnection> => await engine.connect(shard.address, shard.logins.app, expectationsOf(shard));
  const asRoot = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await shard.root.query(sqlText(statement));
  };

  test.each(exposures)('serves nobody while $title, and serves again after it', async ({ expose, cover, told }) => {
    await (await connect()).close();
    await asRoot(expose);
    try {
      await expect(connect()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(told) });
    } finally {
      await asRoot(cover);
    }
    await (await connect()).close();
  });

  test.each([
    ['act as another login', sql`IMPERSONATE ON LOGIN::[sa]`, 'another login, [sa]'],
    ['change every login', sql`ALTER ANY LOGIN`, 'administers the server'],
    ['add linked servers', sql`ALTER ANY LINKED SERVER`, 'administers the server'],
  ])('serves nobody who may %s, and serves again after it', async (_title, right, told) => {
    const login = sql.id(shard.logins.app.user);
    const inMaster = async (statement: Sql): Promise<unknown> =>
      await shard.root.query(sql`EXEC [master].sys.sp_executesql ${compileSql(statement, mssqlDialect).text}`);
    await inMaster(sql`GRANT ${right} TO ${login}`);
    try {
      await expect(connect()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(told) });
    } finally {
      await inMaster(sql`REVOKE ${right} FROM ${login}`);
    }
    await (await connect()).close();
  });

  // What a connection of app is refused for, seen by somebody who is shown statistics: the value is there to be read.
  test('tries what the server shows of statistics on a value that its owner can read', async () => {
    const { rows } = await shard.root.query(
      sql`SELECT CAST(h.[range_high_key] AS int) AS [value]
        FROM sys.stats AS s
        CROSS APPLY sys.dm_db_stats_histogram(s.[object_id], s.[stats_id]) AS h
        WHERE s.[object_id] = OBJECT_ID(N'tenantry.hidden_row')`,
    );
    expect(rows).toEqual([{ value: 1 }]);
    expect((await shard.root.query(sql`SELECT [value] FROM [tenantry].[hidden_row]`)).rows).toEqual([]);
  });

  test('serves while changed rows are captured for a role that app is not in', async () => {
    await asRoot(captureBlogs('warehouse'));
    await (await connect()).close();
    await asRoot([captureNothing, 'DROP ROLE [warehouse]']);
  });
});
