import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { textLiteral } from '../../../src/engine/mssql/mssql-dialect.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createDatabase, createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { useMssql } from '../../support/servers/mssql.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

describeNeeding('mssql', 'a login of app that enters another database of its server', () => {
  const engine = createMssqlEngine();
  const other = `tenantry_other_${randomBytes(4).toString('hex')}`;
  let shard: MssqlTestShard;

  beforeAll(async () => {
    shard = await createMssqlTestShard();
    const { address, login } = await useMssql();
    const master = engine.open(address, login);
    await master.query(createDatabase(other));
    await master.close();
  });
  afterAll(async () => {
    await shard.root.query(sql`DROP DATABASE IF EXISTS ${sql.id(other)}`);
    await shard.close();
  });

  const connect = async (): Promise<EngineConnection> => await engine.connect(shard.address, shard.logins.app, expectationsOf(shard));

  test('serves no tenant while it does, and serves again once it does not', async () => {
    await (await connect()).close();
    const inOther = engine.open({ ...shard.address, database: other }, (await useMssql()).login);
    const user = sql.id(shard.logins.app.user);
    await inOther.query(sql`CREATE USER ${user} FOR LOGIN ${user}`);
    await expect(connect()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(`[${other}]`) });
    await inOther.query(sql`DROP USER ${user}`);
    await inOther.close();
    await (await connect()).close();
  });

  test('may have a snapshot of its own database beside it', async () => {
    const snapshot = `${other}_snapshot`;
    const [file] = (await shard.root.query<{ name: string }>(sql`SELECT [name] FROM sys.database_files WHERE [type] = 0`)).rows;
    const [folder] = (
      await shard.root.query<{ path: string }>(sql`SELECT CAST(SERVERPROPERTY(N'InstanceDefaultDataPath') AS nvarchar(400)) AS [path]`)
    ).rows;
    const path = sqlText(textLiteral(`${folder!.path}${snapshot}.ss`));
    const source = sql.id(shard.address.database);
    await shard.root.query(
      sql`CREATE DATABASE ${sql.id(snapshot)} ON (NAME = ${sql.id(file!.name)}, FILENAME = ${path}) AS SNAPSHOT OF ${source}`,
    );
    await (await connect()).close();
    await shard.root.query(sql`DROP DATABASE ${sql.id(snapshot)}`);
  });
});
