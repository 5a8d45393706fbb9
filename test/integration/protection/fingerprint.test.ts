import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { readFingerprint } from '../../../src/policy/fingerprint.ts';
import { createTestShard, shardLogins, type TestShard } from '../../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';

let server: PostgresServer;
let shard: TestShard;
let made = 0;

beforeAll(async () => {
  server = await startPostgres();
  shard = await createTestShard(server, 'template');
  await shard.root.query(
    sqlText(`create function stamp() returns trigger language plpgsql as 'begin return new; end';
      create table "Secrets" ("Id" integer primary key, "Text" text);
      create table "Countries" ("Code" text primary key); grant select on "Countries" to tenantry_app;
      create view "Names" with (security_invoker) as select "Name" from "Blogs"; grant select on "Names" to tenantry_app;
      create function upper_name(text) returns text language sql as 'select upper($1)'; grant execute on function upper_name(text) to tenantry_app;
      create trigger stamped before insert on "Blogs" for each row execute function stamp();
      alter table "Blogs" add unique ("BlogId"); alter table "Blogs" add column "Country" text;
      create table "Posts" ("TenantId" integer not null, "PostId" integer, "BlogId" integer, "Other" integer, primary key ("TenantId", "PostId"));
      grant select, insert, update, delete on "Posts" to tenantry_app; alter table "Posts" enable row level security, force row level security;
      create policy tenantry_tenant on "Posts" as restrictive to tenantry_app using ("TenantId" = (select tenantry.current_tenant()))
        with check ("TenantId" = (select tenantry.current_tenant()));
      create table "Kept" ("TenantId" integer not null, "BlogId" integer, foreign key ("TenantId", "BlogId") references "Blogs" on delete cascade);
      create table "Parts" ("TenantId" integer not null) partition by list ("TenantId");
      create table "Parts1" partition of "Parts" for values in (1); grant insert on "Parts" to tenantry_app; alter table "Parts" enable row level security;
      create trigger whole before insert on "Parts" for each row execute function stamp();
      create table "Quiet" ("Text" text); alter table "Quiet" enable row level security; create table "Quieter" ("Text" text);
      create collation loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
      create collation strict (provider = icu, locale = 'und-u-ks-level1');
      create type secret as (v text); create function shown(secret) returns text language sql as 'select null';
      revoke execute on function shown(secret) from public; create cast (secret as text) with function shown(secret);
      create function write_on() returns void language sql as 'insert into public."Quiet" values (null)'; revoke execute on function write_on() from public;
      create function keep() returns trigger language plpgsql security definer as 'begin perform public.write_on(); return new; end';
      revoke execute on function keep() from public; create trigger kept after insert on "Blogs" for each row execute function keep();
      create function helper_one() returns text language sql as 'select null'; revoke execute on function helper_one() from public;
      create view totals as select 1 as value; create view sums as select 1 as value;
      create function read_totals() returns text language plpgsql security definer as 'begin perform * from Totals; return Helper_One(); end';
      create function read_sums() returns integer language sql security definer begin atomic select value from sums; end;
      create foreign data wrapper bare; create server far foreign data wrapper bare; create user mapping for shop_app server far; revoke all on foreign server far from current_user;
      create table "Archive" ("TenantId" integer not null, "BlogId" integer primary key);
      create table "Hushed" ("Text" text); alter table "Hushed" enable row level security;
      create function hush(text, text) returns text language sql as 'select "Text" from public."Hushed"'; revoke execute on function hush(text, text) from public;
      create operator public.~~~> (function = hush, leftarg = text, rightarg = text);
      create operator public.~!! (function = texteq, leftarg = text, rightarg = text);
      create foreign data wrapper other_bare; create server abroad foreign data wrapper other_bare;
      create foreign table "Abroad" ("Whose" integer options (column_name 'Whose'), "Payer" integer) server abroad; grant select on "Abroad" to tenantry_app;
      create function compared(integer, integer) returns integer language sql as 'select 0'; revoke execute on function compared(integer, integer) from public;
      create operator class another_order for type integer using btree as operator 1 <, function 1 compared(integer, integer);
      create function spread_of(float8, float8) returns float8 language sql immutable as 'select 0'; revoke execute on function spread_of(float8, float8) from public;
      create type spans as range (subtype = float8, subtype_diff = spread_of);
      do $$
        declare way text;
        begin
          foreach way in array array['view', 'aggregate', 'default', 'policy', 'rule', 'question', 'proc'] loop
            execute format('create table %I ("Text" text)', 'By ' || way);
            execute format('alter table %I enable row level security', 'By ' || way);
          end loop;
          foreach way in array array['view', 'aggregate', 'default', 'policy'] loop
            execute format('create function %I(integer, integer) returns integer language sql as $read$select count(*)::integer from %I$read$', 'read_' || way, 'By ' || way);
            execute format('revoke execute on function %I(integer, integer) from public', 'read_' || way);
          end loop;
        end
      $$;
      create view shown_by as select read_view(1, 1) as value;
      create aggregate counted(integer) (sfunc = read_aggregate, stype = integer);
      create table given ("Value" integer default read_default(1, 1));
      create rule copied as on insert to given do also delete from "By rule";
      create table bound ("Value" integer); alter table bound enable row level security;
      create policy answer on bound to tenantry_admin using (read_policy(1, 1) > 0 and exists (select from "By question"));
      create table "We""ird" ("Text" text); alter table "We""ird" enable row level security;
      create function "help""er"() returns text language sql as 'select null'; revoke execute on function "help""er"() from public;
      create function run_all() returns text language plpgsql security definer
        as 'begin insert into given default values; perform * from shown_by, bound, "We""ird"; return counted(1) || "help""er"(); end';
      create function is_foreign(text) returns boolean language sql as 'select true'; revoke execute on function is_foreign(text) from public;
      create trigger guarded before insert on "Quieter" for each row when (is_foreign(new."Text")) execute function stamp();
      create function logged() returns text language sql as 'select null'; revoke execute on function logged() from public;
      create rule noted as on insert to "Quieter" do also insert into "Archive" values (length(logged()));
      create domain only_own as integer check (value = tenantry.current_tenant());
      create domain given_as as integer default 1; create type mood as enum ('private', 'public');
      create function told() returns table (mine text, theirs text) language sql as 'select null, null'; revoke execute on function told() from public;
      create function shown_of() returns text language plpgsql security definer as $of$ begin return (select mine from told() where mine <> 'private'); end $of$;
      create collation exact (provider = icu, locale = 'und-u-ks-level1');
      create text search configuration words (copy = simple); create text search dictionary stems (template = simple);
      create conversion said for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
      create transform for smallint language sql (from sql with function prsd_lextype(internal), to sql with function int2recv(internal));
      create access method another type table handler heap_tableam_handler;
      create table "Given" ("TenantId" integer default tenantry.current_tenant(), "Whose" integer default tenantry.current_tenant());
      create table "Made" ("A" integer, "B" integer, "Who" integer generated always as ("A") stored, "Other" integer generated always as ("B") stored);
      alter table "Made" enable row level security; create policy own on "Made" to tenantry_app using ("Who" = 1);
      create role shop_other nologin; create role shop_reader nologin; create role shop_maker login createrole; create role shop_second login in role tenantry_app;
      create function theirs() returns integer language sql security definer as 'select 1'; alter function theirs() owner to shop_other`),
  );
  await shard.close();
});
afterAll(() => server.stop());

let root: SqlDatabase;
let app: SqlDatabase;

/** Each change is made in a database of its own; what is changed of roles, which are the server's, is put back. */
beforeEach(async () => {
  made += 1;
  const database = `changed_${made}`;
  const maintenance = createPostgresEngine().open({ ...shard.address, database: 'postgres' }, server);
  await maintenance.query(sqlText(`create database ${database} template template`));
  await maintenance.close();
  root = createPostgresEngine().open({ ...shard.address, database }, server);
  app = createPostgresEngine().open({ ...shard.address, database }, shardLogins.app);
});
afterEach(async () => {
  await root.close();
  await app.close();
});

async function fingerprint(database: SqlDatabase = root): Promise<string> {
  return (await readFingerprint(database, postgresPolicyRenderer)).fingerprint;
}

/** Names of the objects whose items a change makes others, and whether the fingerprint is another one. */
async function changedBy(change: string): Promise<string[]> {
  const before = await readFingerprint(root, postgresPolicyRenderer);
  await root.query(sqlText(change));
  const after = await readFingerprint(root, postgresPolicyRenderer);
  const words = (items: typeof before.items): string[] => items.map(({ kind, object, digest }) => `${kind} ${object} ${digest}`);
  const [old, now] = [new Set(words(before.items)), new Set(words(after.items))];
  const changed = [...words(after.items).filter((word) => !old.has(word)), ...words(before.items).filter((word) => !now.has(word))];
  const names = [...new Set(changed.map((word) => word.replace(/ [0-9a-f]{32}$/, '').replace(/pg_temp_\d+/, 'pg_temp')))].toSorted();
  expect(after.fingerprint !== before.fingerprint).toBe(names.length > 0);
  return names;
}

describe('The fingerprint of a shard', () => {
  it('is the same for whoever asks, by whatever settings, again and again', async () => {
    const of = await fingerprint();
    expect(await fingerprint(app)).toBe(of);
    await root.transaction(async (session) => {
      await session.query(
        sqlText(`set local search_path = public, tenantry; set local quote_all_identifiers = on; set local datestyle = 'German'; set local timezone = 'Asia/Tokyo';
          set local bytea_output = 'escape'; set local extra_float_digits = -5; set local standard_conforming_strings = off;
          set local transform_null_equals = on; set local array_nulls = off`),
      );
      expect((await readFingerprint(session, postgresPolicyRenderer)).fingerprint).toBe(of);
    });
    await root.query(sqlText('alter table "Blogs" disable row level security'));
    await root.query(sqlText('alter table "Blogs" enable row level security'));
    expect(await fingerprint()).toBe(of);
  });

  it('is the same after a policy was made again in other words', async () => {
    const of = await fingerprint();
    await root.query(
      sqlText(`drop policy tenantry_tenant on "Blogs";
        create policy tenantry_tenant on "Blogs" as restrictive to tenantry_app using ( ("TenantId")  =  (select tenantry.current_tenant()))
          with check ("TenantId" = (select tenantry.current_tenant()))`),
    );
    expect(await fingerprint()).toBe(of);
  });

  it.each([
    ['alter table "Blogs" disable row level security', ['table public."Blogs"']],
    ['alter table "Blogs" no force row level security', ['table public."Blogs"']],
    ['alter table "Blogs" owner to shop_other', ['rights public."Blogs"', 'table public."Blogs"']],
    ['alter policy tenantry_tenant on "Blogs" using (true)', ['policy public."Blogs" tenantry_tenant']],
    ['alter policy tenantry_tenant on "Blogs" with check (true)', ['policy public."Blogs" tenantry_tenant']],
    ['alter policy tenantry_tenant on "Blogs" to tenantry_mover', ['policy public."Blogs" tenantry_tenant']],
    ['drop policy tenantry_tenant on "Blogs"', ['policy public."Blogs" tenantry_tenant']],
    ['create policy more on "Blogs" using (true)', ['policy public."Blogs" more']],
    ['grant truncate on "Blogs" to tenantry_app', ['rights public."Blogs"']],
    ['grant select on "Blogs" to public', ['rights public."Blogs"']],
    ['grant references ("Name") on "Blogs" to shop_other', ['rights public."Blogs"']],
    ['revoke delete on "Blogs" from tenantry_app', ['rights public."Blogs"']],
    ['grant select on "Secrets" to tenantry_app', ['rights public."Secrets"', 'table public."Secrets"']],
    ['grant select on "Secrets" to shop_second', ['rights public."Secrets"', 'table public."Secrets"']],
    ['grant select ("Text") on "Secrets" to public', ['rights public."Secrets"', 'table public."Secrets"']],
    ['alter table "Secrets" owner to tenantry_app', ['rights public."Secrets"', 'table public."Secrets"']],
    ['alter table "Blogs" alter column "TenantId" set default 1', ['default public."Blogs"."TenantId"']],
    ['alter table "Blogs" alter column "TenantId" drop default', ['default public."Blogs"."TenantId"']],
    ['alter table "Blogs" disable trigger stamped', ['trigger public."Blogs" stamped']],
    ['create trigger another before update on "Blogs" for each row execute function stamp()', ['trigger public."Blogs" another']],
    ["create or replace function stamp() returns trigger language plpgsql as 'begin return null; end'", ['function public.stamp()']],
    ['alter function stamp() security definer', ['function public.stamp()']],
    ["create or replace function upper_name(text) returns text language sql as 'select lower($1)'", ['function public.upper_name(text)']],
    ['alter function upper_name(text) owner to shop_other', ['function public.upper_name(text)']],
    ['alter function upper_name(text) set search_path = public', ['function public.upper_name(text)']],
    ['revoke execute on function upper_name(text) from public', ['function public.upper_name(text)']],
    [
      "create function another() returns int language sql as 'select 1'; grant execute on function another() to tenantry_app",
      ['function public.another()'],
    ],
    ['create trigger gone after delete on "Kept" for each row execute function stamp()', ['trigger public."Kept" gone']],
    ['create rule gone as on delete to "Kept" do also delete from "Secrets"', ['rule public."Kept" gone']],
    ['alter table "Parts1" disable trigger whole', ['trigger public."Parts1" whole']],
    // What an accepted function writes to, whether its text says so or not.
    ['create trigger leak after insert on "Quiet" for each row execute function stamp()', ['trigger public."Quiet" leak']],
    ['create trigger leak after insert on "Quieter" for each row execute function stamp()', ['trigger public."Quieter" leak']],
    ['create rule leak as on insert to "Quieter" do also delete from "Secrets"', ['rule public."Quieter" leak']],
    [
      `create function said() returns text language sql volatile as 'select null'; revoke execute on function said() from public;
       alter table "Quieter" alter column "Text" set default said()`,
      ['default public."Quieter"."Text"', 'function public.said()'],
    ],
    [
      `create function said() returns boolean language sql as 'select true'; revoke execute on function said() from public;
       alter table "Quieter" add check (said())`,
      ['call public."Quieter"', 'function public.said()'],
    ],
    ['create policy every on "Quiet" using (true)', ['policy public."Quiet" every']],
    ['alter table "Quiet" disable row level security', ['rights public."Quiet"', 'table public."Quiet"']],
    [
      'create function read_it() returns text language sql begin atomic select "Text" from public."By proc"; end; revoke execute on function read_it() from public',
      ['rights public."By proc"', 'table public."By proc"'],
    ],
    // Where what is too long for its row lies.
    ['grant usage on schema pg_toast to tenantry_app', ['schema pg_toast']],
    [
      `do $$ begin execute format('grant select on %s to tenantry_app', (select reltoastrelid::regclass from pg_class where oid = '"Secrets"'::regclass)); end $$`,
      ['rights public."Secrets"'],
    ],
    // What it comes to by something else than a name in its text.
    [
      `alter table "By view" disable row level security; alter table "By aggregate" disable row level security;
       alter table "By default" disable row level security;
       alter table "By policy" disable row level security; alter table "By question" disable row level security;
       alter table "We""ird" disable row level security; create policy every on "By rule" using (true)`,
      [
        'policy public."By rule" every',
        ...['By aggregate', 'By default', 'By policy', 'By question', 'By view', 'We""ird'].map((name) => `rights public."${name}"`),
        ...['By aggregate', 'By default', 'By policy', 'By question', 'By view', 'We""ird'].map((name) => `table public."${name}"`),
      ],
    ],
    [
      `create or replace function "help""er"() returns text language sql as 'select 1';
       create or replace function compared(integer, integer) returns integer language sql as 'select 1';
       create or replace function spread_of(float8, float8) returns float8 language sql immutable as 'select 1'`,
      [
        'function public."help""er"()',
        'function public.compared(integer, integer)',
        'function public.spread_of(double precision, double precision)',
      ],
    ],
    // Which column it is there.
    [`alter foreign table "Abroad" alter column "Whose" options (set column_name 'Payer')`, ['table public."Abroad"']],
    // What something else runs by an operator, an aggregate, a condition, a rule, a type: none is named by who runs it.
    [
      'drop operator public.~~~>(text, text); create operator public.~~~> (function = textcat, leftarg = text, rightarg = text)',
      ['operator public.~~~>(text,text)'],
    ],
    [
      'create operator public.<~~~ (function = textcat, leftarg = text, rightarg = text, commutator = operator(public.~~~>))',
      ['operator public.<~~~(text,text)', 'operator public.~~~>(text,text)'],
    ],
    ['alter operator public.~!!(text, text) set (restrict = eqsel)', ['operator public.~!!(text,text)']],
    ['alter operator public.~~~>(text, text) owner to shop_other', ['operator public.~~~>(text,text)']],
    [
      'create or replace aggregate counted(integer) (sfunc = int4pl, stype = integer)',
      ['function public.counted(integer)', 'function public.read_aggregate(integer, integer)'],
    ],
    [
      "create or replace aggregate counted(integer) (sfunc = read_aggregate, stype = integer, initcond = '1')",
      ['function public.counted(integer)'],
    ],
    ["create or replace function is_foreign(text) returns boolean language sql as 'select false'", ['function public.is_foreign(text)']],
    ["create or replace function logged() returns text language sql as 'select 1::text'", ['function public.logged()']],
    [
      "drop function told(); create function told() returns table (theirs text, mine text) language sql as 'select null, null'; revoke execute on function told() from public",
      ['function public.told()'],
    ],
    // What would be taken in place of the server's.
    [
      "create function lower(integer) returns text language sql as 'select null'; revoke execute on function lower(integer) from public",
      ['function public.lower(integer)'],
    ],
    ["create type xml as enum ('a')", ['type public.xml']],
    ['create function mood_of(mood) returns integer language sql as $$ select 1 $$', ['function public.mood_of(public.mood)']],
    // What a policy asks of a row, where it is made of the row.
    [
      `update pg_attrdef set adbin = (select d.adbin from pg_attrdef d where d.adrelid = '"Made"'::regclass and d.adnum = 4) where adrelid = '"Made"'::regclass and adnum = 3`,
      ['default public."Made"."Who"'],
    ],
    ['alter function is_foreign(text) cost 1', ['function public.is_foreign(text)']],
    ['alter domain given_as set default 2', ['type public.given_as']],
    ['alter domain only_own drop constraint only_own_check', ['call public.only_own']],
    ['alter domain given_as add check (value > 0)', ['type public.given_as']],
    ["alter type mood rename value 'private' to 'mine'", ['type public.mood']],
    ['alter type secret rename attribute v to w', ['type public.secret']],
    [
      'drop type spans; create type spans as range (subtype = float8)',
      ['function public.spread_of(double precision, double precision)', 'type public.spans'],
    ],
    ['create domain heard as text check (is_foreign(value))', ['call public.heard']],
    [
      'create operator class by_text for type text using btree as operator 1 <, function 1 bttextcmp(text, text)',
      ['operator class public.by_text using btree', 'operator family public.by_text using btree'],
    ],
    [
      'alter operator family another_order using btree add function 1 (integer, bigint) btint48cmp(integer, bigint)',
      ['operator family public.another_order using btree'],
    ],
    [
      'create function ordered(secret, secret) returns integer language sql as $$ select 0 $$; alter operator family integer_ops using btree add function 1 (secret, secret) ordered(secret, secret)',
      ['function public.ordered(public.secret, public.secret)', 'operator family pg_catalog.integer_ops using btree'],
    ],
    ['drop conversion said; create default conversion said for $$LATIN1$$ to $$UTF8$$ from iso8859_1_to_utf8', ['conversion public.said']],
    ['drop transform for smallint language sql', ['transform smallint sql']],
    ['create access method third type table handler heap_tableam_handler', ['access method third']],
    ['alter text search configuration words alter mapping for asciiword with stems', ['text search configuration public.words']],
    ['alter text search dictionary stems (accept = false)', ['text search dictionary public.stems']],
    ['alter language plpgsql owner to shop_other', ['language plpgsql']],
    ['drop collation exact; create collation exact (provider = icu, locale = $$und$$)', ['collation public.exact']],
    [
      'create function pg_temp.seen() returns integer language sql as $$ select 1 $$; create table lasting ("Value" integer default pg_temp.seen())',
      ['default public.lasting."Value"', 'function pg_temp.seen()'],
    ],
    // Who gets what names nobody.
    ['alter table "Given" alter column "TenantId" set default 2', ['default public."Given"."TenantId"']],
    ['alter table "Given" alter column "Whose" set default 2', ['default public."Given"."Whose"']],
    [
      `alter table "Given" alter column "Whose" set default current_setting('tenantry.tenant', true)::integer`,
      ['default public."Given"."Whose"'],
    ],
    // The server's own, as its superuser changes them.
    ['alter operator pg_catalog.=(integer, integer) set (restrict = neqsel)', ["operators the server's own"]],
    ["update pg_aggregate set agginitval = '1' where aggfnoid = 'bit_and(integer)'::regprocedure", ["aggregates the server's own"]],
    ['alter type path set (analyze = ts_typanalyze)', ["types the server's own"]],
    ['alter function int4pl(integer, integer) cost 1000', ["functions the server's own"]],
    ['alter text search configuration english alter mapping for asciiword with simple', ["text searches the server's own"]],
    ["update pg_amproc set amproc = 'bttextcmp' where amproc = 'btint4cmp'::regproc", ["operator families the server's own"]],
    ["update pg_opclass set opcdefault = false where opcname = 'box_ops'", ["operator classes the server's own"]],
    [
      "update pg_cast set castcontext = 'a' where castsource = 'circle'::regtype and casttarget = 'box'::regtype",
      ["casts the server's own"],
    ],
    ["update pg_conversion set condefault = false where conname = 'iso_8859_1_to_utf8'", ["conversions the server's own"]],
    ["update pg_am set amhandler = 'hashhandler' where amname = 'brin'", ["access methods the server's own"]],
    // A function's text names things in any case, or has none.
    ["create or replace function helper_one() returns text language sql as 'select 1'", ['function public.helper_one()']],
    ['create or replace view totals as select 2 as value', ['view public.totals']],
    ['create or replace view sums as select 2 as value', ['view public.sums']],
    ["create or replace function shown(secret) returns text language sql as 'select 1'", ['function public.shown(public.secret)']],
    ['drop cast (secret as text); create cast (secret as text) with function shown(secret) as implicit', ['cast public.secret as text']],
    ['create cast (integer as secret) with inout', ['cast integer as public.secret']],
    // By which two tenants, or two users, are one.
    ['alter table "Blogs" alter column "Country" type text collate loose', ['collation table column public."Blogs"."Country"']],
    ['create domain name_of as text collate loose', ['collation type public.name_of', 'collation type public.name_of[]']],
    ['create unique index on "Blogs" ("TenantId", ("Name" collate loose))', ['collation index public."Blogs_TenantId_Name_idx"']],
    [
      'alter collation strict rename to other; alter collation loose rename to strict',
      ['collation public.loose', 'collation public.other', 'collation public.strict'],
    ],
    ["update pg_collation set collisdeterministic = false where collname = 'strict'", ['collation public.strict']],
    ["create collation third (provider = icu, locale = 'und', deterministic = false)", ['collation public.third']],
    ['alter server far owner to shop_other', ['foreign server far']],
    [
      `create foreign data wrapper other; drop server far cascade; create server far foreign data wrapper other;
       create user mapping for shop_app server far; revoke all on foreign server far from current_user`,
      ['foreign server far'],
    ],
    ['create user mapping for public server far', ['foreign server far']],
    ['drop user mapping for shop_app server far', ['foreign server far']],
    ["alter user mapping for shop_app server far options (add user 'shop_reports')", ['foreign server far']],
    ["drop user mapping for shop_app server far; create user mapping for shop_app server far options (user 'a')", ['foreign server far']],
    ["alter foreign data wrapper bare options (add debug 'on')", ['foreign server far']],
    [
      'revoke select (xmin) on pg_catalog.pg_user_mapping from tenantry_watcher',
      ['foreign server far', "rights pg_user_mapping.xmin of the server's own"],
    ],
    // By an operator, which a function that runs as its owner may use, without a name that stands in its text.
    ['alter table "Hushed" disable row level security', ['rights public."Hushed"', 'table public."Hushed"']],
    // They ask as whoever writes the row.
    [
      `alter table "Secrets" alter column "Text" set default ts_rewrite('a'::tsquery, 'select $$a$$::tsquery, plainto_tsquery("Name") from public."Blogs"')::text`,
      ['default public."Secrets"."Text"'],
    ],
    [
      `alter table "Secrets" add constraint asks check (query_to_xml('select "Name" from public."Blogs"', true, false, '')::text <> "Text")`,
      ['call public."Secrets"'],
    ],
    ['create unique index told on "Blogs" ("Name")', ['unique key public."Blogs" told']],
    ['create trigger gone before insert on "Parts1" for each row execute function stamp()', ['trigger public."Parts1" gone']],
    [
      `create function said() returns boolean language sql security definer as 'select true'; alter table "Parts1" add constraint gone check (said())`,
      ['call public."Parts1"', 'function public.said()'],
    ],
    // A trigger of theirs would run for whoever writes.
    ['grant trigger on "Parts1" to shop_reports', ['rights public."Parts1"']],
    ['grant trigger on "Blogs" to shop_reports', ['rights public."Blogs"']],
    ['grant references on "Parts1" to tenantry_superuser', ['rights public."Parts1"']],
    ['grant references ("TenantId") on "Parts1" to shop_mover', ['rights public."Parts1"']],
    ['grant truncate on "Parts1" to tenantry_mover with grant option', ['rights public."Parts1"']],
    ['grant insert on "Kept" to tenantry_mover; grant delete on "Kept" to shop_reports', ['rights public."Kept"']],
    ['alter table "Parts1" owner to shop_reports', ['rights public."Parts1"']],
    [
      'alter table "Posts" add column "Number" integer generated always as identity; grant update on sequence "Posts_Number_seq" to shop_reports',
      ['rights public."Posts_Number_seq"'],
    ],
    ['grant create on schema public to shop_reports', ['schema public']],
    ['grant create on schema tenantry to tenantry_mover', ['schema tenantry']],
    ['alter default privileges grant trigger on tables to shop_reports', ['rights of new objects postgres r']],
    ['grant all on "Parts1" to shop_mover', ['rights public."Parts1"']],
    ['create rule silent as on delete to "Blogs" do instead nothing', ['rule public."Blogs" silent']],
    ['alter view "Names" set (security_invoker = off)', ['view public."Names"']],
    ['create or replace view "Names" with (security_invoker) as select "Name" from "Blogs" where "BlogId" > 0', ['view public."Names"']],
    [
      'create view "All" as select * from "Secrets"; grant select on "All" to tenantry_app',
      ['rights public."All"', 'rights public."Secrets"', 'table public."Secrets"', 'view public."All"'],
    ],
    [
      'create table "Above" (like "Blogs"); grant select on "Above" to tenantry_app; alter table "Blogs" inherit "Above"',
      ['rights public."Above"', 'table public."Above"', 'table public."Blogs"'],
    ],
    ['create table "Left" () inherits ("Countries")', ['table public."Countries"']],
    ['grant create on schema public to tenantry_app', ['schema public']],
    ['create schema other; grant usage on schema other to public', ['schema other']],
    ['alter schema tenantry owner to shop_other', ['schema tenantry']],
    ['grant usage on language plpgsql to public', ['language plpgsql']],
    [
      'grant execute on function pg_catalog.set_config(text, text, boolean) to public',
      ["rights set_config(text,text,boolean) of the server's own"],
    ],
    ['grant select on pg_catalog.pg_authid to tenantry_app', ["rights pg_authid of the server's own"]],
    [
      'grant execute on function pg_ls_dir(text) to tenantry_app; alter extension plpgsql add function pg_ls_dir(text)',
      ["delivered rights the server's own"],
    ],
    ['alter default privileges grant select on tables to tenantry_app', ['rights of new objects postgres r']],
    ['alter event trigger tenantry_changed enable replica', ['event trigger tenantry_changed']],
    ['drop event trigger tenantry_made', ['event trigger tenantry_made']],
    ['alter table tenantry.local_mapping add column x integer', ['columns tenantry.local_mapping']],
    ['alter table tenantry.local_mapping disable row level security, enable row level security', ['table tenantry.local_mapping']],
    ['grant select on tenantry.local_mapping to tenantry_app', ['rights tenantry.local_mapping']],
    ['alter function tenantry.current_tenant() volatile', ['function tenantry.current_tenant()']],
    ['alter table "Posts" add constraint led foreign key ("BlogId") references "Blogs" ("BlogId")', ['foreign key public."Posts" led']],
    [
      'alter table "Posts" add constraint led foreign key ("BlogId") references "Blogs" ("BlogId") on delete cascade',
      ['foreign key public."Posts" led'],
    ],
    ['alter table "Posts" add constraint led foreign key ("BlogId") references "Archive"', ['foreign key public."Posts" led']],
    ['alter table "Archive" add constraint led foreign key ("BlogId") references "Blogs" ("BlogId")', ['foreign key public."Archive" led']],
    [
      'alter table "Posts" add constraint led foreign key ("TenantId", "BlogId") references "Blogs" on delete set null',
      ['foreign key public."Posts" led'],
    ],
    [
      'alter table "Posts" add constraint led foreign key ("TenantId", "BlogId") references "Blogs" on update set default',
      ['foreign key public."Posts" led'],
    ],
    ['alter table "Posts" add constraint led foreign key ("Other", "BlogId") references "Blogs"', ['foreign key public."Posts" led']],
    [
      'alter table "Blogs" add constraint led foreign key ("Country") references "Countries" on delete cascade',
      ['foreign key public."Blogs" led'],
    ],
    [
      `alter table "Posts" add constraint paired foreign key ("TenantId", "BlogId") references "Blogs" on delete cascade;
       create table "Notes" ("Post" integer); alter table "Posts" add unique ("PostId");
       alter table "Notes" add constraint led foreign key ("Post") references "Posts" ("PostId") on delete cascade`,
      ['foreign key public."Notes" led', 'unique key public."Posts" "Posts_PostId_key"'],
    ],
    [
      `create table "Blogs2" (like "Blogs"); alter table "Blogs2" inherit "Blogs";
       alter table "Blogs2" add constraint led foreign key ("BlogId") references "Archive" ("BlogId")`,
      ['foreign key public."Blogs2" led'],
    ],
    [
      `alter table "Posts" add constraint paired foreign key ("TenantId", "BlogId") references "Blogs";
       alter policy tenantry_tenant on "Posts" with check (true)`,
      ['policy public."Posts" tenantry_tenant'],
    ],
    [
      'alter table "Blogs" add constraint led foreign key ("Country") references "Countries"; grant update on "Countries" to tenantry_app',
      ['foreign key public."Blogs" led', 'rights public."Countries"'],
    ],
  ])('is another one after: %s', async (change, names) => {
    expect(await changedBy(change)).toEqual(names);
  });

  it.each([
    ['grant create on database :database to tenantry_app', 'revoke create on database :database from tenantry_app', ['database this one']],
    [
      'grant set on parameter log_statement to tenantry_app',
      'revoke set on parameter log_statement from tenantry_app',
      ['parameter log_statement'],
    ],
    ['alter role tenantry_app bypassrls', 'alter role tenantry_app nobypassrls', ['role tenantry_app']],
    ['alter role shop_second bypassrls', 'alter role shop_second nobypassrls', ['role logins of app']],
    ['grant shop_reader to tenantry_app', 'revoke shop_reader from tenantry_app', ['role logins of app', 'role tenantry_app']],
    ['grant shop_reader to shop_second', 'revoke shop_reader from shop_second', ['role logins of app']],
    ['grant pg_read_all_data to tenantry_app', 'revoke pg_read_all_data from tenantry_app', ['role logins of app', 'role tenantry_app']],
    [
      'grant tenantry_watcher to shop_reports',
      'revoke tenantry_watcher from shop_reports',
      ['role logins of reports', 'role members of tenantry_watcher'],
    ],
    ['grant tenantry_watcher to shop_admin', 'revoke tenantry_watcher from shop_admin', ['role members of tenantry_watcher']],
    [
      'grant tenantry_definer to shop_mover',
      'revoke tenantry_definer from shop_mover',
      ['role logins of mover', 'role members of tenantry_definer'],
    ],
    // Since PostgreSQL 16 whoever made the group before it was provisioned.
    ['grant tenantry_mover to shop_maker with admin option', 'revoke tenantry_mover from shop_maker', ['role logins of mover']],
    ['grant pg_write_all_data to shop_reports', 'revoke pg_write_all_data from shop_reports', ['role logins of reports']],
    ['alter role shop_reports createrole', 'alter role shop_reports nocreaterole', ['role logins of reports']],
    ['alter role shop_reports noinherit superuser', 'alter role shop_reports inherit nosuperuser', ['role logins of reports']],
    [
      'grant trigger on "Parts1" to shop_reader; grant shop_reader to shop_reports',
      'revoke trigger on "Parts1" from shop_reader; revoke shop_reader from shop_reports',
      ['rights public."Parts1"', 'role logins of reports'],
    ],
    // As whom a function runs.
    [
      'grant select on "Countries" to shop_reader; grant shop_reader to shop_other',
      'revoke select on "Countries" from shop_reader; revoke shop_reader from shop_other',
      ['rights public."Countries"', 'role shop_other'],
    ],
    [
      'create policy theirs on "Blogs" to shop_reader using (true); grant shop_reader to shop_other',
      'drop policy theirs on "Blogs"; revoke shop_reader from shop_other',
      ['policy public."Blogs" theirs', 'role shop_other'],
    ],
    ['alter role shop_second set row_security = off', 'alter role shop_second reset row_security', ['settings of logins of app']],
    ['alter database :database set search_path = tenantry', 'alter database :database reset search_path', ['settings of everybody']],
  ])('is another one after what no trigger sees: %s', async (change, back, names) => {
    const database = `changed_${made}`;
    expect(await changedBy(change.replace(':database', database))).toEqual(names);
    expect(await changedBy(back.replace(':database', database))).toEqual(names);
  });

  it.each([
    ['a column', 'alter table "Blogs" add column "Note" text default \'none\''],
    ['a column that numbers itself', 'alter table "Blogs" add column "Number" integer generated always as identity'],
    ['an index', 'create index on "Blogs" ("Name")'],
    ['a unique key of each tenant', 'create unique index on "Blogs" ("Name", "TenantId")'],
    ['a constraint', 'alter table "Blogs" add check (length("Name") < 100)'],
    [
      'statistics',
      'alter table "Blogs" alter column "Name" set statistics 500; create statistics s on "Name", "BlogId" from "Blogs"; analyze',
    ],
    ['how a table is stored', 'alter table "Blogs" set (fillfactor = 70)'],
    [
      'a function that is nobody else’s, and that nothing names',
      "create function hidden() returns int language sql as 'select 1'; revoke execute on function hidden() from public",
    ],
    [
      'types that nothing names',
      `create type colour as enum ('red'); create domain address as text check (value like '%@%'); create type pair as (a colour, b address);
       create table "Things" ("Colour" colour default 'red' check ("Colour" <> 'red'), "Address" address, "Pair" pair); alter type colour add value 'blue'`,
    ],
    ['a comment', 'comment on table "Blogs" is \'of the company\''],
    [
      'a table that app cannot reach',
      'create table "Own" ("Id" integer primary key, "Text" text default upper(\'x\')); create index on "Own" ("Text")',
    ],
    [
      'a table with row-level security, and a view, that nothing names',
      'create table "Locked" ("Id" integer); alter table "Locked" enable row level security; create view "Looked" as select * from "Secrets"',
    ],
    [
      'what somebody makes for his session alone',
      `create function pg_temp.read_it() returns text language sql as 'select max("Text") from "By proc"';
       create function pg_temp.count_it() returns bigint language sql begin atomic select count(*) from "By proc"; end;
       create temporary table mine ("Text" text); create policy mine on mine using (exists (select from "By proc"));
       create rule mine as on insert to mine do also delete from "By proc"`,
    ],
    ['a column of a foreign table', 'alter foreign table "Abroad" add column "Note" text'],
    ['a part of a table that has a trigger', 'create table "Parts2" partition of "Parts" for values in (2)'],
    ['a part of a table that is protected', 'create table "Old" () inherits ("Blogs")'],
    ['a part to which somebody has a right who is nobody of Tenantry’s', 'grant select on "Parts1" to shop_other'],
    ['a group for reports that has no right here', 'grant shop_reader to shop_reports; revoke shop_reader from shop_reports'],
    ['a second login for reports', 'create role shop_fifth login in role tenantry_superuser; drop role shop_fifth'],
    ['a right that was given and taken back', 'grant select on "Secrets" to tenantry_app; revoke select on "Secrets" from tenantry_app'],
    ['a login that comes', 'create role shop_third login in role tenantry_app; drop role shop_third'],
    ['a password', "alter role shop_second password 'another'"],
    ['a second login of app', "create role shop_fourth login password 'x' in role tenantry_app"],
    ['a login of app that goes', 'drop role shop_fourth'],
    ['rows', 'insert into "Countries" values (\'at\')'],
    [
      'a foreign key that pairs the tenants',
      'alter table "Posts" add foreign key ("TenantId", "BlogId") references "Blogs" on delete cascade on update cascade',
    ],
    [
      'one that leaves the tenant where it sets another column to null',
      'alter table "Posts" add foreign key ("TenantId", "BlogId") references "Blogs" on delete set null ("BlogId")',
    ],
    ['one by which a table asks for its own rows', 'alter table "Blogs" add foreign key ("TenantId", "BlogId") references "Blogs"'],
    ['one that asks for what everybody may read', 'alter table "Blogs" add foreign key ("Country") references "Countries"'],
    ['one among tables that app cannot reach', 'create table "Own" ("Id" integer primary key references "Secrets" on delete cascade)'],
  ])('stays as it is with %s', async (_, change) => {
    expect(await changedBy(change)).toEqual([]);
  });

  it.each([
    `create or replace function tenantry_watch.fingerprint_items() returns table (kind text, object text, digest text) language sql stable as $$ select 'a', 'b', 'c' $$`,
    'alter function tenantry_watch.fingerprint_items() set search_path = tenantry, pg_catalog',
    'alter function tenantry_watch.fingerprint_items() reset "DateStyle"',
    'alter function tenantry_watch.fingerprint_items() set work_mem = 64',
    'alter function tenantry_watch.fingerprint_items() owner to shop_other',
    'alter function tenantry_watch.fingerprint_items() security definer',
    'alter function tenantry_watch.fingerprint_items() volatile',
  ])('is not believed of another function than the program’s: %s', async (change) => {
    await root.query(sqlText(change));
    await expect(fingerprint()).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('not this program') });
  });
});
