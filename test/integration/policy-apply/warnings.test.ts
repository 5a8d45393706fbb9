import { beforeEach, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { blogs, usePolicyShard } from '../../support/policy-shard.ts';
import type { LoginUsers } from '../../../src/policy/wanted-policies.ts';
import { shardLogins } from '../../support/postgres-shard.ts';

const shard = usePolicyShard();

describe('policy apply warns of', () => {
  beforeEach(async () => {
    await shard.renew();
    await shard.asRoot(`do $$ begin create role reporting nologin; exception when duplicate_object then null; end $$`);
  });

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
      'has no primary key: which of its rows a tenant changes cannot be told',
      undefined,
    ],
    [
      'no primary key of what inherits',
      'create table "OldBlogs" () inherits ("Blogs"); create index on "OldBlogs" ("TenantId")',
      'public.OldBlogs',
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
      'a definer function that nobody but an aggregate of its owner’s may call',
      `create function counted(bigint, integer) returns bigint security definer language sql as 'select count(*) from "Blogs"';
       revoke execute on function counted from public;
       create aggregate every_one(integer) (sfunc = counted, stype = bigint); grant execute on function every_one(integer) to tenantry_app`,
      'public.counted',
      'is a function that runs as tenantry_admin, and app may call it',
      'alter function public.counted(bigint,integer) security invoker',
    ],
    [
      'a definer function',
      `create function every() returns bigint security definer language sql as 'select count(*) from "Blogs"'; grant execute on function every() to public`,
      'public.every',
      'runs as tenantry_admin',
      'alter function public.every() security invoker',
    ],
    [
      'a permissive policy of somebody else, whoever it is for',
      'create policy reporting on "Blogs" for select to tenantry_superuser using (true)',
      'public.Blogs',
      "permissive policy of somebody else's, reporting (for select, to tenantry_superuser): it adds rows",
      'drop policy reporting on public."Blogs"',
    ],
    [
      'a restrictive policy of somebody else that binds everybody',
      'create policy narrow on "Blogs" as restrictive using ("BlogId" > 5)',
      'public.Blogs',
      "policy of somebody else's, narrow (for all, to public), that hides rows from the program's own logins",
      'drop policy narrow on public."Blogs"',
    ],
    [
      'a restrictive policy that binds who moves rows',
      'create policy narrow on "Blogs" as restrictive for delete to tenantry_mover using ("BlogId" > 5)',
      'public.Blogs',
      'narrow (for delete, to tenantry_mover)',
      'drop policy narrow on public."Blogs"',
    ],
    [
      'rights of somebody else',
      `grant truncate, select on "Blogs" to reporting; grant update ("Name") on "Blogs" to reporting`,
      'public.Blogs',
      "is open to others than the program's logins: reporting (select, truncate, update)",
      'revoke all on public."Blogs" from reporting',
    ],
    [
      'a sequence that app may use',
      'create sequence numbers; grant usage, select on sequence numbers to public',
      'public.numbers',
      'sequence of all tenants that app has rights to (select, usage)',
      'revoke all on sequence public.numbers from tenantry_app, public',
    ],
    [
      'a table that the configuration does not name',
      'create table shared (x integer); grant insert on shared to tenantry_app',
      'public.shared',
      'every tenant shares its rows',
      'revoke all on public.shared from tenantry_app, public',
    ],
  ])('%s', async (_, ddl, object, text, remedy) => {
    await shard.asAdmin(ddl);
    const warnings = await shard.warnings([blogs, ...(ddl.includes('"Posts"') ? [{ table: 'Posts', tenantColumn: 'TenantId' }] : [])]);
    const warning = warnings.find((one) => one.object === object);
    expect(warning?.text).toContain(text);
    if (remedy === undefined) {
      expect(warning?.remedy).toBeUndefined();
      return expect(warning?.advice).toContain('the tenant column');
    }
    expect(warning?.remedy).toBe(remedy);
    await shard.asAdmin(remedy);
    expect((await shard.apply()).warnings.filter((one) => one.object === object)).toEqual([]);
  });

  it('a sequence that numbers a table’s rows: an identity asks no right of app, whatever it has given', async () => {
    await shard.asAdmin('create table "Posts" ("TenantId" integer not null, "PostId" serial, primary key ("TenantId", "PostId"))');
    const tables = [blogs, { table: 'Posts', tenantColumn: 'TenantId' }];
    await shard.apply(tables);
    const { warnings } = await shard.apply(tables);
    expect(warnings).toEqual([
      {
        code: 'sequence-rights',
        severity: 'oracle',
        object: 'public.Posts_PostId_seq',
        text: 'is a sequence of all tenants that app has rights to (usage): its last value tells how many rows others have added',
        advice:
          'give the column that public.Posts_PostId_seq numbers an identity in its place, or a random uuid, and take the right from app',
      },
    ]);
    await shard.asAdmin(`select nextval('"Posts_PostId_seq"')`);
    const seen = sqlText("select last_value from pg_sequences where schemaname = 'public'");
    expect((await shard.app.query(seen)).rows).toEqual([{ last_value: 1 }]);
    await shard.asAdmin(`alter table "Posts" alter column "PostId" drop default; drop sequence "Posts_PostId_seq";
      alter table "Posts" alter column "PostId" add generated by default as identity; select nextval('"Posts_PostId_seq"')`);
    expect((await shard.apply(tables)).warnings).toEqual([]);
    expect((await shard.app.query(seen)).rows).toEqual([{ last_value: null }]);
  });

  it('policies and rights of others on the parts of a table', async () => {
    await shard.asAdmin(`create table "Parted" ("TenantId" integer not null, "Id" integer not null, primary key ("TenantId", "Id")) partition by range ("TenantId");
      create table "Part" partition of "Parted" default; create policy reporting on "Part" to reporting using (true); grant select on "Part" to reporting`);
    const warnings = await shard.warnings([{ table: 'Parted', tenantColumn: 'TenantId' }]);
    expect(warnings.filter(({ object }) => object === 'public.Part').map(({ code }) => code)).toEqual([
      'other-rights',
      'permissive-policy',
    ]);
  });

  it('functions of others that run for rows of its tables: of triggers, their conditions, defaults, checks, policies and indexes', async () => {
    await shard.asRoot(`create function fires() returns trigger language plpgsql as 'begin return new; end';
      create function told(integer) returns boolean immutable language sql return true;
      create function given() returns integer language sql return 1; create function held(integer) returns boolean immutable security definer language sql return true;
      create function seen(integer) returns boolean immutable language sql return true; create function found(integer) returns integer immutable language sql return $1;
      create function nowhere() returns integer language sql return 1; create function roots() returns trigger language plpgsql as 'begin return new; end'`);
    for (const called of ['fires', 'told', 'given', 'held', 'seen', 'found', 'nowhere'])
      await shard.asRoot(`alter function ${called} owner to reporting; grant execute on function ${called} to tenantry_admin`);
    await shard.asRoot('grant execute on function roots to tenantry_admin');
    await shard.asAdmin(`create trigger fired after insert on "Blogs" for each row when (told(new."BlogId")) execute function fires();
      create trigger rooted after insert on "Blogs" for each row execute function roots();
      alter table "Blogs" alter column "BlogId" set default given(), add constraint kept check (held("BlogId"));
      create policy shown on "Blogs" as restrictive to tenantry_app using (seen("BlogId")); create index on "Blogs" (found("BlogId"))`);
    const found = (await shard.warnings()).filter(({ code }) => code === 'foreign-owner');
    const remedyOf = (called: string): string => `alter routine ${called} owner to tenantry_admin`;
    expect(found.map(({ severity, object, text, remedy }) => [severity, object, text.split(' ')[13], remedy])).toEqual([
      ['leak', 'public.fires', 'reporting,', remedyOf('public.fires()')],
      ['leak', 'public.found', 'reporting,', remedyOf('public.found(integer)')],
      ['leak', 'public.given', 'reporting,', remedyOf('public.given()')],
      ['leak', 'public.held', 'reporting,', undefined],
      ['leak', 'public.seen', 'reporting,', remedyOf('public.seen(integer)')],
      ['leak', 'public.told', 'reporting,', remedyOf('public.told(integer)')],
    ]);
    expect(found[3]?.advice).toBe('see what public.held does, let it run as whoever calls it, and give it to tenantry_admin');
    await shard.asRoot(
      `alter function held security invoker; alter function held owner to tenantry_admin; ${found.map(({ remedy }) => remedy ?? '').join(';')}`,
    );
    expect((await shard.apply()).warnings.filter(({ code }) => code === 'foreign-owner')).toEqual([]);
  });

  it('rights that somebody gave to app’s login, its group, a role of its or everybody on what is the server’s own', async () => {
    const { user } = shardLogins.app;
    await shard.asRoot(`grant reporting to ${user}; grant execute on function pg_read_binary_file(text) to ${user};
      grant execute on function pg_stat_get_activity(integer) to tenantry_app; grant select on pg_statistic to reporting;
      grant select (rolname, rolpassword) on pg_authid to public; grant execute on function pg_ls_dir(text) to tenantry_superuser;
      grant execute on function pg_read_file(text) to public; grant select on pg_statistic_ext_data to public;
      alter extension plpgsql add function pg_read_binary_file(text); alter extension plpgsql add function pg_read_file(text);
      alter extension plpgsql add table pg_statistic_ext_data;
      grant select (data) on pg_largeobject to public; alter extension plpgsql add table pg_largeobject;
      grant execute on function lower(text) to ${user}; grant select on pg_class to ${user};
      grant execute on function pg_terminate_backend(integer, bigint), lo_create(oid), pg_advisory_xact_lock(bigint), upper(text) to public`);
    try {
      const warnings = await shard.warnings();
      expect(warnings.map(({ code, severity, object, text, remedy }) => [code, severity, object, text.split(': ')[1], remedy])).toEqual(
        (
          [
            ['lo_create(oid)', 'execute to public', 'revoke execute on function lo_create(oid) from public cascade'],
            [
              'pg_advisory_xact_lock(bigint)',
              'execute to public',
              'revoke execute on function pg_advisory_xact_lock(bigint) from public cascade',
            ],
            ['pg_authid.rolname', 'select to public', 'revoke select (rolname) on table pg_authid from public cascade'],
            ['pg_authid.rolpassword', 'select to public', 'revoke select (rolpassword) on table pg_authid from public cascade'],
            ['pg_largeobject.data', 'select to public', 'revoke select (data) on table pg_largeobject from public cascade'],
            [
              'pg_read_binary_file(text)',
              `execute to ${user}`,
              `revoke execute on function pg_read_binary_file(text) from ${user} cascade`,
            ],
            ['pg_read_file(text)', 'execute to public', 'revoke execute on function pg_read_file(text) from public cascade'],
            [
              'pg_stat_get_activity(integer)',
              'execute to tenantry_app',
              'revoke execute on function pg_stat_get_activity(integer) from tenantry_app cascade',
            ],
            ['pg_statistic', 'select to reporting', 'revoke select on table pg_statistic from reporting cascade'],
            ['pg_statistic_ext_data', 'select to public', 'revoke select on table pg_statistic_ext_data from public cascade'],
            [
              'pg_terminate_backend(integer,bigint)',
              'execute to public',
              'revoke execute on function pg_terminate_backend(integer,bigint) from public cascade',
            ],
          ] as const
        ).map(([name, given, remedy]) => ['server-rights', 'leak', `pg_catalog.${name}`, given, remedy]),
      );
      await shard.asRoot(warnings.map(({ remedy }) => remedy).join(';'));
      expect((await shard.apply()).warnings).toEqual([]);
    } finally {
      await shard.asRoot(`revoke reporting from ${user}`);
    }
  });

  it('functions that set the seed of random numbers, which stays for the next tenant whoever sets it', async () => {
    await shard.asRoot(`create function sown() returns void language plpgsql as 'begin set local seed = 0.42; end';
      create function of_seeds(seed integer) returns integer language sql as 'select seed'`);
    expect((await shard.warnings()).map(({ code, object }) => [code, object])).toEqual([['session-code', 'public.sown']]);
    await shard.asRoot('drop function sown(); drop function of_seeds(integer)');
  });

  it('members of the groups that see all tenants, and of the logins, besides these logins', async () => {
    const found = async (logins: LoginUsers = shardLogins): Promise<unknown[]> => {
      const { warnings } = await shard.apply([blogs], { logins });
      return warnings.map(({ code, severity, object, text, remedy }) => [code, severity, object, text.split(', ')[1], remedy]);
    };
    const finding = (role: string, member: string, by = 'postgres'): unknown => [
      'group-member',
      'advice',
      role,
      member,
      `revoke ${role} from ${member} granted by ${by} cascade`,
    ];
    const { app, mover, superuser, admin } = shardLogins;
    expect(await found()).toEqual([]);
    await shard.asRoot(`drop role if exists intern; create role intern superuser;
      grant tenantry_admin, tenantry_app to reporting; grant tenantry_mover, tenantry_superuser to ${app.user};
      grant ${admin.user} to reporting; grant ${mover.user} to reporting; grant tenantry_superuser to intern`);
    const members = [
      finding(admin.user, 'reporting'),
      finding(mover.user, 'reporting'),
      finding('tenantry_admin', 'reporting'),
      finding('tenantry_mover', app.user),
      finding('tenantry_superuser', app.user),
    ];
    try {
      expect(await found()).toEqual(members);
      const { warnings } = await shard.apply([blogs], { logins: shardLogins });
      await shard.asRoot(warnings.map(({ remedy }) => remedy).join(';'));
      expect(await found()).toEqual([]);
      expect(await found({ ...shardLogins, superuser: { user: 'another' } })).toEqual([finding('tenantry_superuser', superuser.user)]);
    } finally {
      await shard.asRoot(`revoke tenantry_admin, tenantry_app, ${admin.user}, ${mover.user} from reporting;
        revoke tenantry_mover, tenantry_superuser from ${app.user}; drop role intern`);
    }
  });

  it.each(['tenantry_app', 'public'])('temporary tables, where %s may make them again', async (grantee) => {
    await shard.asRoot(`do $$ begin execute format('grant temporary on database %I to ${grantee}', current_database()); end $$`);
    const { warnings } = await shard.apply();
    const remedy = expect.stringMatching(/^revoke temporary on database \w+ from tenantry_app, public$/) as string;
    expect(warnings).toEqual([expect.objectContaining({ code: 'temporary-tables', severity: 'advice', object: 'pg_temp.*', remedy })]);
    await shard.asRoot(warnings[0]?.remedy ?? '');
    expect((await shard.apply()).warnings).toEqual([]);
  });

  it('what asks for the session, which is admin’s where logins are tried: policies, functions and views of app', async () => {
    await shard.asAdmin(`create policy mine on "Blogs" as restrictive for select to tenantry_app using (session_user <> 'x' or "TenantId" = 1);
      create function who() returns boolean language sql as $$ select Current_Setting ( 'application_name' ) = '' and pg_backend_pid() > 0 $$;
      grant execute on function who to tenantry_app;
      create view me with (security_invoker = true) as select session_user as who; grant select on me to tenantry_app;
      create function noted() returns trigger language plpgsql as $$ begin raise '%', session_user; end $$;
      create function other() returns text language sql as $$ select "session_user" from (select 'a'::text) as t ("session_user") $$;
      grant execute on function other, noted to tenantry_app; create function nobodys() returns text language sql as 'select session_user'`);
    const { warnings } = await shard.apply();
    const found = warnings.filter(({ code }) => code === 'session-identity').map(({ object, text }) => `${object} ${text.split(':')[0]}`);
    expect(found).toEqual([
      'public.Blogs asks for the session (session_user, policy mine)',
      'public.me asks for the session (session_user)',
      "public.who asks for the session (current_setting ( 'application_name', pg_backend_pid)",
    ]);
  });

  it('nothing where the tenant stands behind other columns of a unique key', async () => {
    await shard.asAdmin('create unique index by_name on "Blogs" ("Name", "TenantId") include ("BlogId")');
    expect((await shard.apply()).warnings).toEqual([]);
  });

  it('nothing where views run as the invoker and functions are nobody’s', async () => {
    await shard.asAdmin(`create view all_blogs with (security_invoker = true) as select * from "Blogs"; grant select on all_blogs to tenantry_app;
      create view hidden as select * from "Blogs"; create materialized view stored as select * from "Blogs";
      create function every() returns bigint security definer language sql as 'select count(*) from "Blogs"'`);
    expect((await shard.apply()).warnings).toEqual([]);
  });
});
