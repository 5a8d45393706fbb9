import { beforeEach, describe, expect, it } from 'vitest';
import type { KeyType } from '../../../shardmap/key.ts';
import { sql } from '../../../src/core/sql.ts';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import type { PlannedChange, PolicyResult } from '../../../src/policy/model.ts';
import { blogs, postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';
import { accepting } from '../../support/accepting.ts';

const shard = usePolicyShard();

describe('policy apply', () => {
  beforeEach(() => shard.renew());

  it('changes nothing the second time, and says so', async () => {
    expect(await shard.apply()).toMatchObject({ changes: [], warnings: [], applied: true });
    expect(await shard.gateProblems()).toEqual([]);
  });

  it('shows by a dry run the exact statements that apply runs, and changes nothing', async () => {
    await shard.asAdmin('create table "Posts" ("TenantId" integer not null, "PostId" serial, primary key ("TenantId", "PostId"))');
    const tables = [blogs, { table: 'Posts', tenantColumn: 'TenantId' }];
    const shown = await shard.apply(tables, { dryRun: true });
    expect(shown.applied).toBe(false);
    expect(shown.changes.map(({ item }) => item)).toEqual([
      'row security',
      'policy tenantry_tenant',
      'policy tenantry_base',
      'policy tenantry_superuser',
      'policy tenantry_mover',
      'policy tenantry_admin',
      'capture insert',
      'capture update',
      'capture delete',
      'capture truncate',
      'default',
      'rights of tenantry_app',
      'rights of tenantry_superuser',
      'rights of tenantry_mover',
      'rights of tenantry_app on sequence Posts_PostId_seq',
      'rights of tenantry_mover on sequence Posts_PostId_seq',
    ]);
    expect(shown.changes[1]).toEqual({
      kind: 'set',
      of: 'table',
      object: 'public.Posts',
      item: 'policy tenantry_tenant',
      before: null,
      after: 'restrictive all to tenantry_app using tenant check tenant',
      statements: [
        'drop policy if exists "tenantry_tenant" on "public"."Posts"',
        'create policy "tenantry_tenant" on "public"."Posts" as restrictive for all to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()))',
      ],
    });
    expect(await shard.apply(tables, { dryRun: true })).toEqual(shown);

    for (const statement of shown.changes.flatMap(({ statements }) => statements)) await shard.asAdmin(statement);
    const after = { changes: [], warnings: [{ code: 'sequence-rights', object: 'public.Posts_PostId_seq' }], applied: true };
    expect(await shard.apply(tables)).toMatchObject(after);
  });

  it('refuses a server that cannot keep tenants apart, before anything is changed', async () => {
    await shard.asRoot('alter table "Blogs" disable row level security');
    const request = {
      tables: [blogs],
      procedures: [],
      keyType: 'int',
      accepting: accepting(shard.database.shardId),
      dryRun: false,
      capabilities: { securityPolicies: false },
    } as const;
    await expect(applyPolicies(shard.database.admin, postgresPolicies, request)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining('it has no security policies') as string,
    });
    expect((await shard.apply([blogs], { dryRun: true })).changes.map(({ item }) => item)).toEqual(['row security']);
  });

  it('changes nothing but what was planned, on a shard that is as it was then, and looks once more when it holds the lock', async () => {
    await shard.asRoot('alter table "Blogs" disable row level security');
    const request = { tables: [blogs], procedures: [], accepting: accepting(shard.database.shardId), keyType: 'int' } as const;
    const { state, changes } = await applyPolicies(shard.database.admin, postgresPolicies, { ...request, dryRun: true });
    const applying = (planned: PlannedChange): Promise<PolicyResult> =>
      applyPolicies(shard.database.admin, postgresPolicies, { ...request, dryRun: false, planned });
    await expect(applying({ state, changes: [] })).rejects.toMatchObject({
      code: 'CONFLICT',
      detail: expect.stringContaining('other statements') as string,
    });
    await shard.asRoot('grant truncate on "Blogs" to tenantry_superuser');
    const changed = { code: 'CONFLICT', detail: expect.stringContaining('changed since the plan was made') as string };
    await expect(applying({ state, changes })).rejects.toMatchObject(changed);
    await shard.asRoot('revoke truncate on "Blogs" from tenantry_superuser');
    expect((await applying({ state, changes })).changes).toEqual(changes);
    // What is done already is as the plan wants it.
    expect((await applying({ state, changes })).changes).toEqual([]);
  });

  it('knows what it made again, whatever stands in the name of a key column', async () => {
    await shard.asAdmin(String.raw`create table "Odd" ("TenantId" integer not null, "a\b''c" integer, primary key ("TenantId", "a\b''c"))`);
    const tables = [blogs, { table: 'Odd', tenantColumn: 'TenantId' }];
    expect((await shard.apply(tables)).changes).not.toEqual([]);
    expect(await shard.apply(tables)).toMatchObject({ changes: [], warnings: [] });
  });

  it('lets two runs at once follow one another', async () => {
    await shard.asRoot('alter table "Blogs" disable row level security');
    const changes = (await Promise.all([shard.apply(), shard.apply()])).map((result) => result.changes.length);
    expect(changes.toSorted((a, b) => a - b)).toEqual([0, 1]);
  });

  it('changes nothing at all where one statement fails', async () => {
    await shard.asRoot('alter table "Blogs" disable row level security');
    const failing = {
      ...postgresPolicyRenderer,
      wanted: (...asked: Parameters<typeof postgresPolicyRenderer.wanted>) => [
        ...postgresPolicyRenderer.wanted(...asked),
        { item: 'impossible', definition: 'x', statements: [sql`alter table "NoSuchTable" enable row level security`] },
      ],
    };
    await expect(
      applyPolicies(
        shard.database.admin,
        { ...postgresPolicies, renderer: failing },
        { tables: [blogs], procedures: [], accepting: accepting(shard.database.shardId), keyType: 'int', dryRun: false },
      ),
    ).rejects.toThrow('The database refused the statement.');
    expect((await shard.apply([blogs], { dryRun: true })).changes.map(({ item }) => item)).toEqual(['row security']);
  });

  it('says what an administrator must do where the server ignores the admin login', async () => {
    await shard.asRoot('grant create on schema public to public');
    await expect(shard.apply()).rejects.toThrow('revoke create on schema "public" from tenantry_app, public');
  });

  it('leaves policies of others alone', async () => {
    await shard.asRoot('create policy own_predicate on "Blogs" as restrictive to tenantry_app using ("BlogId" > 0)');
    expect((await shard.apply()).changes).toEqual([]);
  });

  it('covers partitions, which nobody but through their table may use', async () => {
    await shard.asAdmin(`create table "Events" ("TenantId" integer not null, "EventId" integer, primary key ("TenantId", "EventId")) partition by list ("TenantId");
      create table "Events1" partition of "Events" for values in (1);
      grant select on "Events1" to tenantry_app`);
    const events = { table: 'Events', tenantColumn: 'TenantId' };
    const { changes, warnings } = await shard.apply([blogs, events]);
    expect(changes.filter(({ object }) => object === 'public.Events1').map(({ item, after }) => [item, after])).toEqual([
      ['row security', 'forced'],
      ['policy tenantry_tenant', 'restrictive all to tenantry_app using tenant check tenant'],
      ['policy tenantry_base', 'permissive all to tenantry_app using true check true'],
      ['policy tenantry_superuser', 'permissive select to tenantry_superuser using true check none'],
      ['policy tenantry_mover', 'permissive all to tenantry_mover using true check true'],
      ['policy tenantry_admin', 'permissive all to tenantry_admin using true check true'],
      ['capture truncate', 'refused'],
      ['rights of tenantry_app', null],
    ]);
    expect(warnings).toEqual([]);
    expect((await shard.apply([blogs, events])).changes).toEqual([]);
  });

  it('opens no table to tenants while a part of one is open to them beside it', async () => {
    await shard.asAdmin(
      `create table "Logs" ("TenantId" integer not null, "LogId" integer not null, primary key ("TenantId", "LogId")) partition by range ("LogId");
       create table "Logs_1" partition of "Logs" for values from (1) to (100)`,
    );
    // What another role has given, its owner takes from nobody.
    await shard.asRoot(
      `create role analyst; grant select on "Logs_1" to analyst with grant option;
       set role analyst; grant select on "Logs_1" to tenantry_app; reset role`,
    );
    const tables = [blogs, { table: 'Logs', tenantColumn: 'TenantId' }];
    const applying = (): Promise<unknown> => shard.apply(tables, { despiteLeaks: true });
    await expect(applying()).rejects.toThrow('rights of tenantry_app (public.Logs_1)');
    expect((await shard.app.query(sql`select from "Logs_1"`)).rows).toEqual([]);
    expect(await shard.gateProblems(tables)).toEqual([
      'Logs: row-level security is not enabled and forced',
      'Logs: its policy tenantry_tenant is missing or altered',
      'Logs: its part public."Logs_1" can be reached beside it',
    ]);

    await shard.asRoot('set role analyst; revoke select on "Logs_1" from tenantry_app; reset role');
    await applying();
    await expect(shard.app.query(sql`select from "Logs_1"`)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await shard.gateProblems(tables)).toEqual([]);
  });

  it('opens a schema of its own to the principals, and reference tables for reading', async () => {
    await shard.asAdmin(`create schema "Sales"; create table "Sales"."order" ("select" integer not null, id integer, primary key ("select", id));
      create table "Countries" (code text primary key)`);
    const tables = [{ schema: 'Sales', table: 'order', tenantColumn: 'select' }, { table: 'Countries' }];
    expect((await shard.apply(tables)).warnings).toEqual([expect.objectContaining({ object: 'public.Blogs' })]);
    expect((await shard.apply(tables)).changes).toEqual([]);
    expect(await shard.gateProblems(tables.slice(0, 1))).toEqual([]);
    expect((await shard.app.query(sql`select * from "Sales"."order"`)).rows).toEqual([]);
    expect((await shard.app.query(sql`select * from "Countries"`)).rows).toEqual([]);
    await expect(shard.app.query(sql`insert into "Countries" values ('NL')`)).rejects.toThrow('The caller may not do this.');
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
    await shard.renew(keyType);
    await shard.asAdmin(`create table t ("T" ${columnType} not null, id integer, primary key ("T", id)); drop table "Blogs"`);
    const table = { table: 't', tenantColumn: 'T' };
    expect((await shard.apply([table], { keyType })).changes.length).toBeGreaterThan(0);
    expect((await shard.apply([table], { keyType })).changes).toEqual([]);
    expect(await shard.gateProblems([table])).toEqual([]);
    await shard.asRoot('alter policy tenantry_tenant on t using (true)');
    expect(await shard.gateProblems([table])).toEqual(['t: its policy tenantry_tenant is missing or altered']);
  });

  it('string: refuses a collation that does not compare bytes', async () => {
    await shard.renew('string');
    await shard.asAdmin('create table t (t varchar(20) collate "en-x-icu" not null, id integer, primary key (t, id))');
    await expect(shard.apply([{ table: 't', tenantColumn: 't' }], { keyType: 'string' })).rejects.toThrow(
      'run: alter table public.t alter column t type character varying(20) collate "C";',
    );
  });
});
