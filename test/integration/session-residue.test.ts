import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { CompiledSql } from '../../src/core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../src/core/sql.ts';
import type { EngineConnection } from '../../src/engine/engine.ts';
import { clientConfig } from '../../src/engine/postgres/client-config.ts';
import { PostgresConnection } from '../../src/engine/postgres/postgres-connection.ts';
import { WireClient } from '../../src/engine/postgres/wire-client.ts';
import { allCapabilities } from '../support/all-capabilities.ts';
import { useAppConnection } from '../support/app-connection.ts';
import { compiled, entryOf, write } from '../support/app-shard.ts';

const app = useAppConnection();

describe('what a statement leaves in the session', () => {
  test.each([
    ['a setting', 'set work_mem = 77', `select current_setting('work_mem') <> '77kB' as clean`],
    [
      'an isolation level',
      `set session characteristics as transaction isolation level serializable`,
      `select current_setting('default_transaction_isolation') = 'read committed' as clean`,
    ],
    ['a cursor WITH HOLD', 'declare c cursor with hold for select 1', 'select count(*) = 0 as clean from pg_cursors where is_holdable'],
    ['a listener', 'listen gossip', 'select count(*) = 0 as clean from pg_listening_channels()'],
    ['a prepared statement', 'prepare evil as select 1', `select count(*) = 0 as clean from pg_prepared_statements where name = 'evil'`],
    ['a block of code', `do $$ begin execute 'set work_mem = 77'; end $$`, `select current_setting('work_mem') <> '77kB' as clean`],
  ])('%s does not meet the next tenant on the same connection', async (_, leave, look) => {
    const before = await app.pid();
    await app.run(1, sqlText(leave));
    expect((await app.run(2, sqlText(look))).rows).toEqual([{ clean: true }]);
    expect(await app.pid()).toBe(before);
  });

  test('a seed does not tell the numbers of the next tenant on the same connection', async () => {
    const before = await app.pid();
    const next = async (): Promise<unknown> => {
      await app.run(1, sqlText('set seed = 0.42'));
      return (await app.run(2, sqlText('select random() as n'))).rows[0]?.['n'];
    };
    expect(new Set([await next(), await next(), await next()]).size).toBe(3);
    expect(await app.pid()).toBe(before);
  });

  test('a setting of a procedure that was called does not meet the next tenant, on a connection that is older than the procedure', async () => {
    await app.shard.root.query(
      sqlText(
        `create procedure sets() language plpgsql as $$ begin set work_mem = 77; end $$; grant execute on procedure sets to tenantry_app`,
      ),
    );
    const before = await app.pid();
    await app.run(1, sqlText('call sets()'));
    expect((await app.run(2, sql`select current_setting('work_mem') <> '77kB' as clean`)).rows).toEqual([{ clean: true }]);
    expect(await app.pid()).toBe(before);
    await app.shard.root.query(sqlText('drop procedure sets'));
  });

  test('a statement redefined by a block that then failed is not what the next tenant runs', async () => {
    const statement = sqlText('select 1 as n');
    await app.run(1, statement);
    const [{ name } = { name: '' }] = (await app.run(1, sql`select name from pg_prepared_statements where statement = 'select 1 as n'`))
      .rows as { name: string }[];
    await expect(
      app.run(
        1,
        sqlText(`do $$ begin execute 'deallocate ${name}'; execute 'prepare ${name} as select 666 as n'; raise exception 'x'; end $$`),
      ),
    ).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    expect((await app.run(2, statement)).rows).toEqual([{ n: 1 }]);
  });

  test('a library is not loaded for a tenant', async () => {
    await expect(app.run(1, sqlText(`load 'auto_explain'`))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test.each([
    ['a statement', (tried: EngineConnection, load: CompiledSql) => tried.execute(entryOf(1), load, write)],
    [
      'a transaction',
      async (tried: EngineConnection, load: CompiledSql) => {
        const transaction = await tried.begin(entryOf(1), { ...write, isolation: 'read committed' });
        await transaction.query(load);
        await transaction.commit();
      },
    ],
  ])('a library that %s loaded all the same, for which a server may have a folder, costs the connection', async (_, load) => {
    // A superuser may load any; such a connection is never opened for tenants.
    const client = new pg.Client(clientConfig(app.shard.address, app.server));
    await client.connect();
    const wire = new WireClient(client, { host: app.server.host, port: app.server.port, tls: false }, systemClock, 16_777_216);
    const tried = new PostgresConnection(wire, { capabilities: allCapabilities, callsMayCommit: false, leastResidue: 'none' });
    await load(tried, compiled(sqlText(`load 'auto_explain'`)));
    expect(tried.usable).toBe(false);
    await tried.close();
  });

  test('not even from within a transaction', async () => {
    const transaction = await app.connection.begin(entryOf(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(sqlText('set work_mem = 77')));
    await transaction.query(compiled(sql`select 1`));
    await transaction.commit();
    expect((await app.run(2, sql`select current_setting('work_mem') <> '77kB' as clean`)).rows).toEqual([{ clean: true }]);
  });
});

test('a function that lets go of the prepared statements leaves none that this connection counts on', async () => {
  await app.shard.root.query(
    sqlText(`create function lets_go() returns void language plpgsql as $$ begin deallocate all; end $$;
      grant execute on function lets_go to tenantry_app`),
  );
  const tried = await app.connect();
  const lettingGo = compiled(sql`select lets_go()`);
  await tried.execute(entryOf(1), lettingGo, write);
  await expect(tried.execute(entryOf(2), lettingGo, write)).resolves.toMatchObject({ rowCount: 1 });
  await tried.close();
  await app.shard.root.query(sqlText('drop function lets_go'));
});

describe('a right that the bootstrap takes from everybody, and that is back', () => {
  beforeAll(() =>
    app.shard.root.query(sqlText('create sequence numbers; grant usage on sequence numbers to tenantry_app')).then(() => undefined),
  );

  test.each([
    {
      what: 'temporary tables',
      right: 'temporary on database traps',
      left: sql`select "Name" into temporary left_behind from "Blogs"`,
      found: sql`select to_regclass('pg_temp.left_behind') is not null as found`,
    },
    {
      what: 'settings',
      right: 'execute on function set_config(text, text, boolean)',
      left: sql`select set_config('left.behind', 'x', false)`,
      found: sql`select coalesce(current_setting('left.behind', true), '') <> '' as found`,
    },
    {
      what: 'locks of a session',
      right: 'execute on function pg_try_advisory_lock(bigint)',
      left: sql`select pg_try_advisory_lock(7)`,
      found: sql`select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and objid = 7) as found`,
    },
    {
      what: 'last value of a sequence',
      right: 'execute on function lastval()',
      left: sql`select nextval('numbers')`,
      found: sql`select lastval() as found`,
    },
  ])('leaves no $what for the next tenant', async ({ right, left, found }) => {
    await app.shard.root.query(sqlText(`grant ${right} to public`));
    try {
      const other = await app.connect();
      const as = (tenant: number, statement: Sql) => other.execute(entryOf(tenant), compiled(statement), write);
      await as(1, left);
      const [row] = (await as(2, found).catch(() => ({ rows: [] }))).rows;
      expect(row?.['found'] ?? false).toBe(false);
      expect(other.usable).toBe(true);
      await other.close();
    } finally {
      await app.shard.root.query(sqlText(`revoke ${right} from public`));
    }
  });
});
