import { beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { compareSubjects } from '../../../src/policy/compare-subjects.ts';
import { accepting } from '../../support/accepting.ts';
import { blogs, postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';
import { createShardRouter } from '../../support/shard-router.ts';

const shard = usePolicyShard();
beforeAll(() => shard.renew());

/** What `policy apply` refuses while this is there, one line for each function; afterwards it is gone. */
async function refusedOver(ddl: string): Promise<string[]> {
  await shard.asRoot(
    `create schema held; set search_path = held, public; ${ddl}; reset search_path; alter schema held owner to tenantry_admin`,
  );
  try {
    return await shard.apply().then(
      () => [],
      (error: Error) => error.message.split('\n').slice(1),
    );
  } finally {
    await shard.asRoot('drop schema held cascade');
  }
}

const sentence = (through: string): string =>
  `is IMMUTABLE, and its answer goes by the tenant or by what came with a call, through ${through}: the plan of a prepared statement keeps what one tenant was answered, for the next on its connection`;
const refusal = (called: string, through: string): string =>
  `- held.${called.replace(/\(.*/, '').replaceAll('"', '')} ${sentence(through)}; run: alter function held.${called} stable;`;

describe('policy apply refuses an IMMUTABLE function', () => {
  it.each<[what: string, ddl: string, refused: readonly [called: string, through: string][]]>([
    [
      'that asks for the tenant',
      `create function own() returns integer language sql immutable as 'select tenantry.current_tenant()'`,
      [['own()', 'tenantry.current_tenant']],
    ],
    [
      'that asks for it in BEGIN ATOMIC',
      'create function own() returns integer language sql immutable begin atomic select tenantry.current_tenant(); end',
      [['own()', 'tenantry.current_tenant']],
    ],
    [
      'that asks for it by its path alone, in quotes, and in other case',
      `create function own("Of" integer) returns integer language plpgsql immutable set search_path = tenantry as 'begin return "current_tenant" () + CONTEXT_VALUE(''n''); end'`,
      [['own("Of" integer)', 'tenantry.context_value, tenantry.current_tenant']],
    ],
    [
      'that asks for a value that came with the call',
      `create function may(item text) returns boolean language sql immutable as $$ select tenantry.context_holds('roles', item) $$`,
      [['may(item text)', 'tenantry.context_holds']],
    ],
    [
      'that reads the setting behind them',
      `create function own() returns text language sql immutable as $$ select current_setting('backtrace_functions') $$;
       create function own_parsed() returns text language sql immutable begin atomic select current_setting('backtrace_functions', true); end`,
      [
        ['own()', 'current_setting'],
        ['own_parsed()', 'current_setting'],
      ],
    ],
    [
      'that reads tables whose names it has as values',
      `create function own() returns text language plpgsql immutable as $$ begin return table_to_xml('"Blogs"', true, false, '')::text; end $$;
       create function own_parsed() returns text language sql immutable begin atomic select schema_to_xml('public', true, false, '')::text; end;
       create function own_table() returns text language plpgsql immutable as $$ begin return connectby('"Blogs"', 'a', 'b', 'c', 0); end $$`,
      [
        ['own()', 'tables named by values'],
        ['own_parsed()', 'tables named by values'],
        ['own_table()', 'tables named by values'],
      ],
    ],
    [
      'that has as a column of a row what asks',
      `create type one_row as (n integer);
       create function asked(one_row) returns integer language sql stable as 'select tenantry.current_tenant()';
       create function own() returns text language plpgsql immutable as 'declare r held.one_row; begin r := row(1); return ''T'' || r.asked; end'`,
      [['own()', 'held.asked']],
    ],
    [
      'that calls one that is STABLE and does, and each that calls that',
      `create function asks() returns integer language sql stable as 'select tenantry.current_tenant()';
       create function "Calls it"() returns integer language sql immutable as 'select held.asks()';
       create function outer_one() returns integer language plpgsql immutable as 'begin return held."Calls it"(); end'`,
      [
        ['"Calls it"()', 'held.asks'],
        ['outer_one()', 'held.Calls it'],
      ],
    ],
    [
      'that calls one whose name has letters beyond ASCII',
      `create function "prüfe"() returns integer language sql stable as 'select tenantry.current_tenant()';
       create function "Über"() returns integer language sql stable as 'select tenantry.current_tenant()';
       create function own() returns integer language sql immutable as 'select held.prüfe()';
       create function own_quoted() returns integer language sql immutable as 'select held."Über"()'`,
      [
        ['own()', 'held.prüfe'],
        ['own_quoted()', 'held.Über'],
      ],
    ],
    [
      'that calls one that shows the setting',
      `create function shows() returns text language plpgsql as $$ declare shown text; begin execute 'show backtrace_functions' into shown; return shown; end $$;
       create function own() returns text language sql immutable as 'select held.shows()'`,
      [['own()', 'held.shows']],
    ],
    [
      'that asks in a string that is run, or in a text that may be cut otherwise',
      `create function run() returns integer language plpgsql immutable as $$ declare found integer; begin execute format('select %s', 'tenantry.current_tenant()') into found; return found; end $$;
       create function escaped() returns integer language sql immutable as $$ select length(E'it\\'s ') + tenantry.current_tenant() + length(' ') $$;
       create function nested() returns integer language sql immutable as $$ select /* /* */ it's */ tenantry.current_tenant() + length(' ') $$;
       create function dollars() returns integer language sql immutable as 'select length($a$it''s $a$) + tenantry.current_tenant() + length('' '')'`,
      [
        ['dollars()', 'tenantry.current_tenant'],
        ['escaped()', 'tenantry.current_tenant'],
        ['nested()', 'tenantry.current_tenant'],
        ['run()', 'tenantry.current_tenant'],
      ],
    ],
    [
      'that reads a table whose rows are tenants’, itself or by a view',
      `create view seen with (security_invoker = true) as select * from public."Blogs";
       create function of_table() returns bigint language sql immutable as 'select count(*) from public."Blogs"';
       create function of_second() returns bigint language sql immutable as 'select count(*) from generate_series(1, 2), "Blogs"';
       create function of_view() returns bigint language sql immutable begin atomic select count(*) from seen; end`,
      [
        ['of_second()', 'public.Blogs'],
        ['of_table()', 'public.Blogs'],
        ['of_view()', 'held.seen'],
      ],
    ],
    [
      'that uses an operator or an aggregate that asks',
      `create function own_of(integer, integer) returns integer language sql stable as 'select tenantry.current_tenant()';
       create operator <<>> (leftarg = integer, rightarg = integer, function = own_of);
       create aggregate any_own(integer) (sfunc = own_of, stype = integer, initcond = '0');
       create function by_operator() returns integer language sql immutable as 'select 1 operator(held.<<>>) 2';
       create function by_aggregate() returns integer language sql immutable as 'select held.any_own(1)'`,
      [
        ['by_aggregate()', 'held.any_own'],
        ['by_operator()', 'held.<<>>'],
      ],
    ],
  ])('%s', async (_, ddl, refused) => {
    expect(await refusedOver(ddl)).toEqual(refused.map(([called, through]) => refusal(called, through)));
  });

  it.each([
    [
      'STABLE and VOLATILE functions that ask',
      `create function own() returns integer language sql stable as 'select tenantry.current_tenant()';
       create function counted() returns bigint language sql as 'select count(*) from public."Blogs"'`,
    ],
    [
      'an argument that is the tenant by default, which every statement asks for',
      `create function of_tenant(tenant integer default tenantry.current_tenant()) returns integer language sql immutable as 'select tenant * 2'`,
    ],
    [
      'parameters and texts that have a name of a table or of a function that asks',
      `create function asks() returns integer language sql stable as 'select tenantry.current_tenant()';
       create function plain(asks text, blogs text) returns text language sql immutable as $$ select '/Blogs/' || asks || blogs || 'from blogs' $$`,
    ],
    [
      'comments, strings, and FROM that stands between values',
      `create function asks() returns integer language sql stable as 'select tenantry.current_tenant()';
       create function plain("Blogs" text, day date) returns boolean language sql immutable as $$
         -- held.asks(), from "Blogs"
         select trim(both ' ' from "Blogs") || extract(year from day) is distinct from "Blogs" || 'held.asks() from "Blogs"' || substring("Blogs" from 2) /* held.asks() */ $$`,
    ],
    [
      'one that calls a function of another schema that only has the name',
      `create function upper(value text) returns text language sql stable as 'select value || tenantry.current_tenant()';
       create function plain(value text) returns text language sql immutable as 'select pg_catalog.upper(value)'`,
    ],
    [
      'one that calls a function of its own that only has such a name',
      `create function context(value text) returns text language sql immutable as 'select value';
       create function plain() returns text language sql immutable as $$ select held.context('x') $$`,
    ],
    [
      'a function of a trigger, which is in no plan',
      `create function fill() returns trigger language plpgsql immutable as 'begin new."TenantId" = tenantry.current_tenant(); return new; end'`,
    ],
  ])('and not %s', async (_, ddl) => {
    expect(await refusedOver(ddl)).toEqual([]);
  });
});

it('policy apply refuses one that stands among Tenantry’s own', async () => {
  await shard.asAdmin(`create function tenantry.mine() returns integer language sql immutable as 'select tenantry.current_tenant()';
    grant execute on function tenantry.mine() to tenantry_app`);
  try {
    await expect(shard.apply()).rejects.toThrow(
      `- tenantry.mine ${sentence('tenantry.current_tenant')}; run: alter function tenantry.mine() stable;`,
    );
  } finally {
    await shard.asAdmin('drop function tenantry.mine()');
  }
});

it('policy apply warns of one that app may not call, and nothing does, and refuses it once a text or a policy calls it, or app is to call it', async () => {
  await shard.asRoot(`create function own_tenant() returns integer language sql immutable as 'select tenantry.current_tenant()';
    revoke execute on function own_tenant() from public; alter function own_tenant() owner to tenantry_admin`);
  try {
    const { warnings } = await shard.apply();
    expect(warnings).toContainEqual({
      code: 'immutable-unreached',
      severity: 'advice',
      object: 'public.own_tenant',
      text: 'is IMMUTABLE, and its answer goes by the tenant or by what came with a call, through tenantry.current_tenant; app may not call it, and nothing does',
      remedy: 'alter function public.own_tenant() stable',
    });
    await shard.asAdmin(
      `create function by_text() returns integer language plpgsql security definer as 'begin return public.own_tenant(); end'`,
    );
    await expect(shard.apply()).rejects.toThrow(`- public.own_tenant ${sentence('tenantry.current_tenant')}`);
    await shard.asAdmin('drop function by_text()');
    const procedures = { 'public.own_tenant': { returns: 'nothing' } } as const;
    await expect(shard.apply([blogs], { procedures })).rejects.toThrow(`- public.own_tenant ${sentence('tenantry.current_tenant')}`);
    await shard.asAdmin('create policy own on "Blogs" as restrictive to tenantry_app using ("TenantId" = own_tenant())');
    await expect(shard.apply()).rejects.toThrow(`- public.own_tenant ${sentence('tenantry.current_tenant')}`);
  } finally {
    await shard.asRoot('drop policy if exists own on "Blogs"; drop function if exists by_text(); drop function own_tenant()');
  }
});

it('policy diff tells such a function of the shard, whose state it is', async () => {
  const { admin, shardId } = shard.database;
  const compare = async () =>
    (
      await compareSubjects(admin, postgresPolicies, { tables: [blogs], procedures: [], keyType: 'int', accepting: accepting(shardId) })
    ).find(({ of }) => of === 'shard');
  await shard.apply();
  expect(await compare()).toEqual({ of: 'shard', object: null, state: 'same', items: [], reasons: [] });
  await shard.asRoot(`create function own_tenant() returns integer language sql immutable as 'select tenantry.current_tenant()'`);
  try {
    expect(await compare()).toMatchObject({
      of: 'shard',
      object: null,
      state: 'different',
      items: [{ item: 'function public.own_tenant()' }],
      reasons: [expect.stringContaining('It may serve no tenants'), `public.own_tenant ${sentence('tenantry.current_tenant')}.`],
    });
  } finally {
    await shard.asRoot('drop function own_tenant()');
  }
});

describe('two tenants on one connection', () => {
  it('are answered as the first one where nothing refuses such a function, and each for itself after the remedy', async () => {
    await shard.asRoot(`create function own_tenant() returns integer language sql immutable as 'select tenantry.current_tenant()';
      create table refs (owner integer, word text); insert into refs values (1, 'of one'), (2, 'of two');
      alter table refs enable row level security; create policy own on refs to tenantry_app using (owner = own_tenant());
      grant execute on function own_tenant() to tenantry_app; grant select on refs to tenantry_app`);
    const { router, addTenant } = createShardRouter(shard.database, createPostgresEngine(), {
      keyType: 'int',
      tables: [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }],
    });
    const ask = async (tenant: number): Promise<unknown> =>
      (await router.query(tenant, sqlText('select word, pg_backend_pid() as connection from refs'))).rows[0];
    try {
      await addTenant(1);
      await addTenant(2);
      const first = await ask(1);
      expect(first).toEqual({ word: 'of one', connection: expect.any(Number) as number });
      expect(await ask(2)).toEqual(first);
      const [, remedy = ''] = /run: (.*);/.exec(await shard.apply().then(String, (error: Error) => error.message)) ?? [];
      expect(remedy).toBe('alter function public.own_tenant() stable');
      await shard.asRoot(remedy);
      await shard.apply(undefined, { despiteLeaks: true });
      for (const tenant of [2, 1, 2, 2, 1, 1, 2])
        expect(await ask(tenant)).toEqual({ ...(first as object), word: tenant === 1 ? 'of one' : 'of two' });
    } finally {
      await router.close();
      await shard.asRoot('drop table refs; drop function own_tenant()');
    }
  });
});
