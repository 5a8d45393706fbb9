import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TenantryConfig } from '../../../src/config.ts';
import { compareSubjects } from '../../../src/policy/compare-subjects.ts';
import { proceduresSchema } from '../../../src/config/procedures-schema.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { blogs, postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';
import { createTestShard } from '../../support/postgres-shard.ts';
import { accepting } from '../../support/accepting.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { createShardRouter } from '../../support/shard-router.ts';
import { sql } from '../../../src/core/sql.ts';

type Procedures = NonNullable<TenantryConfig['procedures']>;
const shard = usePolicyShard();
const anything: Procedures[string] = { returns: 'nothing' };

const rightOf = async (role: string, routine: string): Promise<unknown> =>
  (await shard.database.root.query(sql`select has_function_privilege(${role}, ${routine}, 'execute') as "may"`)).rows[0]?.['may'];

describe('policy apply', () => {
  beforeAll(() => shard.renew());

  it('gives app the right to call what is configured, takes it from everybody else, and then has nothing to do', async () => {
    await shard.asAdmin(`
      create schema sales; create function sales."Count Blogs"("From" integer default 0) returns bigint language sql stable as 'select count(*) from public."Blogs" where "BlogId" > $1';
      grant execute on function sales."Count Blogs" to public; create procedure "Other"() language sql as 'select 1'`);
    const procedures: Procedures = {
      'sales.Count Blogs': { parameters: { From: { type: 'int32', required: false } }, returns: 'nothing' },
    };
    const planned = await shard.apply([blogs], { procedures, dryRun: true });
    expect(planned.changes).toEqual([
      {
        kind: 'set',
        of: 'procedure',
        object: 'sales.Count Blogs',
        item: 'rights of tenantry_app on its schema',
        before: null,
        after: 'usage',
        statements: ['revoke create on schema "sales" from tenantry_app, public', 'grant usage on schema "sales" to tenantry_app'],
      },
      {
        kind: 'set',
        of: 'procedure',
        object: 'sales.Count Blogs',
        item: 'rights of tenantry_app',
        before: null,
        after: 'execute',
        statements: [
          'revoke all on routine "sales"."Count Blogs" from tenantry_app',
          'grant execute on routine "sales"."Count Blogs" to tenantry_app',
          `insert into tenantry.exposed_procedure select 'sales', proname, pg_get_function_identity_arguments(oid), oid from pg_proc where oid = '"sales"."Count Blogs"'::regproc on conflict do nothing`,
        ],
      },
      {
        kind: 'set',
        of: 'procedure',
        object: 'sales.Count Blogs',
        item: 'rights of public',
        before: 'execute',
        after: null,
        statements: ['revoke all on routine "sales"."Count Blogs" from public'],
      },
    ]);
    const { keyType, wanted } = { keyType: 'int' as const, wanted: proceduresSchema.parse(procedures) };
    const stateOf = async (): Promise<unknown> =>
      (
        await compareSubjects(shard.database.admin, postgresPolicies, {
          tables: [blogs],
          procedures: wanted,
          keyType,
          accepting: accepting(),
        })
      )
        .filter(({ object }) => object?.startsWith('sales'))
        .map(({ of, object, state, items }) => [of, object, state, items.length]);
    expect(await stateOf()).toEqual([['procedure', 'sales.Count Blogs', 'different', 3]]);
    await shard.apply([blogs], { procedures });
    expect([await rightOf('tenantry_app', 'sales."Count Blogs"(integer)'), await rightOf('tenantry_app', '"Other"()')]).toEqual([
      true,
      false,
    ]);
    expect(await rightOf('tenantry_superuser', 'sales."Count Blogs"(integer)')).toBe(false);
    expect((await shard.apply([blogs], { procedures })).changes).toEqual([]);
    expect(await stateOf()).toEqual([['procedure', 'sales.Count Blogs', 'same', 0]]);
  });

  it('takes back what it gave once a procedure is configured no more, of the very one it was given for, and nothing that others gave', async () => {
    await shard.asAdmin(`
      create function left_behind(a integer) returns void language sql as ''; create function by_hand() returns void language sql as '';
      revoke all on function left_behind, by_hand from public`);
    const configured: Procedures = { left_behind: { parameters: { a: 'int32' }, returns: 'nothing' } };
    await shard.apply([blogs], { procedures: configured });
    await shard.asAdmin(`
      create function left_behind(a text) returns void language sql as ''; grant execute on function left_behind(text), by_hand to tenantry_app`);
    const compared = await compareSubjects(shard.database.admin, postgresPolicies, {
      tables: [blogs],
      procedures: [],
      keyType: 'int',
      accepting: accepting(),
    });
    expect(compared.find(({ object }) => object === 'public.left_behind')).toEqual({
      of: 'procedure',
      object: 'public.left_behind',
      state: 'extra',
      items: [{ item: 'rights of tenantry_app', state: 'extra', before: 'execute', after: null }],
      reasons: [],
    });
    const { rows } = await shard.database.root.query<{ id: string }>(
      sql`select routine_id::text as "id" from tenantry.exposed_procedure where routine_name = 'left_behind'`,
    );
    const { changes } = await shard.apply([blogs], { dryRun: true });
    expect(changes.filter(({ item }) => item === 'rights of tenantry_app')).toEqual([
      {
        kind: 'set',
        of: 'procedure',
        object: 'public.left_behind',
        item: 'rights of tenantry_app',
        before: 'execute',
        after: null,
        statements: [
          'revoke all on routine "public"."left_behind"(a integer) from tenantry_app',
          `delete from tenantry.exposed_procedure where schema_name = 'public' and routine_name = 'left_behind' and arguments = 'a integer' and routine_id = '${rows[0]?.id}'`,
        ],
      },
    ]);
    await shard.apply([blogs]);
    expect(
      await Promise.all(['left_behind(integer)', 'left_behind(text)', 'by_hand()'].map((name) => rightOf('tenantry_app', name))),
    ).toEqual([false, true, true]);
    expect((await shard.apply([blogs])).changes).toEqual([]);
  });

  it('has nothing to do where a procedure that it gave is gone, and forgets it with the next change', async () => {
    const noted = async (): Promise<unknown[]> =>
      (await shard.database.root.query<{ name: string }>(sql`select routine_name as "name" from tenantry.exposed_procedure`)).rows;
    await shard.asAdmin('create function gone() returns void language sql as $$ $$; revoke all on function gone from public');
    await shard.apply([blogs], { procedures: { gone: anything } });
    await shard.asAdmin('drop function gone');
    const compared = await compareSubjects(shard.database.admin, postgresPolicies, {
      tables: [blogs],
      procedures: [],
      keyType: 'int',
      accepting: accepting(),
    });
    expect(compared.filter(({ object }) => object === 'public.gone')).toEqual([]);
    expect((await shard.apply([blogs], { dryRun: true })).changes.filter(({ of }) => of === 'procedure')).toEqual([]);
    expect(await noted()).toEqual([{ name: 'gone' }]);
    await shard.asAdmin('alter table "Blogs" no force row level security');
    await shard.apply([blogs]);
    expect(await noted()).toEqual([]);
  });

  it('takes back what it gave of one that has other arguments, another name or another schema by now', async () => {
    await shard.asAdmin(`
      create type mood as enum ('a'); create type feel as enum ('a'); create schema other;
      create function named(integer) returns void language sql as ''; create function of_type(a mood) returns void language sql as '';
      create function of_place(a feel) returns void language sql as ''; create function renamed() returns void language sql as '';
      create function away() returns void language sql as ''; create function restored(a integer) returns void language sql as '';
      create function replaced() returns void language sql as '';
      revoke all on function named, of_type, of_place, renamed, away, restored, replaced from public`);
    // By the statements of policy apply.
    const names = ['named', 'of_type', 'of_place', 'renamed', 'away', 'restored', 'replaced'];
    for (const name of names)
      await shard.asAdmin(`grant execute on function ${name} to tenantry_app;
        insert into tenantry.exposed_procedure select 'public', proname, pg_get_function_identity_arguments(oid), oid from pg_proc where oid = '${name}'::regproc`);
    await shard.asAdmin(`
      create or replace function named(a integer default 1) returns void language sql as '';
      alter type mood rename to mood_2; alter type feel set schema other;
      alter function renamed rename to renamed_2; alter function away set schema other;
      update tenantry.exposed_procedure set routine_id = 1, arguments = 'integer' where routine_name = 'restored';
      alter function replaced rename to replaced_2; create function replaced() returns void language sql as ''`);
    const now = [
      'named(integer)',
      'of_type(mood_2)',
      'of_place(other.feel)',
      'renamed_2()',
      'other.away()',
      'restored(integer)',
      'replaced_2()',
    ];
    const rights = (): Promise<unknown[]> => Promise.all(now.map((name) => rightOf('tenantry_app', name)));
    expect(await rights()).toEqual(now.map(() => true));
    const { changes } = await shard.apply([blogs], { procedures: { replaced: anything } });
    const taken = changes.filter(({ item, after }) => item === 'rights of tenantry_app' && after === null);
    expect(taken.map(({ object, before }) => `${object}: ${before}`).toSorted()).toEqual(
      ['other.away', 'public.named', 'public.of_place', 'public.of_type', 'public.renamed_2', 'public.replaced_2', 'public.restored'].map(
        (table) => `${table}: execute`,
      ),
    );
    expect(await rights()).toEqual(now.map(() => false));
    expect(await rightOf('tenantry_app', 'replaced()')).toBe(true);
    expect((await shard.apply([blogs])).changes.map(({ object, before }) => [object, before])).toEqual([['public.replaced', 'execute']]);
    expect((await shard.apply([blogs])).changes).toEqual([]);
  });

  it("takes nothing of Tenantry's own from app, whatever is noted as given", async () => {
    await shard.asAdmin(`insert into tenantry.exposed_procedure
      select 'tenantry', proname, pg_get_function_identity_arguments(oid), oid from pg_proc where oid = 'tenantry.current_tenant()'::regprocedure`);
    await shard.apply([blogs]);
    expect(await rightOf('tenantry_app', 'tenantry.current_tenant()')).toBe(true);
    expect((await shard.apply([blogs])).changes).toEqual([]);
  });

  it('says of a function that is VOLATILE and is called as one that reads', async () => {
    await shard.asAdmin(`create function loose() returns jsonb language sql as $$ select '1'::jsonb $$`);
    const { warnings } = await shard.apply([blogs], { procedures: { loose: { returns: 'json', readOnly: true } } });
    expect(warnings.filter(({ object }) => object === 'public.loose').map(({ code }) => code)).toEqual(['volatile-reads']);
    const silent = await shard.apply([blogs], { procedures: { loose: { returns: 'json' } } });
    expect(silent.warnings.filter(({ object }) => object === 'public.loose')).toEqual([]);
  });
});

describe('policy apply refuses, before anything is changed,', () => {
  beforeAll(() => shard.renew());
  afterEach(async () => {
    const routines =
      sqlText(`select p.oid::regprocedure::text as "name", case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end as "form"
      from pg_proc p where p.pronamespace = 'public'::regnamespace order by p.prokind`);
    for (const { name, form } of (await shard.database.root.query<{ name: string; form: string }>(routines)).rows)
      await shard.asRoot(`drop ${form} if exists ${name} cascade`);
  });

  it.each<[what: string, ddl: string, configured: Procedures[string], message: string]>([
    ['what is not there', 'select 1', anything, 'does not exist in the shard'],
    ['a name of other case', 'create function F() returns void language sql as $$ $$', anything, 'does not exist'],
    [
      'an aggregate',
      'create aggregate "F"(integer) (sfunc = int4pl, stype = integer)',
      anything,
      'is an aggregate, which nobody can call by a request',
    ],
    [
      'two of a name',
      'create function "F"() returns void language sql as $$ $$; create function "F"(integer) returns void language sql as $$ $$',
      anything,
      'is there 2 times, with other parameters each',
    ],
    [
      'parameters of other names',
      'create function "F"("a" integer) returns void language sql as $$ $$',
      { parameters: { A: 'int32' }, returns: 'nothing' },
      'it has no parameter A; it has a\n- public.F does not take what the configuration says: its parameter a is given by nobody',
    ],
    [
      'parameters without names',
      'create function "F"(integer) returns void language sql as $$ $$',
      anything,
      'its parameter without a name is given by nobody',
    ],
    [
      'parameters of other types',
      'create function "F"("A" bigint, "B" point) returns void language sql as $$ $$',
      { parameters: { A: 'int32', B: 'text' }, returns: 'nothing' },
      'its parameter A is of type bigint, not int32\n- public.F does not take what the configuration says: its parameter B is of type point, not text',
    ],
    [
      'a parameter that may be left out and has no default',
      'create function "F"("A" integer, "B" integer default 1) returns void language sql as $$ $$',
      { parameters: { A: { type: 'int32', required: false } }, returns: 'nothing' },
      'its parameter A has no default, and may be left out',
    ],
    [
      'a document that is none',
      'create function "F"() returns text language sql as $$ select 1 $$',
      { returns: 'json' },
      'it gives text, and not one json or jsonb',
    ],
    [
      'several documents',
      `create function "F"() returns setof jsonb language sql as $$ select '1'::jsonb $$`,
      { returns: 'json' },
      'it gives setof jsonb, and not one json or jsonb',
    ],
    [
      'rows of a procedure',
      'create procedure "F"() language sql as $$ select 1 $$',
      { returns: { rows: { Id: 'int32' } } },
      'it gives nothing, and no columns',
    ],
    [
      'rows of other columns',
      'create function "F"() returns setof "Blogs" language sql stable as $$ select * from "Blogs" $$',
      { returns: { rows: { BlogId: 'text', Title: 'text' } } },
      'its column BlogId is of type integer, not text\n- public.F does not answer as the configuration says: it has no column Title; it has TenantId, BlogId, Name',
    ],
    [
      "a trigger's function",
      'create function "F"() returns trigger language plpgsql as $$ begin return null; end $$',
      anything,
      'it is for a trigger',
    ],
    [
      'one that runs as its owner',
      'create function "F"() returns void language sql security definer as $$ $$',
      anything,
      "runs as tenantry_admin, not as the tenant's login",
    ],
    [
      'one that names what runs as its owner, through another',
      `create function "Inner (Rows)"() returns bigint language sql security definer as $$ select count(*) from "Blogs" $$;
       grant execute on function "Inner (Rows)" to public;
       create function middle() returns bigint language plpgsql as $$ begin execute 'select "Inner (Rows)"()'; return 1; end $$;
       create function "F"() returns void language plpgsql as $$ begin perform MIDDLE(); end $$`,
      anything,
      "runs as tenantry_admin (in public.Inner (Rows), which it calls), not as the tenant's login",
    ],
    [
      'one whose parsed body calls what runs as its owner',
      `create function inside() returns bigint language sql security definer as $$ select count(*) from "Blogs" $$;
       grant execute on function inside to tenantry_app;
       create function "F"() returns bigint language sql begin atomic select inside(); end`,
      anything,
      "runs as tenantry_admin (in public.inside, which it calls), not as the tenant's login",
    ],
    [
      'one that commits',
      'create procedure "F"() language plpgsql as $$ begin delete from "Blogs"; /* it is done */ Commit; end $$',
      anything,
      'ends or changes the transaction that it is called in: COMMIT',
    ],
    [
      'one in a language that is not read',
      `create function "F"() returns void language internal as 'pg_backend_pid'`,
      anything,
      'runs what cannot be looked at before it is called: it is written in internal',
    ],
  ])('%s', async (_, ddl, configured, message) => {
    const asOwner = ddl.includes('language internal') ? `${ddl}; alter function "F"() owner to tenantry_admin` : ddl;
    await (asOwner === ddl ? shard.asAdmin(ddl) : shard.asRoot(asOwner));
    const granted = sqlText(`select coalesce(sum(cardinality(proacl)), 0)::integer as "grants" from pg_proc where proname = 'F'`);
    const before = (await shard.database.root.query(granted)).rows;
    await expect(shard.apply([blogs], { procedures: { F: configured } })).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringContaining(message) as string,
    });
    expect((await shard.database.root.query(granted)).rows).toEqual(before);
  });

  it('no function for one that runs as its owner, where app may not call it or its name is a part of other words', async () => {
    await shard.asAdmin(`create function own() returns bigint language sql security definer as $$ select count(*) from "Blogs" $$;
      create function kept() returns bigint language sql security definer as $$ select count(*) from "Blogs" $$;
      grant execute on function own to tenantry_app;
      create function "F"() returns text language sql as $$ select kept()::text || 'owner, down' where 1 = 0 $$`);
    await shard.apply([blogs], { procedures: { F: anything }, despiteLeaks: true });
    expect(await rightOf('tenantry_app', '"F"()')).toBe(true);
  });

  it("what is another owner's", async () => {
    await shard.asRoot('create function "F"() returns void language sql as $$ $$; grant execute on function "F" to tenantry_admin');
    await expect(shard.apply([blogs], { procedures: { F: anything } })).rejects.toMatchObject({
      detail: expect.stringContaining(
        'public.F cannot be given to app by the admin login, whom it does not belong to; what helps: give public.F to tenantry_admin',
      ) as string,
    });
  });
});

describe('a procedure that app may call', () => {
  it('closes the gate of its shard where it is replaced, until it is applied again', async () => {
    const watched = await createTestShard(shard.server, 'watched_calls', { watched: true });
    const procedures = proceduresSchema.parse({ Names: { returns: 'json', readOnly: true } });
    const tables = [{ name: 'Blogs', ...blogs, tenantColumn: 'TenantId' }];
    const apply = (): Promise<unknown> =>
      applyPolicies(watched.admin, postgresPolicies, {
        tables,
        procedures,
        keyType: 'int',
        accepting: accepting(watched.shardId),
        dryRun: false,
      });
    const define = (body: string): Promise<unknown> =>
      watched.admin.query(sqlText(`create or replace function "Names"() returns jsonb language sql stable as $$ ${body} $$`));
    const { router, addTenant } = createShardRouter(watched, createPostgresEngine(), { keyType: 'int', tables });
    await addTenant(1);
    const call = async (): Promise<unknown> => (await router.query(1, sql`select "Names"() as "json"`)).rows[0]?.['json'];
    try {
      await define(`select '"first"'::jsonb`);
      await apply();
      expect(await call()).toBe('first');
      await define(`select '"second"'::jsonb`);
      await expect(call()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
      await apply();
      await expect.poll(call).toBe('second');
    } finally {
      await router.close();
      await watched.close();
    }
  });
});
