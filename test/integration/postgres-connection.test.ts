import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tenantKeyFromText, type KeyType } from '../../shardmap/key.ts';
import { sql, sqlText, type CompiledSql, type Sql } from '../../src/core/sql.ts';
import type { ConnectionExpectations, EngineConnection, Isolation } from '../../src/engine/engine.ts';
import { EntryRefused, type Entry } from '../../src/engine/entry.ts';
import { clientConfig } from '../../src/engine/postgres/client-config.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { compiled, entryOf, insert, read, startAppShard, write, type AppShard } from '../support/app-shard.ts';
import { createTestShard, shardLogins, type TestShard } from '../support/postgres-shard.ts';
import type { PostgresServer } from '../support/servers/postgres.ts';
import { ticketBytes } from '../support/ticket-bytes.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { startWireProxy } from '../support/wire-proxy.ts';

const engine = createPostgresEngine();
/** Which form of the fence the entries of a test take. */
let isPoint = false;
const entry = (tenant: number): Entry => entryOf(tenant, isPoint);
const { token } = entryOf(1);

let traps: AppShard;
let server: PostgresServer;
let shard: TestShard;
let expected: ConnectionExpectations;
let connection: EngineConnection;

beforeAll(async () => {
  traps = await startAppShard();
  ({ server, shard, expected } = traps);
});
afterAll(() => traps?.close());
beforeEach(async () => {
  await shard.root.query(sql`delete from "Blogs"`);
  connection = await traps.connect();
  return async () => await connection.close();
});

/** Tests that hold whichever form of the fence lets the tenant in. */
const describeOnBothForms = (title: string, tests: () => void): void =>
  describe.each([
    { form: 'a mapping', point: false },
    { form: 'a mapping of one key', point: true },
  ])(`${title}, entered by $form`, ({ point }) => {
    beforeAll(() => {
      isPoint = point;
      return () => void (isPoint = false);
    });
    tests();
  });

/** What a router shows for an entry: epoch, token and key in one. */
const shownFor = (claims: Entry): Buffer => Buffer.concat([ticketBytes(claims), claims.key]);
/** Calls the form of `enter` that the test is about with what is shown. */
const enter = async (client: pg.Client, mappingId: number | null, shown: Buffer | null, options = write): Promise<void> => {
  const name = `tenantry.enter${isPoint ? '_point' : ''}${options.readOnly ? '_read_only' : ''}`;
  if (isPoint) await client.query(`select ${name}($1, $2)`, [mappingId, shown]);
  else await client.query(`select ${name}($1, $2, $3)`, [mappingId, shown?.subarray(24) ?? null, shown?.subarray(0, 24) ?? null]);
};
/** The SQLSTATE by which the server refuses; undefined where it does not. */
const refusalOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code;
    throw error;
  }
};

const run = (tenant: number, statement: Sql, options = write) => connection.execute(entry(tenant), compiled(statement), options);
const pid = async (): Promise<number> => (await run(1, sql`select pg_backend_pid() as pid`)).rows[0]!['pid'] as number;

describeOnBothForms('a statement on its own', () => {
  test('commits with ReadyForQuery, not with its tag: a deferred constraint fails the insert, and its row is handed to nobody', async () => {
    await shard.root.query(
      sqlText('alter table "Blogs" add constraint one_name unique ("TenantId", "Name") deferrable initially deferred'),
    );
    await run(1, insert(1));
    await expect(run(1, sql`insert into "Blogs" ("BlogId", "Name") values (2, 'x') returning "BlogId"`)).rejects.toMatchObject({
      code: 'CONFLICT',
      outcome: 'not-run',
    });
    expect((await run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 1 }]);
    await shard.root.query(sqlText('alter table "Blogs" drop constraint one_name'));
  });

  test('BEGIN in it cannot swallow what another tenant is told was written', async () => {
    await expect(run(1, sql`begin`)).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL' });
    await expect(run(2, insert(1))).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
  });

  test.each(['commit', 'rollback', 'start transaction read write'])('%s in it is an error', async (text) => {
    await expect(run(1, sqlText(text))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL' });
  });

  test('whose answer ends in a transaction that is open counts for nothing, whatever its tag says, and costs the connection', async () => {
    await using proxy = await startWireProxy(server);
    const other = await engine.connect({ ...shard.address, host: proxy.host, port: proxy.port }, shardLogins.app, expected);
    const ending = proxy.once({
      match: ({ side, type }) => side === 'backend' && type === 'Z',
      when: 'before',
      // The last byte of ReadyForQuery, which says whether a transaction is open.
      action: (_connection, { bytes }) => bytes.set(Buffer.from('T'), bytes.length - 1),
    });
    await expect(other.execute(entry(1), compiled(insert(1)), write)).rejects.toMatchObject({
      code: 'TRANSACTION_CONTROL',
      outcome: 'unknown',
    });
    await ending;
    expect(other.usable).toBe(false);
    await other.close();
  });

  test.each([
    ['call commits()', 'a procedure that commits and then fails, in a way that is repeated'],
    [`do $$ begin insert into "Blogs" ("BlogId", "Name") values (1, 'x'); commit; raise sqlstate '40001'; end $$`, 'a block that does'],
    [`/* first */ CALL rolls_back()`, 'a procedure that rolls back'],
  ])('%s: %s is refused by the server, and nothing of it stays', async (text) => {
    await shard.root.query(
      sqlText(`
        create or replace procedure commits() language plpgsql as $$
        begin insert into "Blogs" ("BlogId", "Name") values (1, 'x'); commit; raise sqlstate '40001'; end $$;
        create or replace procedure rolls_back() language plpgsql as $$
        begin insert into "Blogs" ("BlogId", "Name") values (1, 'x'); rollback; end $$;
        grant execute on procedure commits, rolls_back to tenantry_app`),
    );
    await expect(run(1, sqlText(text))).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      outcome: 'not-run',
      cause: { sqlState: '2D000' },
    });
    expect((await shard.root.query(sql`select from "Blogs"`)).rowCount).toBe(0);
    expect((await run(2, sql`select count(*)::int as n from "Blogs"`)).rows).toEqual([{ n: 0 }]);
  });

  test('a procedure that leaves the transaction alone does its work', async () => {
    await shard.root.query(
      sqlText(`
        create or replace procedure adds(inout n integer) language plpgsql as $$
        begin insert into "Blogs" ("BlogId", "Name") values (n, 'x'); n := n + 1; end $$;
        grant execute on procedure adds to tenantry_app`),
    );
    expect((await run(1, sql`call adds(${7})`)).rows).toEqual([{ n: 8 }]);
    expect((await run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 7 }]);
  });

  test('reading is enforced and cannot be undone', async () => {
    await shard.root.query(
      sqlText(`create or replace function writes() returns void language sql as $$ insert into "Blogs" ("BlogId", "Name") values (1, 'x') $$;
        grant execute on function writes to tenantry_app`),
    );
    for (const writing of [insert(1), sql`select writes()`])
      await expect(run(1, writing, read)).rejects.toMatchObject({ cause: { sqlState: '25006' } });
    const transaction = await connection.begin(entry(1), { ...read, isolation: 'read committed' });
    await expect(transaction.query(compiled(sql`set transaction read write`))).rejects.toMatchObject({ cause: { sqlState: '25001' } });
    await transaction.rollback();
  });

  test.each(['guarded', 'plain'] as const)(
    'leaves an empty text as its context, not null, where that is %s, and that means nobody',
    async (protection) => {
      const own = protection === 'guarded' ? shard : await createTestShard(server, `plain_context_${isPoint}`, { protection });
      const claims = entry(5);
      await own.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (5, 'point', ${claims.key}, 'ONLINE', 1, ${token})
          on conflict do nothing`,
      );
      const client = new pg.Client(clientConfig(own.address, shardLogins.app));
      await client.connect();
      const look = async () =>
        (
          await client.query(
            'select tenantry.context() as context, tenantry.current_tenant() as tenant, (select count(*)::int from "Blogs") as blogs',
          )
        ).rows;
      expect(await look()).toEqual([{ context: protection === 'guarded' ? '' : null, tenant: null, blogs: 0 }]);
      await client.query('begin');
      await enter(client, claims.mappingId, shownFor(claims));
      await client.query(`insert into "Blogs" ("BlogId", "Name") values (1, 'x')`);
      expect(await look()).toEqual([{ context: 'tenantry_x80000005', tenant: 5, blogs: 1 }]);
      await client.query('commit');
      expect(await look()).toEqual([{ context: '', tenant: null, blogs: 0 }]);
      await client.end();
      if (own !== shard) await own.close();
    },
  );

  test.each([
    ['fewer values than it has parameters', { text: 'select $1::int as n', values: [] }],
    ['a zero byte', { text: 'select 1\0', values: [] }],
  ])('with %s is the caller’s fault, and none of the shard’s', async (_, statement: CompiledSql) => {
    await expect(connection.execute(entry(1), statement, write)).rejects.toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
    expect(connection.usable).toBe(true);
  });

  test('of a table that has changed is prepared anew behind the caller', async () => {
    await shard.root.query(sqlText('create table changing (a integer); grant select on changing to tenantry_app'));
    const statement = sql`select * from changing`;
    await run(1, statement);
    await shard.root.query(sqlText('alter table changing add b integer; insert into changing values (1, 2)'));
    expect((await run(1, statement)).rows).toEqual([{ a: 1, b: 2 }]);
    await shard.root.query(sqlText('drop table changing'));
  });

  test('of many kinds keeps a bounded number of them prepared', async () => {
    for (let index = 0; index < 300; index += 1) await run(1, sqlText(`select ${index} as n`));
    const { rows } = await run(1, sql`select count(*)::int as n from pg_prepared_statements`);
    // 128 of the caller's, and enter.
    expect(rows).toEqual([{ n: 129 }]);
    expect((await run(1, sqlText('select 0 as n'))).rows).toEqual([{ n: 0 }]);
  });

  test('reads answers of many chunks, and values as pg reads them', async () => {
    const { rows } = await run(
      1,
      sql`select i, repeat('ä', 1000) as t, i::bigint as b, i::numeric as d, null::int as z, '\\x00'::bytea as y, true as f, '{"a":1}'::jsonb as j from generate_series(1, 500) i`,
    );
    expect(rows).toHaveLength(500);
    expect(rows[499]).toEqual({ i: 500, t: 'ä'.repeat(1000), b: '500', d: '500', z: null, y: Buffer.from([0]), f: true, j: { a: 1 } });
  });

  test.each(['TN001', 'TN005', 'TN006', 'TN007', 'TN009'])('that raises %s itself is no refusal of its entry', async (state) => {
    const raise = sqlText(`do $$ begin raise exception using errcode = '${state}', detail = '{"shardId":"elsewhere","epoch":99}'; end $$`);
    const refused = { name: 'TenantryError', cause: { sqlState: state } };
    await expect(run(1, raise)).rejects.toMatchObject(refused);
    const transaction = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
    await expect(transaction.query(compiled(raise))).rejects.toMatchObject(refused);
    await transaction.rollback();
  });

  test.each([
    `alter role ${shardLogins.app.user} password 'taken'`,
    `; ALTER user current_user set search_path = pg_catalog`,
    `/* a /* nested */ comment */ -- and another\n alter role current_user set role = tenantry_app`,
    'drop owned by tenantry_app',
    'create table evil (a integer)',
    'grant tenantry_app to public',
    'lock table "Blogs" in access exclusive mode',
    '"select"',
  ])('that defines, alters, drops or locks is refused before it is sent: %s', async (text) => {
    const refused = { code: 'FORBIDDEN', message: expect.stringContaining('does not define, alter, drop or lock') as string };
    await expect(run(1, sqlText(text))).rejects.toMatchObject(refused);
    const transaction = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
    await expect(transaction.query(compiled(sqlText(text)))).rejects.toMatchObject(refused);
    await transaction.query(compiled(insert(1)));
    await transaction.commit();
    expect((await run(1, sqlText('/* still */ (select "BlogId" from "Blogs")'))).rows).toEqual([{ BlogId: 1 }]);
  });

  test('whose answer cannot be read is not said to have rolled back: it has not', async () => {
    const money = 790;
    const parser = pg.types.getTypeParser(money);
    pg.types.setTypeParser(money, () => {
      throw new Error('no');
    });
    try {
      const unreadable = sql`insert into "Blogs" ("BlogId", "Name") values (1, 'x') returning 1::money as price`;
      await expect(run(1, unreadable)).rejects.toMatchObject({ code: 'INTERNAL', outcome: 'unknown' });
    } finally {
      pg.types.setTypeParser(money, parser as (text: string) => unknown);
    }
    expect((await run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 1 }]);
  });

  test('runs on a connection whose far end the server looks after', async () => {
    const { rows } = await run(1, sql`select current_setting('tcp_keepalives_idle') as idle`);
    expect(rows).toEqual([{ idle: '30' }]);
  });

  test('COPY from the client is refused, and nothing waits for it', async () => {
    await expect(run(1, sql`copy "Blogs" from stdin`)).rejects.toMatchObject({ outcome: 'not-run' });
    expect((await run(2, sql`select 1 as n`)).rows).toEqual([{ n: 1 }]);
  });
});

describe('a server that stands still', () => {
  test('costs the connection: a read is a timeout, a write is unknown', async () => {
    const other = await engine.connect(shard.address, shardLogins.app, expected);
    server.freeze();
    const [reading, writing] = await Promise.allSettled([
      run(1, sql`select 1`, { ...read, timeoutMs: 50 }),
      other.execute(entry(1), compiled(insert(1)), { ...write, timeoutMs: 50 }),
    ]);
    server.thaw();
    expect(reading).toMatchObject({ reason: { code: 'TIMEOUT', outcome: 'not-run' } });
    expect(writing).toMatchObject({ reason: { code: 'COMMIT_UNKNOWN', outcome: 'unknown' } });
    expect([connection.usable, other.usable]).toEqual([false, false]);
  });

  test('a connection that the server ends is known to be gone', async () => {
    await shard.root.query(sql`select pg_terminate_backend(${await pid()}::integer)`);
    await expect(run(1, insert(1))).rejects.toMatchObject({ outcome: expect.any(String) });
    expect(connection.usable).toBe(false);
  });
});

describeOnBothForms('a transaction', () => {
  const kept = { outcome: 'unknown', detail: 'The statement committed what the transaction had done before.' };
  const undone = { outcome: 'not-run', detail: 'All that the transaction had done was rolled back.' };
  test.each([
    { text: 'commit', said: kept, rows: 1 },
    { text: 'commit and chain', said: kept, rows: 1 },
    { text: 'rollback', said: undone, rows: 0 },
    { text: 'rollback and chain', said: undone, rows: 0 },
    { text: 'begin', said: undone, rows: 0 },
  ])('$text as a statement of it ends it as an error that says what became of it, and its connection', async ({ text, said, rows }) => {
    const transaction = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(insert(1)));
    await expect(transaction.query(compiled(sqlText(text)))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL', ...said });
    expect(connection.usable).toBe(false);
    const blogs = sqlText('select from "Blogs" where "TenantId" = 1 and "BlogId" = 1');
    await expect.poll(async () => (await shard.root.query(blogs)).rowCount).toBe(rows);
  });

  test.each([`prepare transaction 'mine'`, `;/* a */ PREPARE -- b\n\t/* c /* d */ */transaction 'mine'`])(
    '%s is not sent: what is prepared would hold the mapping when connection and server are gone',
    async (text) => {
      const transaction = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
      await transaction.query(compiled(insert(1)));
      await expect(transaction.query(compiled(sqlText(text)))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL', outcome: 'not-run' });
      await transaction.rollback();
      expect((await shard.root.query(sql`select gid from pg_prepared_xacts`)).rows).toEqual([]);
      expect(connection.usable).toBe(true);
    },
  );

  test('a commit that fails as a statement of it has undone it', async () => {
    await shard.root.query(
      sqlText('alter table "Blogs" add constraint one_name unique ("TenantId", "Name") deferrable initially deferred'),
    );
    const transaction = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
    for (const id of [1, 2]) await transaction.query(compiled(sql`insert into "Blogs" ("BlogId", "Name") values (${id}, 'x')`));
    await expect(transaction.query(compiled(sqlText('commit')))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL', ...undone });
    expect((await shard.root.query(sqlText('select from "Blogs"'))).rowCount).toBe(0);
    await shard.root.query(sqlText('alter table "Blogs" drop constraint one_name'));
  });

  test('that has changed settings and failed then is told that it was rolled back', async () => {
    const transaction = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(sqlText('set local lock_timeout = 1000')));
    await expect(transaction.query(compiled(sql`select 1 / 0`))).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
    expect(connection.usable).toBe(true);
  });

  test('may use savepoints', async () => {
    const transaction = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(sql`savepoint s`));
    await transaction.query(compiled(insert(1)));
    await transaction.query(compiled(sql`rollback to savepoint s`));
    await transaction.query(compiled(insert(2)));
    await transaction.commit();
    expect((await run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 2 }]);
  });
});

describeOnBothForms('the fence', () => {
  /** A transaction of app whose snapshot is older than the fence, and what `enter` then says to it: a SQLSTATE, or nothing. */
  const enterBehindFence = async (isolation: Isolation): Promise<string | undefined> => {
    const client = new pg.Client(clientConfig(shard.address, shardLogins.app));
    await client.connect();
    try {
      await client.query(`begin isolation level ${isolation}`);
      await client.query('select 1');
      await shard.admin.query(sql`update tenantry.local_mapping set state = 'DRAINING' where mapping_id = 1`);
      return await refusalOf(enter(client, 1, shownFor(entry(1))));
    } finally {
      await client.end();
      await shard.admin.query(sql`update tenantry.local_mapping set state = 'ONLINE' where mapping_id = 1`);
    }
  };

  test.each<[Isolation, string]>([
    ['read committed', 'TN003'],
    ['repeatable read', '40001'],
    ['serializable', '40001'],
  ])('stops a writer whose snapshot is older than the fence, under %s', async (isolation, sqlState) => {
    expect(await enterBehindFence(isolation)).toBe(sqlState);
  });

  test('would let a stale writer through under repeatable read without the row lock', async () => {
    const { rows } = await shard.root.query<{ text: string }>(sql`select pg_get_functiondef('tenantry.enter_slowly'::regproc) as text`);
    await shard.root.query(sqlText(rows[0]!.text.replace(' for share', '')));
    expect(await enterBehindFence('repeatable read')).toBeUndefined();
    await shard.root.query(sqlText(rows[0]!.text));
    expect(await enterBehindFence('repeatable read')).toBe('40001');
  });

  test.each<Isolation>(['read committed', 'repeatable read', 'serializable'])(
    'tells a writer that meets it to come again, under %s, and never makes it wait in a queue',
    async (isolation) => {
      const refused = shard.admin.transaction(async (session) => {
        await session.query(sql`select pg_advisory_xact_lock(1413828161, 1)`);
        return await connection.begin(entry(1), { ...write, isolation }).catch((error: unknown) => error);
      });
      expect(await refused).toEqual(new EntryRefused({ reason: 'DRAINING' }));
    },
  );

  test.each(
    (['read committed', 'repeatable read', 'serializable'] as const).flatMap((isolation) =>
      [write, read].map((options) => ({ isolation, options, purpose: options.readOnly ? 'read' : 'write' })),
    ),
  )(
    'refuses what is not the whole entry of its mapping, and leaves no tenant behind, under $isolation, to $purpose',
    async ({ isolation, options }) => {
      const { key } = entry(1);
      const whole = shownFor(entry(1));
      const withKey = (other: Uint8Array): Buffer => Buffer.concat([whole.subarray(0, 24), other]);
      const cases: readonly (readonly [refusal: string, mapping: number | null, shown: Buffer | null])[] = [
        ['TN001', null, whole],
        ['TN001', 999, whole],
        ['TN006', 1, null],
        ['TN006', 1, Buffer.alloc(0)],
        ['TN006', 1, whole.subarray(0, 7)],
        ['TN006', 1, shownFor({ ...entry(1), epoch: 2 })],
        ['TN006', 1, shownFor({ ...entry(1), epoch: -1 })],
        ['TN007', 1, whole.subarray(0, 8)],
        ['TN007', 1, whole.subarray(0, 23)],
        ['TN007', 1, shownFor({ ...entry(1), token: randomBytes(16) })],
        ['TN001', 1, whole.subarray(0, 24)],
        ['TN001', 1, whole.subarray(0, 27)],
        ['TN001', 1, withKey(Buffer.concat([key, Buffer.alloc(1)]))],
        ['TN001', 1, withKey(entry(2).key)],
        ['TN001', 1, withKey(tenantKeyFromText('bigint', '1').bytes)],
        ['TN001', 1, withKey(randomBytes(1_000))],
      ];
      const client = new pg.Client(clientConfig(shard.address, shardLogins.app));
      await client.connect();
      await client.query(`begin isolation level ${isolation}; savepoint before`);
      const answers: (string | undefined)[] = [];
      for (const [, mapping, shown] of cases) {
        answers.push(await refusalOf(enter(client, mapping, shown, options)));
        await client.query('rollback to before');
      }
      expect(answers).toEqual(cases.map(([refusal]) => refusal));
      expect((await client.query('select tenantry.current_tenant() as tenant')).rows).toEqual([{ tenant: null }]);
      await enter(client, 1, whole, options);
      expect((await client.query('select tenantry.current_tenant() as tenant')).rows).toEqual([{ tenant: 1 }]);
      await client.end();
    },
  );

  test('knows of every writer inside, by its shared lock, and does not wait for readers', async () => {
    const canFence = async (): Promise<unknown> =>
      await shard.admin.transaction(
        async (session) => (await session.query(sql`select pg_try_advisory_xact_lock(1413828161, 1) as free`)).rows[0]!['free'],
      );
    const writer = await connection.begin(entry(1), { ...write, isolation: 'read committed' });
    expect(await canFence()).toBe(false);
    await writer.commit();
    expect(await canFence()).toBe(true);
    const reader = await connection.begin(entry(1), { ...read, isolation: 'repeatable read' });
    expect(await canFence()).toBe(true);
    await reader.rollback();
  });

  test('finds tables in public alone, whatever search path the login was given', async () => {
    await shard.root.query(sqlText(`alter role ${shardLogins.app.user} set search_path = tenantry, public`));
    const other = await engine.connect(shard.address, shardLogins.app, expected);
    const { rows } = await other.execute(entry(1), compiled(sql`select current_setting('search_path') as path`), read);
    await other.close();
    await shard.root.query(sqlText(`alter role ${shardLogins.app.user} reset search_path`));
    expect(rows).toEqual([{ path: 'public,pg_temp' }]);
  });

  test('holds for single statements too where the login was given defaults of its own', async () => {
    const { user } = shardLogins.app;
    await shard.root.query(
      sqlText(`alter role ${user} set default_transaction_isolation = 'serializable'; alter role ${user} set default_transaction_read_only = on;
        alter role ${user} set default_transaction_deferrable = on`),
    );
    const other = await engine.connect(shard.address, shardLogins.app, expected);
    const levels = compiled(
      sql`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as reads, current_setting('transaction_deferrable') as defers`,
    );
    const asMeant = [{ level: 'read committed', reads: 'off', defers: 'off' }];
    expect((await other.execute(entry(1), levels, write)).rows).toEqual(asMeant);
    // Nor do they come back with what clears a session.
    await other.execute(entry(1), compiled(sql`set default_transaction_isolation = 'repeatable read'`), write);
    expect((await other.execute(entry(1), levels, write)).rows).toEqual(asMeant);
    await other.close();
    await shard.root.query(sqlText(`alter role ${user} reset all`));
  });
});

describeOnBothForms('the key types', () => {
  test.each<[KeyType, string]>([
    ['int', '-42'],
    ['bigint', '9007199254740993'],
    ['uuid', '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'],
    ['string', 'Zoë:7'],
    ['bytes', '00ff10'],
  ])('%s: the tenant that entered is the tenant that policies see', async (keyType, text) => {
    for (const protection of ['guarded', 'plain'] as const) {
      const typed = await createTestShard(server, `key_${keyType}_${protection}_${isPoint}`, { keyType, protection });
      const key = tenantKeyFromText(keyType, text);
      await typed.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (1, ${isPoint ? 'point' : 'range'}, ${isPoint ? key.bytes : new Uint8Array()}, 'ONLINE', 1, ${token})`,
      );
      const app = await engine.connect(typed.address, shardLogins.app, {
        ...expected,
        shardId: typed.shardId,
        incarnation: typed.incarnation,
        contextProtection: protection,
      });
      const own = { ...entry(1), key: key.bytes };
      await app.execute(own, compiled(insert(1)), write);
      const { rows } = await app.execute(
        own,
        compiled(sql`select "TenantId" = tenantry.current_tenant() as same, "TenantId"::text as tenant from "Blogs"`),
        read,
      );
      expect(rows).toEqual([{ same: true, tenant: keyType === 'bytes' ? `\\x${text}` : text }]);
      await app.close();
      await typed.close();
    }
  });
});

describe('a key whose length is not its type’s', () => {
  test.each<[KeyType, string, string]>([
    ['int', 'shorter', '85'],
    ['int', 'longer', '8500000001'],
    ['bigint', 'shorter', '85000000'],
    ['uuid', 'shorter', '85'],
  ])('%s, %s: nobody’s, though the mapping has room for it', async (keyType, _, hex) => {
    const typed = await createTestShard(server, `length_${keyType}_${hex}`, { keyType });
    await typed.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, high, state, epoch, token)
        values (1, 'range', decode('80', 'hex'), decode('90', 'hex'), 'ONLINE', 1, ${token})`,
    );
    const app = await engine.connect(typed.address, shardLogins.app, {
      ...expected,
      shardId: typed.shardId,
      incarnation: typed.incarnation,
    });
    const wrong = { ...entry(1), key: Buffer.from(hex, 'hex') };
    const tenant = app.execute(wrong, compiled(sql`select tenantry.current_tenant() is null as none`), read);
    if (keyType === 'uuid') expect((await tenant).rows).toEqual([{ none: true }]);
    else await expect(tenant).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    await app.close();
    await typed.close();
  });
});

describe('opening a connection', () => {
  const refused = async (login: { user: string; password: string }, change: Partial<ConnectionExpectations> = {}) =>
    await engine.connect(shard.address, login, { ...expected, ...change }).then(
      () => 'opened',
      (error: unknown) => String(error),
    );

  test('is refused where the database is another shard, another incarnation or none', async () => {
    expect(await refused(shardLogins.app, { shardId: '00000000-0000-4000-8000-00000000000b' })).toContain(
      'and the catalog means 00000000-0000-4000-8000-00000000000b',
    );
    expect(await refused(shardLogins.app, { incarnation: '1/1' })).toContain('restored or replaced');
    await server.createDatabase('empty');
    await expect(engine.connect({ ...shard.address, database: 'empty' }, shardLogins.app, expected)).rejects.toMatchObject({
      code: 'SHARD_UNVERIFIED',
    });
  });

  test('is refused to a superuser, to one who bypasses policies, to an owner, and to a member of another principal', async () => {
    expect(await refused(server)).toContain('superuser');
    await shard.root.query(sqlText(`create role sneaky login password 'sneaky' bypassrls; grant tenantry_app to sneaky`));
    expect(await refused({ user: 'sneaky', password: 'sneaky' })).toContain('bypasses');
    await shard.root.query(sqlText('alter role sneaky nobypassrls; grant tenantry_mover to sneaky'));
    expect(await refused({ user: 'sneaky', password: 'sneaky' })).toContain('tenantry_mover');
    expect(await refused(shardLogins.admin)).toContain('owns');
  });

  test('is refused where a routed table is not protected', async () => {
    await shard.root.query(sqlText('alter table "Blogs" no force row level security'));
    expect(await refused(shardLogins.app)).toContain('Blogs: row-level security is not enabled and forced');
    await shard.root.query(sqlText('alter table "Blogs" force row level security'));
    expect(await refused(shardLogins.app)).toBe('opened');
  });

  test('asks everything about server, shard and login at once: an answer is awaited by none of the other questions', async () => {
    await using proxy = await startWireProxy(server);
    const asked = Promise.withResolvers<void>();
    let questions = 0;
    const isQuestion = ({ side, type }: WireMessage): boolean => side === 'frontend' && (type === 'Q' || type === 'P');
    const counting = {
      when: 'after',
      match: (message: WireMessage) => {
        if (isQuestion(message) && (questions += 1) === 4) asked.resolve();
        return false;
      },
      action: () => undefined,
    } as const;
    void proxy.once(counting);
    const firstAnswer = { when: 'before', match: ({ side, type }: WireMessage) => side === 'backend' && type === 'T' } as const;
    const held = proxy.once({ ...firstAnswer, action: () => asked.promise });
    const opened = await engine.connect({ ...shard.address, host: proxy.host, port: proxy.port }, shardLogins.app, expected);
    await held;
    expect(questions).toBe(4);
    expect((await opened.execute(entry(1), compiled(sql`select 1 as one`), read)).rows).toEqual([{ one: 1 }]);
    await opened.close();
  });

  test('is given up when asked to', async () => {
    await expect(engine.connect(shard.address, shardLogins.app, expected, AbortSignal.abort())).rejects.toMatchObject({
      code: 'SHARD_UNAVAILABLE',
    });
  });
});
