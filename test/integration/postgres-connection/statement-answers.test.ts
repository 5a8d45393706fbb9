import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { CompiledSql } from '../../../src/core/compile-sql.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, insert, read, write } from '../../support/app-shard.ts';
import { shardLogins } from '../../support/postgres-shard.ts';

const engine = createPostgresEngine();
const app = useAppConnection();

app.describeOnBothForms('a statement on its own', () => {
  test.each([
    ['fewer values than it has parameters', { text: 'select $1::int as n', values: [] }],
    ['a zero byte', { text: 'select 1\0', values: [] }],
  ])('with %s is the caller’s fault, and none of the shard’s', async (_, statement: CompiledSql) => {
    await expect(app.connection.execute(app.entry(1), statement, write)).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      outcome: 'not-run',
    });
    expect(app.connection.usable).toBe(true);
  });

  test('of a table that has changed is prepared anew behind the caller', async () => {
    await app.shard.root.query(sqlText('create table changing (a integer); grant select on changing to tenantry_app'));
    const statement = sql`select * from changing`;
    await app.run(1, statement);
    await app.shard.root.query(sqlText('alter table changing add b integer; insert into changing values (1, 2)'));
    expect((await app.run(1, statement)).rows).toEqual([{ a: 1, b: 2 }]);
    await app.shard.root.query(sqlText('drop table changing'));
  });

  test('of many kinds keeps a bounded number of them prepared', async () => {
    for (let index = 0; index < 300; index += 1) await app.run(1, sqlText(`select ${index} as n`));
    const { rows } = await app.run(1, sql`select count(*)::int as n from pg_prepared_statements`);
    // 128 of the caller's, and enter.
    expect(rows).toEqual([{ n: 129 }]);
    expect((await app.run(1, sqlText('select 0 as n'))).rows).toEqual([{ n: 0 }]);
  });

  test('reads answers of many chunks, and values as pg reads them', async () => {
    const { rows } = await app.run(
      1,
      sql`select i, repeat('ä', 1000) as t, i::bigint as b, i::numeric as d, null::int as z, '\\x00'::bytea as y, true as f, '{"a":1}'::jsonb as j from generate_series(1, 500) i`,
    );
    expect(rows).toHaveLength(500);
    expect(rows[499]).toEqual({ i: 500, t: 'ä'.repeat(1000), b: '500', d: '500', z: null, y: Buffer.from([0]), f: true, j: { a: 1 } });
  });

  test('takes uuids and decimals that are said to be such, with all their digits', async () => {
    const id = '0b5e9c1a-0000-4000-8000-00000000abcd';
    const digits = '-12345678901234567890.0123456789';
    const { rows } = await app.run(1, sql`select ${sql.uuid(id)}::uuid as id, ${sql.decimal(digits, 38, 10)}::numeric as d`);
    expect(rows).toEqual([{ id, d: digits }]);
    expect(await app.shard.root.query(sql`select ${sql.decimal('1.50', 3, 2)}::numeric as d`)).toMatchObject({ rows: [{ d: '1.50' }] });
  });

  test('whose answer cannot be read is not said to have rolled back: it has not', async () => {
    const money = 790;
    const parser = pg.types.getTypeParser(money);
    pg.types.setTypeParser(money, () => {
      throw new Error('no');
    });
    try {
      const unreadable = sql`insert into "Blogs" ("BlogId", "Name") values (1, 'x') returning 1::money as price`;
      await expect(app.run(1, unreadable)).rejects.toMatchObject({ code: 'INTERNAL', outcome: 'unknown' });
    } finally {
      pg.types.setTypeParser(money, parser as (text: string) => unknown);
    }
    expect((await app.run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 1 }]);
  });

  test('runs on a connection whose far end the server looks after', async () => {
    const { rows } = await app.run(1, sql`select current_setting('tcp_keepalives_idle') as idle`);
    expect(rows).toEqual([{ idle: '30' }]);
  });
});

describe('a server that stands still', () => {
  test('costs the connection: a read is a timeout, a write is unknown', async () => {
    const other = await engine.connect(app.shard.address, shardLogins.app, app.expected);
    app.server.freeze();
    const [reading, writing] = await Promise.allSettled([
      app.run(1, sql`select 1`, { ...read, timeoutMs: 50 }),
      other.execute(app.entry(1), compiled(insert(1)), { ...write, timeoutMs: 50 }),
    ]);
    app.server.thaw();
    expect(reading).toMatchObject({ reason: { code: 'TIMEOUT', outcome: 'not-run' } });
    expect(writing).toMatchObject({ reason: { code: 'COMMIT_UNKNOWN', outcome: 'unknown' } });
    expect([app.connection.usable, other.usable]).toEqual([false, false]);
  });

  test('a connection that the server ends is known to be gone', async () => {
    await app.shard.root.query(sql`select pg_terminate_backend(${await app.pid()}::integer)`);
    await expect(app.run(1, insert(1))).rejects.toMatchObject({ outcome: expect.any(String) });
    expect(app.connection.usable).toBe(false);
  });
});
