import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sql, sqlText } from '../../src/core/sql.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { postgresPolicyRenderer } from '../../src/engine/postgres/policy-renderer.ts';
import { qualifiedTables } from '../../src/engine/qualified-tables.ts';
import { applyPolicies } from '../../src/policy/apply.ts';
import type { ConfiguredTable, PolicyResult } from '../../src/policy/model.ts';
import type { KeyType } from '../../shardmap/key.ts';
import { createTestShard, shardLogins, type TestShard } from '../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';

const engine = createPostgresEngine();
const policies = { renderer: postgresPolicyRenderer, dialect: engine.dialect, capabilitiesOf: engine.capabilitiesOf };
const blogs: ConfiguredTable = { table: 'Blogs', tenantColumn: 'TenantId' };

let server: PostgresServer;
let shard: TestShard;
let app: SqlDatabase;
let shards = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await app.close();
  await shard.close();
  await server.stop();
});

async function useShard(keyType: KeyType = 'int'): Promise<void> {
  await app?.close();
  await shard?.close();
  shards += 1;
  shard = await createTestShard(server, `policies_${shards}`, { keyType });
  app = engine.open(shard.address, shardLogins.app);
}

function apply(
  tables: readonly ConfiguredTable[] = [blogs],
  { dryRun = false, keyType = 'int' }: { readonly dryRun?: boolean; readonly keyType?: KeyType } = {},
): Promise<PolicyResult> {
  return applyPolicies(shard.admin, policies, { tables, keyType, dryRun });
}

async function gateProblems(tables: readonly ConfiguredTable[] = [blogs]): Promise<string[]> {
  const named = qualifiedTables(
    tables.map((table) => ({ name: table.table, ...table })),
    policies.dialect,
  );
  const { rows } = await app.run<{ table: string | null; problem: string }>('policy/gate', { tables: JSON.stringify(named) });
  return rows.map(({ table, problem }) => `${table ?? 'login'}: ${problem}`);
}

const admin = (statements: string): Promise<unknown> => shard.admin.query(sqlText(statements));
const root = (statements: string): Promise<unknown> => shard.root.query(sqlText(statements));

describe('policy apply', () => {
  beforeEach(() => useShard());

  it('changes nothing the second time, and says so', async () => {
    expect(await apply()).toEqual({ changes: [], warnings: [], applied: true });
    expect(await gateProblems()).toEqual([]);
  });

  it('shows by a dry run the exact statements that apply runs, and changes nothing', async () => {
    await admin('create table "Posts" ("TenantId" integer not null, "PostId" serial, primary key ("TenantId", "PostId"))');
    const tables = [blogs, { table: 'Posts', tenantColumn: 'TenantId' }];
    const shown = await apply(tables, { dryRun: true });
    expect(shown.applied).toBe(false);
    expect(shown.changes.map(({ item }) => item)).toEqual([
      'row security',
      'policy tenantry_tenant',
      'policy tenantry_base',
      'policy tenantry_superuser',
      'policy tenantry_mover',
      'policy tenantry_admin',
      'default',
      'rights of tenantry_app',
      'rights of tenantry_superuser',
      'rights of tenantry_mover',
      'rights of tenantry_app on sequence Posts_PostId_seq',
      'rights of tenantry_mover on sequence Posts_PostId_seq',
    ]);
    expect(shown.changes[1]).toEqual({
      table: 'public.Posts',
      item: 'policy tenantry_tenant',
      before: null,
      after: 'restrictive all to tenantry_app using tenant check tenant',
      statements: [
        'drop policy if exists "tenantry_tenant" on "public"."Posts"',
        'create policy "tenantry_tenant" on "public"."Posts" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()))',
      ],
    });
    expect(await apply(tables, { dryRun: true })).toEqual(shown);

    for (const statement of shown.changes.flatMap(({ statements }) => statements)) await admin(statement);
    expect(await apply(tables)).toEqual({ changes: [], warnings: [], applied: true });
  });

  it('refuses a server that cannot keep tenants apart, before anything is changed', async () => {
    await root('alter table "Blogs" disable row level security');
    const request = { tables: [blogs], keyType: 'int', dryRun: false, capabilities: { securityPolicies: false } } as const;
    await expect(applyPolicies(shard.admin, policies, request)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining('it has no security policies') as string,
    });
    expect((await apply([blogs], { dryRun: true })).changes.map(({ item }) => item)).toEqual(['row security']);
  });

  it('lets two runs at once follow one another', async () => {
    await root('alter table "Blogs" disable row level security');
    const changes = (await Promise.all([apply(), apply()])).map((result) => result.changes.length);
    expect(changes.toSorted((a, b) => a - b)).toEqual([0, 1]);
  });

  it('changes nothing at all where one statement fails', async () => {
    await root('alter table "Blogs" disable row level security');
    const failing = {
      ...postgresPolicyRenderer,
      wanted: (...asked: Parameters<typeof postgresPolicyRenderer.wanted>) => [
        ...postgresPolicyRenderer.wanted(...asked),
        { item: 'impossible', definition: 'x', statements: [sql`alter table "NoSuchTable" enable row level security`] },
      ],
    };
    await expect(
      applyPolicies(shard.admin, { ...policies, renderer: failing }, { tables: [blogs], keyType: 'int', dryRun: false }),
    ).rejects.toThrow('The database refused the statement.');
    expect((await apply([blogs], { dryRun: true })).changes.map(({ item }) => item)).toEqual(['row security']);
  });

  it('says what an administrator must do where the server ignores the admin login', async () => {
    await root('grant create on schema public to public');
    await expect(apply()).rejects.toThrow('revoke create on schema "public" from tenantry_app, public');
  });

  it('leaves policies of others alone', async () => {
    await root('create policy own_predicate on "Blogs" as restrictive to tenantry_app using ("BlogId" > 0)');
    expect((await apply()).changes).toEqual([]);
  });

  it('covers partitions, which nobody but through their table may use', async () => {
    await admin(`create table "Events" ("TenantId" integer not null, "EventId" integer, primary key ("TenantId", "EventId")) partition by list ("TenantId");
      create table "Events1" partition of "Events" for values in (1);
      grant select on "Events1" to tenantry_app`);
    const events = { table: 'Events', tenantColumn: 'TenantId' };
    const { changes, warnings } = await apply([blogs, events]);
    expect(changes.filter(({ table }) => table === 'public.Events1').map(({ item, after }) => [item, after])).toEqual([
      ['row security', 'forced'],
      ['policy tenantry_tenant', 'restrictive all to tenantry_app using tenant check tenant'],
      ['policy tenantry_base', 'permissive all to tenantry_app using true check true'],
      ['policy tenantry_superuser', 'permissive select to tenantry_superuser using true check none'],
      ['policy tenantry_mover', 'permissive all to tenantry_mover using true check true'],
      ['policy tenantry_admin', 'permissive all to tenantry_admin using true check true'],
      ['rights of tenantry_app', null],
    ]);
    expect(warnings).toEqual([]);
    expect((await apply([blogs, events])).changes).toEqual([]);
  });

  it('opens no table to tenants while a part of one is open to them beside it', async () => {
    await admin(
      `create table "Logs" ("TenantId" integer not null, "LogId" integer not null, primary key ("TenantId", "LogId")) partition by range ("LogId");
       create table "Logs_1" partition of "Logs" for values from (1) to (100)`,
    );
    // What another role has given, its owner takes from nobody.
    await root(
      `create role analyst; grant select on "Logs_1" to analyst with grant option;
       set role analyst; grant select on "Logs_1" to tenantry_app; reset role`,
    );
    const tables = [blogs, { table: 'Logs', tenantColumn: 'TenantId' }];
    await expect(apply(tables)).rejects.toThrow('rights of tenantry_app (public.Logs_1)');
    expect((await app.query(sql`select from "Logs_1"`)).rows).toEqual([]);
    expect(await gateProblems(tables)).toEqual([
      'Logs: row-level security is not enabled and forced',
      'Logs: its policy tenantry_tenant is missing or altered',
      'Logs: its part "Logs_1" can be reached beside it',
    ]);

    await root('set role analyst; revoke select on "Logs_1" from tenantry_app; reset role');
    await apply(tables);
    await expect(app.query(sql`select from "Logs_1"`)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await gateProblems(tables)).toEqual([]);
  });

  it('opens a schema of its own to the principals, and reference tables for reading', async () => {
    await admin(`create schema "Sales"; create table "Sales"."order" ("select" integer not null, id integer, primary key ("select", id));
      create table "Countries" (code text primary key)`);
    const tables = [{ schema: 'Sales', table: 'order', tenantColumn: 'select' }, { table: 'Countries' }];
    expect((await apply(tables)).warnings).toEqual([expect.objectContaining({ object: 'public.Blogs' })]);
    expect((await apply(tables)).changes).toEqual([]);
    expect(await gateProblems(tables.slice(0, 1))).toEqual([]);
    expect((await app.query(sql`select * from "Sales"."order"`)).rows).toEqual([]);
    expect((await app.query(sql`select * from "Countries"`)).rows).toEqual([]);
    await expect(app.query(sql`insert into "Countries" values ('NL')`)).rejects.toThrow('The caller may not do this.');
  });
});

describe('policy apply mends', () => {
  beforeAll(() => useShard());

  it.each<[item: string, drift: string, noticedByGate: boolean]>([
    ['row security', 'alter table "Blogs" disable row level security', true],
    ['row security', 'alter table "Blogs" no force row level security', true],
    ['policy tenantry_tenant', 'drop policy tenantry_tenant on "Blogs"', true],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" using (true)', true],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" with check (true)', true],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" using ("BlogId" = (select tenantry.current_tenant()))', true],
    [
      'policy tenantry_tenant',
      'alter policy tenantry_tenant on "Blogs" using ("TenantId" = (select tenantry.current_tenant()) or "TenantId" = 2)',
      true,
    ],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" to tenantry_mover', true],
    [
      'policy tenantry_tenant',
      'drop policy tenantry_tenant on "Blogs"; create policy tenantry_tenant on "Blogs" as permissive to tenantry_app using ("TenantId" = (select tenantry.current_tenant()))',
      true,
    ],
    [
      'policy tenantry_tenant',
      'drop policy tenantry_tenant on "Blogs"; create policy tenantry_tenant on "Blogs" as restrictive for select to tenantry_app using ("TenantId" = (select tenantry.current_tenant()))',
      true,
    ],
    ['policy tenantry_base', 'drop policy tenantry_base on "Blogs"', false],
    ['policy tenantry_superuser', 'alter policy tenantry_superuser on "Blogs" using (false)', false],
    ['policy tenantry_left_over', 'create policy tenantry_left_over on "Blogs" using (true)', false],
    ['default', 'alter table "Blogs" alter column "TenantId" drop default', false],
    ['default', 'alter table "Blogs" alter column "TenantId" set default 1', false],
    ['rights of tenantry_app', 'grant truncate on "Blogs" to tenantry_app', false],
    ['rights of tenantry_app', 'revoke delete on "Blogs" from tenantry_app', false],
    ['rights of tenantry_app', 'grant select on "Blogs" to tenantry_app with grant option', false],
    ['rights of tenantry_app', 'grant references ("Name") on "Blogs" to tenantry_app', false],
    ['rights of tenantry_superuser', 'grant update on "Blogs" to tenantry_superuser', false],
    ['rights of public', 'grant select on "Blogs" to public', false],
  ])('%s after: %s', async (item, drift, noticedByGate) => {
    await root(drift);
    expect((await gateProblems()).length > 0).toBe(noticedByGate);
    expect((await apply()).changes.map((change) => change.item)).toEqual([item]);
    expect(await apply()).toEqual({ changes: [], warnings: [], applied: true });
    expect(await gateProblems()).toEqual([]);
  });
});

describe('policy apply refuses', () => {
  beforeAll(() => useShard());

  it.each<[what: string, ddl: string, table: ConfiguredTable, message: string]>([
    [
      'a table that does not exist',
      'select 1',
      { table: 'Nothing', tenantColumn: 'TenantId' },
      'public.Nothing does not exist in the shard',
    ],
    ['a name of other case', 'select 1', { table: 'blogs', tenantColumn: 'TenantId' }, 'public.blogs does not exist'],
    ['a view', 'create view a_view as select 1 as "T"', { table: 'a_view', tenantColumn: 'T' }, 'public.a_view is not a table'],
    [
      'an unknown column',
      'select 1',
      { table: 'Blogs', tenantColumn: 'tenantid' },
      'public.Blogs has no column tenantid (names are exact-case)',
    ],
    [
      'a column of another type',
      'create table t_type (t bigint not null primary key)',
      { table: 't_type', tenantColumn: 't' },
      'public.t_type has a tenant column of type bigint, which is not that of the key type int (integer)',
    ],
    [
      'a column of a domain',
      'create domain tenant as integer; create table t_domain (t tenant not null primary key)',
      { table: 't_domain', tenantColumn: 't' },
      'of type tenant',
    ],
    [
      'a column that may be null',
      'create table t_null (t integer); create index on t_null (t)',
      { table: 't_null', tenantColumn: 't' },
      'run: alter table public.t_null alter column t set not null;',
    ],
    [
      'a computed column',
      'create table t_gen (a integer, t integer not null generated always as (a) stored, primary key (t))',
      { table: 't_gen', tenantColumn: 't' },
      'public.t_gen computes its tenant column t',
    ],
    [
      'an identity column',
      'create table t_identity (t integer generated always as identity primary key)',
      { table: 't_identity', tenantColumn: 't' },
      'public.t_identity computes its tenant column t',
    ],
    [
      'no index',
      'create table t_bare (t integer not null)',
      { table: 't_bare', tenantColumn: 't' },
      'run: create index on public.t_bare (t);',
    ],
    [
      'an index that begins with another column',
      'create table t_second (a integer, t integer not null, primary key (a, t))',
      { table: 't_second', tenantColumn: 't' },
      'run: create index on public.t_second (t);',
    ],
    [
      'an index over some rows',
      'create table t_some (t integer not null); create index on t_some (t) where t > 5',
      { table: 't_some', tenantColumn: 't' },
      'run: create index on public.t_some (t);',
    ],
    [
      'an index that is no tree',
      'create table t_hash (t integer not null); create index on t_hash using hash (t)',
      { table: 't_hash', tenantColumn: 't' },
      'run: create index on public.t_hash (t);',
    ],
  ])('%s', async (_, ddl, table, message) => {
    await admin(ddl);
    await expect(apply([table])).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining(message) as string,
    });
  });

  it('a table of app', async () => {
    await root(`create table owned (t integer not null primary key); alter table owned owner to ${shardLogins.app.user}`);
    await expect(apply([{ table: 'owned', tenantColumn: 't' }])).rejects.toThrow(
      `public.owned belongs to ${shardLogins.app.user}, a login of tenant traffic, which must own nothing`,
    );
  });

  it('a table of another owner, and says how it changes hands', async () => {
    await root('create table foreign_owner (t integer not null primary key)');
    await expect(apply([{ table: 'foreign_owner', tenantColumn: 't' }])).rejects.toThrow(
      'run: alter table public.foreign_owner owner to tenantry_admin;',
    );
  });

  it('every unfit table at once', async () => {
    const refused = apply([
      { table: 'No1', tenantColumn: 't' },
      { table: 'No2', tenantColumn: 't' },
    ]);
    await expect(refused).rejects.toThrow(/No1[^]*No2/);
  });
});

describe('policy apply by key type', () => {
  it.each<[KeyType, columnType: string]>([
    ['bigint', 'bigint'],
    ['uuid', 'uuid'],
    ['bytes', 'bytea'],
    ['string', 'text collate "C"'],
    ['string', 'varchar(40) collate "C"'],
    ['string', 'text collate "POSIX"'],
  ])('%s: a column of type %s', async (keyType, columnType) => {
    await useShard(keyType);
    await admin(`create table t (t ${columnType} not null, id integer, primary key (t, id)); drop table "Blogs"`);
    const table = { table: 't', tenantColumn: 't' };
    expect((await apply([table], { keyType })).changes.length).toBeGreaterThan(0);
    expect((await apply([table], { keyType })).changes).toEqual([]);
    expect(await gateProblems([table])).toEqual([]);
    await root('alter policy tenantry_tenant on t using (true)');
    expect(await gateProblems([table])).toEqual(['t: its policy tenantry_tenant is missing or altered']);
  });

  it('string: refuses a collation that does not compare bytes', async () => {
    await useShard('string');
    await admin('create table t (t varchar(20) collate "en-x-icu" not null, id integer, primary key (t, id))');
    await expect(apply([{ table: 't', tenantColumn: 't' }], { keyType: 'string' })).rejects.toThrow(
      'run: alter table public.t alter column t type character varying(20) collate "C";',
    );
  });
});

describe('policy apply warns of', () => {
  beforeEach(() => useShard());

  const posts =
    'create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "BlogId" integer, primary key ("TenantId", "PostId"));';
  it.each<[what: string, ddl: string, object: string, text: string, remedy: string | undefined]>([
    [
      'a primary key without the tenant',
      'alter table "Blogs" drop constraint "Blogs_pkey", add primary key ("BlogId"); create index on "Blogs" ("TenantId")',
      'public.Blogs',
      'primary key that does not begin with the tenant column',
      undefined,
    ],
    [
      'no primary key',
      'alter table "Blogs" drop constraint "Blogs_pkey"; create index on "Blogs" ("TenantId")',
      'public.Blogs',
      'has no primary key',
      undefined,
    ],
    [
      'a unique key without the tenant',
      'create unique index by_name on "Blogs" ("Name")',
      'public.Blogs',
      'has a unique index by_name',
      undefined,
    ],
    [
      'a unique key that only stores the tenant',
      'create unique index by_name on "Blogs" ("Name") include ("TenantId")',
      'public.Blogs',
      'has a unique index by_name without the tenant column',
      undefined,
    ],
    [
      'a foreign key without the tenant',
      `${posts} create unique index by_id on "Posts" ("PostId"); alter table "Blogs" add constraint to_post foreign key ("BlogId") references "Posts" ("PostId")`,
      'public.Blogs',
      'has a foreign key to_post',
      undefined,
    ],
    [
      'a view that runs as its owner',
      'create view all_blogs as select * from "Blogs"; grant select on all_blogs to tenantry_app',
      'public.all_blogs',
      'reads as tenantry_admin',
      'alter view public.all_blogs set (security_invoker = true)',
    ],
    [
      'a view over such a view',
      'create view inner_view as select * from "Blogs"; create view outer_view as select * from inner_view; grant select on outer_view to public',
      'public.outer_view',
      'reads as tenantry_admin',
      'alter view public.outer_view set (security_invoker = true)',
    ],
    [
      'a materialized view',
      'create materialized view stored as select * from "Blogs"; grant select on stored to tenantry_app',
      'public.stored',
      'materialized view over routed tables',
      'revoke select on public.stored from tenantry_app, public',
    ],
    [
      'a definer function',
      `create function every() returns bigint security definer language sql as 'select count(*) from "Blogs"'; grant execute on function every() to public`,
      'public.every',
      'runs as tenantry_admin',
      'alter function every() security invoker',
    ],
    [
      'a table that the configuration does not name',
      'create table shared (x integer); grant insert on shared to tenantry_app',
      'public.shared',
      'every tenant shares its rows',
      'revoke all on public.shared from tenantry_app, public',
    ],
  ])('%s', async (_, ddl, object, text, remedy) => {
    await admin(ddl);
    const { warnings } = await apply([blogs, ...(ddl.includes('"Posts"') ? [{ table: 'Posts', tenantColumn: 'TenantId' }] : [])]);
    const warning = warnings.find((one) => one.object === object);
    expect(warning?.text).toContain(text);
    expect(warning?.remedy).toBe(remedy);
    if (remedy === undefined) return;
    await admin(remedy);
    expect((await apply()).warnings.filter((one) => one.object === object)).toEqual([]);
  });

  it('nothing where the tenant stands behind other columns of a unique key', async () => {
    await admin('create unique index by_name on "Blogs" ("Name", "TenantId") include ("BlogId")');
    expect((await apply()).warnings).toEqual([]);
  });

  it('nothing where views run as the invoker and functions are nobody’s', async () => {
    await admin(`create view all_blogs with (security_invoker = true) as select * from "Blogs"; grant select on all_blogs to tenantry_app;
      create view hidden as select * from "Blogs"; create materialized view stored as select * from "Blogs";
      create function every() returns bigint security definer language sql as 'select count(*) from "Blogs"'`);
    expect((await apply()).warnings).toEqual([]);
  });
});

describe('policy apply, while tenants use a table', () => {
  const posts = { table: 'Posts', tenantColumn: 'TenantId' };
  let user: pg.Client;

  beforeEach(async () => {
    await useShard();
    await admin('create table "Posts" ("TenantId" integer not null, "PostId" integer, primary key ("TenantId", "PostId"))');
    await admin('alter table "Blogs" disable row level security');
    user = new pg.Client({
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database: shard.address.database,
    });
    await user.connect();
    await user.query('begin');
    await user.query('select from "Posts"');
    return async () => await user.end();
  });

  /** A clock that stands still for so many looks, and has this left of a table's time at every later one. */
  const restAfter = (looks: number, restMs: number): Clock => {
    let asked = 0;
    return { ...systemClock, now: () => (asked++ < looks ? 0 : 5_000 - restMs) };
  };
  const applyIn = (clock: Clock): Promise<PolicyResult> =>
    applyPolicies(shard.admin, policies, { tables: [blogs, posts], keyType: 'int', dryRun: false, clock });

  // Blogs is asked about three times: when it is begun with, and before each of its two statements.
  it('says which table is in use and which are done, and does the rest the next time', async () => {
    await expect(applyIn(restAfter(4, 50))).rejects.toMatchObject({
      code: 'TIMEOUT',
      detail: expect.stringMatching(
        /^public\.Posts is in use and could not be changed: .* Done before it: public\.Blogs; run it again\.$/,
      ) as string,
    });
    await user.query('rollback');
    expect(new Set((await apply([blogs, posts])).changes.map(({ table }) => table))).toEqual(new Set(['public.Posts']));
  });

  it('keeps no other table from them while it waits for one', async () => {
    const applying = applyIn(systemClock);
    await expect.poll(async () => (await user.query('select from pg_locks where not granted')).rowCount).toBeGreaterThan(0);
    await user.query(`set local lock_timeout = '100ms'`);
    await user.query('select from "Blogs"');
    await user.query('rollback');
    expect((await applying).applied).toBe(true);
  });

  it('undoes what it has changed of a table where the time for it is over', async () => {
    await user.query('rollback');
    await expect(applyIn(restAfter(2, 0))).rejects.toMatchObject({
      code: 'TIMEOUT',
      detail: expect.stringContaining('more than 5000 ms') as string,
    });
    expect((await apply([blogs, posts], { dryRun: true })).changes.map(({ table }) => table)).toContain('public.Blogs');
  });
});
