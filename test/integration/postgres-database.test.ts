import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql, sqlText, type Sql } from '../../src/core/sql.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createTestShard, shardLogins, type TestShard } from '../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { awaitNoStandby, awaitStandby, callOffStandbyWaits, untilACommitWaits } from '../support/standby.ts';
import { startWireProxy } from '../support/wire-proxy.ts';

let server: PostgresServer;
let shard: TestShard;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
  shard = await createTestShard(server, 'own_work');
});
afterAll(async () => {
  await shard?.close();
  await server?.stop();
});

describe('the database of the program itself', () => {
  test('gives 64-bit integers as numbers, bytes as bytes, JSON parsed', async () => {
    const { rows } = await shard.admin.query(
      sql`select 9007199254740991::bigint as n, '\\x00ff'::bytea as b, '{"a":[1]}'::jsonb as j, null::bigint as z`,
    );
    expect(rows).toEqual([{ n: 9007199254740991, b: Buffer.from([0, 255]), j: { a: [1] }, z: null }]);
  });

  test('refuses a 64-bit integer that a number would round', async () => {
    await expect(shard.admin.query(sql`select 9007199254740993::bigint as n`)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('commits what its work did, and rolls back what failed', async () => {
    const fence = (id: string) => sql`insert into tenantry.operation_fence (operation_id, generation) values (${id}, ${1})`;
    const kept = '00000000-0000-4000-8000-000000000001';
    const undone = '00000000-0000-4000-8000-000000000002';
    await shard.admin.transaction((session) => session.query(fence(kept)));
    await expect(
      shard.admin.transaction(async (session) => {
        await session.query(fence(undone));
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    const { rows } = await shard.admin.query(
      sql`select operation_id from tenantry.operation_fence where operation_id in (${kept}, ${undone})`,
    );
    expect(rows).toEqual([{ operation_id: kept }]);
  });

  test('a transaction whose failed statement was passed over does not claim to have committed', async () => {
    await expect(
      shard.admin.transaction(async (session) => {
        await session.query(sql`select 1/0`).catch(() => 'passed over');
      }),
    ).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
  });

  test('reads its statements, and has values written, as the standard has them, whatever its login was told', async () => {
    const login = `alter role ${shardLogins.admin.user}`;
    const told = {
      standard_conforming_strings: 'off',
      transform_null_equals: 'on',
      array_nulls: 'off',
      quote_all_identifiers: 'on',
      datestyle: "'German'",
      intervalstyle: "'sql_standard'",
      extra_float_digits: '0',
      bytea_output: "'escape'",
    };
    for (const [name, value] of Object.entries(told)) await shard.root.query(sqlText(`${login} set ${name} = ${value}`));
    const database = createPostgresEngine().open(shard.address, shardLogins.admin);
    try {
      const { rows } = await database.query(
        sqlText(String.raw`select 'a.b' ~ '^a\.b$' as pattern, null = null as compared, ('{NULL}'::text[])[1] is null as missing, quote_ident('a') as name,
          '2026-01-02'::date::text as day, '1 day 2 hours'::interval::text as span, (1::float8 / 3)::text as third, '\x01'::bytea::text as bytes`),
      );
      expect(rows).toEqual([
        {
          pattern: true,
          compared: null,
          missing: true,
          name: 'a',
          day: '2026-01-02',
          span: '1 day 02:00:00',
          third: '0.3333333333333333',
          bytes: String.raw`\x01`,
        },
      ]);
    } finally {
      await database.close();
      for (const name of Object.keys(told)) await shard.root.query(sqlText(`${login} reset ${name}`));
    }
  });

  test('says COMMIT_UNKNOWN where the answer to commit was lost, and the next work gets a new connection', async () => {
    await using proxy = await startWireProxy(server);
    const database = createPostgresEngine().open({ ...shard.address, host: proxy.host, port: proxy.port }, shardLogins.admin);
    const lost = proxy.once({
      when: 'before',
      match: (message) => message.type === 'C' && message.bytes.includes('COMMIT'),
      action: (connection) => connection.cut(),
    });
    const id = '00000000-0000-4000-8000-000000000003';
    await expect(
      database.transaction((session) =>
        session.query(sql`insert into tenantry.operation_fence (operation_id, generation) values (${id}, ${1})`),
      ),
    ).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' });
    await lost;
    expect((await database.query(sql`select generation from tenantry.operation_fence where operation_id = ${id}`)).rows).toEqual([
      { generation: 1 },
    ]);
    await database.close();
  });

  test('a server that cannot be reached is SHARD_UNAVAILABLE', async () => {
    const database = createPostgresEngine().open({ ...shard.address, port: 1 }, shardLogins.admin);
    await expect(database.query(sql`select 1`)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    await database.close();
  });

  test('names a parameter that a query file does not have, before anything is sent', async () => {
    await expect(shard.admin.run('policy/gate', { tables: '[]', tabels: '[]' })).rejects.toThrow(
      'policy/gate.sql has no parameter @tabels; it has @tables.',
    );
    await expect(shard.admin.run('policy/gate')).rejects.toThrow('policy/gate.sql needs a value for @tables.');
    await expect(shard.admin.run('policy/none')).rejects.toThrow('There is no file queries/policy/none.sql');
  });

  test('errors hold no values of rows', async () => {
    const secret = 'secret-of-a-row';
    const failure: unknown = await shard.admin.query(sql`select ${secret}::integer`).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STATEMENT_FAILED', cause: { sqlState: '22P02' } });
    expect(JSON.stringify(failure) + String((failure as Error).stack) + String((failure as Error).cause)).not.toContain(secret);
  });

  test('closes though a server stands still under a statement, which fails', async () => {
    const database = createPostgresEngine().open(shard.address, shardLogins.admin);
    const frozen = Promise.withResolvers<void>();
    const work = database.transaction(async (session) => {
      await session.query(sql`select 1`);
      server.freeze();
      frozen.resolve();
      await session.query(sql`select 1`);
    });
    const running = expect(work).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'unknown' });
    try {
      await frozen.promise;
      await database.close();
      await running;
    } finally {
      server.thaw();
    }
  });

  test('a statement that has its time is given up where the server stands still, and the next goes over a new connection', async () => {
    const database = createPostgresEngine().open(shard.address, shardLogins.admin, { connections: 1, statementTimeoutMs: 1_000 });
    const session = sql`select pg_backend_pid() as pid`;
    const [before] = (await database.query(session)).rows;
    server.freeze();
    try {
      await expect(database.query(session)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'unknown' });
    } finally {
      server.thaw();
    }
    expect((await database.query(session)).rows).not.toEqual([before]);
    await database.close();
  });

  test('a statement that has its time is ended by a server that is well, which says so, and its connection stays', async () => {
    const database = createPostgresEngine().open(shard.address, shardLogins.admin, { connections: 1, statementTimeoutMs: 1_000 });
    const session = sql`select pg_backend_pid() as pid`;
    const before = (await database.query(session)).rows;
    await expect(database.query(sql`select pg_sleep(30)`)).rejects.toMatchObject({
      code: 'TIMEOUT',
      outcome: 'not-run',
      cause: { sqlState: '57014' },
    });
    expect((await database.query(session)).rows).toEqual(before);
    await database.close();
  });

  test('waits for a lock as long as it is told to, and says that it did', async () => {
    const database = createPostgresEngine().open(shard.address, shardLogins.admin, { lockTimeoutMs: 200 });
    const lock = sql`select 1 from tenantry.schema_version for update`;
    await shard.admin.transaction(async (session) => {
      await session.query(lock);
      await expect(database.query(lock)).rejects.toMatchObject({
        code: 'TIMEOUT',
        outcome: 'not-run',
        detail: expect.stringContaining('Another transaction holds what this needs') as string,
        cause: { sqlState: '55P03' },
      });
    });
    expect((await database.query(lock)).rowCount).toBe(1);
    await database.close();
  });

  test.each([
    ['a transaction', (note: Sql) => shard.admin.transaction((session) => session.query(note))],
    ['a statement', (note: Sql) => shard.admin.query(note)],
    [
      'a statement of a login that was made to hear errors alone',
      async (note: Sql) => {
        const login = `set local synchronous_commit = local; alter role ${shardLogins.admin.user}`;
        await shard.root.query(sqlText(`${login} set client_min_messages = error`));
        const deaf = createPostgresEngine().open(shard.address, shardLogins.admin);
        try {
          return await deaf.query(note);
        } finally {
          await shard.root.query(sqlText(`${login} reset client_min_messages`));
          await deaf.close();
        }
      },
    ],
  ])('%s whose wait for a synchronous standby was called off is not told as done', async (_, work) => {
    await awaitStandby(shard.root);
    try {
      const writing = work(sql`insert into tenantry.operation_fence (operation_id, generation) values (gen_random_uuid(), ${1})`);
      const refused = expect(writing).rejects.toMatchObject({
        code: 'COMMIT_UNKNOWN',
        outcome: 'unknown',
        detail: expect.stringContaining('standby') as string,
      });
      await untilACommitWaits(shard.root);
      await callOffStandbyWaits(shard.root);
      await refused;
    } finally {
      await awaitNoStandby(shard.root);
    }
  });
});
