import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeInt } from '../../shardmap/key-encoding.ts';
import { compileSql } from '../../src/core/compile-sql.ts';
import { sql, type Sql } from '../../src/core/sql.ts';
import type { ConnectionLimits } from '../../src/engine/connection-limits.ts';
import type { EngineConnection, EngineTransaction } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { createTestShard, shardLogins, type TestShard } from '../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { expectationsOf } from '../support/shard-expectations.ts';

const engine = createPostgresEngine();
const token = randomBytes(16);
const entry: Entry = { mappingId: 1, key: encodeInt(1), epoch: 1, token };
const write = { readOnly: false, timeoutMs: 10_000 };
const read = { readOnly: true, timeoutMs: 10_000 };
const tooLarge = (outcome: 'not-run' | 'unknown') => ({ code: 'ANSWER_TOO_LARGE', outcome });
const compiled = (statement: Sql) => compileSql(statement, engine.dialect);
const megabytes = (rows: number) => sql`select n, repeat('x', 1000000) as text from generate_series(1, ${rows}::integer) as n`;
const one = sql`select 1 as n`;

let server: PostgresServer;
let shard: TestShard;
let connection: EngineConnection;

beforeAll(async () => {
  server = await startPostgres({ fsync: false });
  shard = await createTestShard(server, 'answers');
  await shard.admin.query(
    sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (1, 'point', ${encodeInt(1)}, 'ONLINE', 1, ${token})`,
  );
});
afterAll(async () => {
  await shard?.close();
  await server?.stop();
});
beforeEach(async () => {
  await shard.root.query(sql`delete from "Blogs"`);
  connection = await connect();
  return async () => await connection.close();
});

const connect = (limits: Partial<ConnectionLimits> = {}) =>
  engine.connect(shard.address, shardLogins.app, expectationsOf(shard, { limits }));
const run = (statement: Sql, options = write) => connection.execute(entry, compiled(statement), options);
const begin = (options: Partial<Parameters<EngineConnection['begin']>[1]> = {}): Promise<EngineTransaction> =>
  connection.begin(entry, { ...write, isolation: 'read committed', ...options });
const blogs = async () => (await shard.root.query(sql`select count(*)::int as n from "Blogs"`)).rows[0]!['n'];

describe('an answer above the limit', () => {
  test('of many rows ends the statement, and the connection serves on', async () => {
    await expect(run(megabytes(100), read)).rejects.toMatchObject(tooLarge('not-run'));
    await expect(run(megabytes(100), write)).rejects.toMatchObject(tooLarge('not-run'));
    expect(connection.usable).toBe(true);
    expect((await run(one)).rows).toEqual([{ n: 1 }]);
    expect((await run(megabytes(10))).rowCount).toBe(10);
  });

  test('of one row is not taken in at all', async () => {
    await expect(run(sql`select repeat('x', 20000000) as text`, read)).rejects.toMatchObject(tooLarge('not-run'));
    expect((await run(one)).rows).toEqual([{ n: 1 }]);
  });

  test('of rows without columns is one too', async () => {
    await expect(run(sql`select from generate_series(1, 1000000)`, read)).rejects.toMatchObject(tooLarge('not-run'));
  });

  test('is no way round it in an error: what it says is lost', async () => {
    await expect(run(sql`select repeat('x', 20000000)::integer`)).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      outcome: 'not-run',
      cause: { sqlState: '' },
    });
    expect((await run(one)).rows).toEqual([{ n: 1 }]);
  });

  test('of a write is read only after the write: it is not said to be undone', async () => {
    const insert = sql`insert into "Blogs" ("BlogId", "Name") select n, 'x' from generate_series(1, 40) as n returning repeat('x', 1000000)`;
    await expect(run(insert)).rejects.toMatchObject(tooLarge('unknown'));
    expect(await blogs()).toBe(40);
  });

  test('of a write that was done before anybody could stop it is not said to have undone it', async () => {
    await connection.close();
    connection = await connect({ answerBytes: 1_024 });
    const insert = sql`insert into "Blogs" ("BlogId", "Name") values (1, 'x') returning repeat('x', 2000)`;
    await expect(run(insert)).rejects.toMatchObject(tooLarge('unknown'));
    expect(await blogs()).toBe(1);
    expect((await run(one)).rows).toEqual([{ n: 1 }]);
  });

  test.each([
    ['by the server', 16_777_216, megabytes(100)],
    ['too late for the server', 1_024, sql`insert into "Blogs" ("BlogId", "Name") values (2, 'x') returning repeat('x', 2000)`],
  ])('leaves of its transaction nothing that can be committed, ended %s', async (_, answerBytes, statement) => {
    await connection.close();
    connection = await connect({ answerBytes });
    const transaction = await begin();
    await transaction.query(compiled(sql`insert into "Blogs" ("BlogId", "Name") values (1, 'x')`));
    await expect(transaction.query(compiled(statement))).rejects.toMatchObject(tooLarge('not-run'));
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    expect(await blogs()).toBe(0);
    expect((await run(one)).rows).toEqual([{ n: 1 }]);
  });
});

describe('a stream of large rows', () => {
  /** Resolves once the server waits for its reader. */
  const serverWaits = async (): Promise<void> => {
    const waiting = sql`select wait_event from pg_stat_activity where usename = ${shardLogins.app.user} and state = 'active'`;
    await expect.poll(async () => (await shard.root.query(waiting)).rows).toEqual([{ wait_event: 'ClientWrite' }]);
  };
  const rowsOf = (transaction: EngineTransaction, rows: number) => transaction.stream(compiled(megabytes(rows)));

  test('has the server wait for its reader, and gives every row in order', async () => {
    const transaction = await begin({ timeoutMs: 5_000 });
    const seen: unknown[] = [];
    for await (const { n } of rowsOf(transaction, 200)) {
      if (seen.length === 0) await serverWaits();
      seen.push(n);
    }
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    await transaction.commit();
    expect((await run(one)).rows).toEqual([{ n: 1 }]);
  });

  test('can be left while the server waits, and the transaction goes on', async () => {
    const transaction = await begin();
    for await (const { n } of rowsOf(transaction, 200)) {
      await serverWaits();
      if (n === 1) break;
    }
    expect((await transaction.query(compiled(one))).rows).toEqual([{ n: 1 }]);
    await transaction.query(compiled(sql`insert into "Blogs" ("BlogId", "Name") values (1, 'x')`));
    await transaction.commit();
    expect(await blogs()).toBe(1);
  });

  test('can be cancelled while the server waits', async () => {
    const caller = new AbortController();
    const transaction = await begin({ signal: caller.signal });
    const reading = async (): Promise<void> => {
      for await (const { n } of rowsOf(transaction, 200)) {
        if (n !== 1) continue;
        await serverWaits();
        caller.abort();
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: 'CANCELLED' });
    await transaction.rollback();
    expect((await run(one)).rows).toEqual([{ n: 1 }]);
  });

  test('has a limit for each row', async () => {
    const transaction = await begin();
    const reading = transaction.stream(compiled(sql`select repeat('x', 20000000) as text`));
    await expect(reading.next()).rejects.toMatchObject(tooLarge('not-run'));
    await transaction.rollback();
  });
});

describe('the server itself', () => {
  test('ends a transaction that stands still, as where the program does, and its mapping is free', async () => {
    await connection.close();
    connection = await connect({ transactionTimeoutMs: 2_000 });
    await begin();
    const canFence = async (): Promise<unknown> =>
      await shard.admin.transaction(
        async (session) => (await session.query(sql`select pg_try_advisory_xact_lock(1413828161, 1) as free`)).rows[0]!['free'],
      );
    expect(await canFence()).toBe(false);
    await expect.poll(() => connection.usable).toBe(false);
    await expect.poll(canFence).toBe(true);
  });

  test('knows the limits a second later than the program, whatever a statement set before', async () => {
    await connection.close();
    connection = await connect({ statementTimeoutMs: 20_000, transactionTimeoutMs: 30_000 });
    await run(sql`set statement_timeout = 0`);
    const { rows } = await run(
      sql`select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle`,
    );
    expect(rows).toEqual([{ statement: '21s', idle: '31s' }]);
  });
});
