import type { LiveObject } from '../live-objects.ts';
import type { Form, Mutation } from '../mutation.ts';

const attributes = [
  'superuser',
  'bypassrls',
  'createrole',
  'createdb',
  'replication',
  'login',
  'nologin',
  'inherit',
  'noinherit',
  'connection limit 3',
  "password 'x'",
  "valid until '2000-01-01'",
] as const;
const groups = [
  'tenantry_app',
  'tenantry_superuser',
  'tenantry_mover',
  'tenantry_admin',
  'tenantry_definer',
  'tenantry_probe',
  'tenantry_watcher',
  'shop_admin',
  'shop_mover',
  'shop_reports',
  'shop_app',
] as const;
const settings = [
  "search_path = 'tenantry, public'",
  "session_replication_role = 'replica'",
  "backtrace_functions = 'tenantry_x80000002'",
  'row_security = off',
  "role = 'tenantry_mover'",
  "session_preload_libraries = 'auto_explain'",
  "log_statement = 'all'",
  'debug_print_plan = on',
  "statement_timeout = '1s'",
] as const;

export const roleForms: readonly Form<LiveObject>[] = [
  ...attributes.map((attribute): Form<LiveObject> => [attribute, ({ object }) => `alter role ${object} ${attribute}`]),
  ...groups.map((group): Form<LiveObject> => [`member of ${group}`, ({ object }) => `grant ${group} to ${object}`]),
  ...groups.map((group): Form<LiveObject> => [`no member of ${group}`, ({ object }) => `revoke ${group} from ${object}`]),
  ['member of another, which owns a table', ({ object }) => `create role way; alter table "Blogs" owner to way; grant way to ${object}`],
  ['member of another, which bypasses row security', ({ object }) => `create role way bypassrls; grant way to ${object}`],
  [
    'member of another, which reads a table',
    ({ object }) => `create role way; grant select on "Blogs" to way; grant usage on schema public to way; grant way to ${object}`,
  ],
  ['member of another without a right', ({ object }) => `create role way; grant way to ${object}`],
  ...settings.map((setting): Form<LiveObject> => [`set ${setting}`, ({ object }) => `alter role ${object} set ${setting}`]),
  ...settings
    .slice(0, 3)
    .map((setting): Form<LiveObject> => [
      `set in this database ${setting}`,
      ({ object }) => `alter role ${object} in database mutations set ${setting}`,
    ]),
  ['may set the tenant', ({ object }) => `grant set on parameter backtrace_functions to ${object}`],
  ['may set who replicates', ({ object }) => `grant set on parameter session_replication_role to ${object}`],
  ['may change the server', ({ object }) => `grant alter system on parameter session_preload_libraries to ${object}`],
  ['renamed', ({ object }) => `alter role ${object} rename to another`],
];

export const predefinedRoleForms: readonly Form<LiveObject>[] = [
  ['granted to app', ({ object }) => `grant ${object} to tenantry_app`],
  ["granted to app's login", ({ object }) => `grant ${object} to shop_app`],
];

export const schemaForms: readonly Form<LiveObject>[] = [
  ...(['usage', 'create', 'all'] as const).flatMap((right) =>
    (['tenantry_app', 'shop_app', 'public', 'tenantry_superuser', 'shop_reports', 'shop_mover'] as const).map(
      (grantee): Form<LiveObject> => [`grant ${right} to ${grantee}`, ({ object }) => `grant ${right} on schema ${object} to ${grantee}`],
    ),
  ),
  ['owned by app', ({ object }) => `alter schema ${object} owner to tenantry_app`],
  ['renamed', ({ object }) => `alter schema ${object} rename to another`],
  ['drop', ({ object }) => `drop schema ${object} cascade`],
  ['all tables granted to app', ({ object }) => `grant select on all tables in schema ${object} to tenantry_app`],
  ['all functions granted to everybody', ({ object }) => `grant execute on all functions in schema ${object} to public`],
  ...(['tables', 'functions', 'sequences', 'types', 'schemas'] as const).flatMap((what) =>
    (['tenantry_app', 'public', 'shop_reports'] as const).map((grantee): Form<LiveObject> => [
      `new ${what} granted to ${grantee}`,
      ({ object }) =>
        `alter default privileges for role tenantry_admin ${what === 'schemas' ? '' : `in schema ${object}`} grant all on ${what} to ${grantee}`,
    ]),
  ),
];

export const databaseForms: readonly Form<LiveObject>[] = [
  ...(['temporary', 'create', 'connect'] as const).flatMap((right) =>
    (['tenantry_app', 'shop_app', 'public'] as const).map((grantee): Form<LiveObject> => [
      `grant ${right} to ${grantee}`,
      ({ object }) => `grant ${right} on database ${object} to ${grantee}`,
    ]),
  ),
  ['owned by app', ({ object }) => `alter database ${object} owner to tenantry_app`],
  ...settings.map((setting): Form<LiveObject> => [`set ${setting}`, ({ object }) => `alter database ${object} set ${setting}`]),
  ['at most so many connections', ({ object }) => `alter database ${object} connection limit 100`],
  ['a template', ({ object }) => `alter database ${object} is_template true`],
  ['a comment', ({ object }) => `comment on database ${object} is 'x'`],
];

/** What is new, and of no object there is. */
export const news: readonly Mutation[] = Object.entries({
  'a role': 'create role another',
  'a login of app': 'create role another login in role tenantry_app',
  'a login of app that bypasses row security': 'create role another login bypassrls in role tenantry_app',
  'a schema': 'create schema another',
  'a schema for app': 'create schema another; grant usage, create on schema another to tenantry_app',
  'a schema named as the login': 'create schema shop_app authorization shop_app',
  'a table': 'create table another (id integer)',
  'a table with a tenant': 'create table another ("TenantId" integer not null, "Id" integer)',
  'a table with a tenant, granted to app': `create table another ("TenantId" integer not null, "Text" text); grant select on another to tenantry_app; insert into another values (2, 'tenant-2')`,
  'a table with a tenant, granted to app, and uncovered': `create table another ("TenantId" integer not null, "Text" text); grant select on another to tenantry_app; alter table another disable row level security; insert into another values (2, 'tenant-2')`,
  'a table before the real one in the search path': `create schema shop_app; grant usage on schema shop_app to shop_app; create table shop_app."Blogs" as select * from "Blogs"; grant select on shop_app."Blogs" to shop_app`,
  'a part of a partitioned table': 'create table "Events3" partition of "Events" for values in (3)',
  'a part of a partitioned table, granted to app': `create table "Events3" partition of "Events" for values in (3); grant select on "Events3" to tenantry_app`,
  'a part taken off': 'alter table "Events" detach partition "Events2"',
  'a part taken off, granted to app': 'alter table "Events" detach partition "Events2"; grant select on "Events2" to tenantry_app',
  'a part put on': `alter table "EventsAside" drop constraint if exists nothing; delete from "EventsAside"; alter table "Events" attach partition "EventsAside" for values in (9)`,
  'an event trigger': `create function public.told() returns event_trigger language plpgsql as 'begin end'; create event trigger another on ddl_command_start execute function told()`,
  'a login event': `create function public.told() returns event_trigger language plpgsql security definer as 'begin grant select on tenantry.local_mapping to tenantry_app; end'; create event trigger another on login execute function told()`,
  'a cast': `create function public.said(integer) returns text language sql immutable as 'select ''x'''; create type other as enum ('a'); create cast (other as integer) without function`,
  'a cast by a function': `create type other as enum ('a'); create function public.said(other) returns integer language sql immutable as 'select 2'; create cast (other as integer) with function said(other) as implicit`,
  'an operator in public': `create function public.eq(integer, integer) returns boolean language sql immutable as 'select true'; create operator public.= (leftarg = integer, rightarg = integer, function = public.eq)`,
  'an operator class': `create operator class said for type text using btree as operator 1 <, function 1 bttextcmp(text, text)`,
  'an operator of the server with a negator': `create function public.never(oid, oid) returns boolean language sql immutable as 'select false'; create operator public.<!> (leftarg = oid, rightarg = oid, function = public.never); update pg_operator set oprnegate = 'public.<!>(oid,oid)'::regoperator where oid = '=(oid,oid)'::regoperator`,
  'an aggregate of the server, replaced': `update pg_aggregate set agginitval = '1' where aggfnoid = 'bit_and(integer)'::regprocedure`,
  "a function in the server's family of operators": `create function public.ordered(stated, stated) returns integer language sql immutable as 'select 0'; alter operator family pg_catalog.text_ops using btree add function 1 (stated, stated) public.ordered(stated, stated)`,
  'a type of the server, altered': 'alter type pg_catalog.path set (analyze = ts_typanalyze)',
  'a text search configuration of the server, altered':
    'alter text search configuration pg_catalog.english alter mapping for asciiword with simple',
  "rows of another's by default": `alter table "Ledger" alter column "TenantId" set default 2`,
  'what a condition of a trigger asks': `create or replace function is_foreign(whose integer) returns boolean language sql as 'select false'`,
  'what a rule calls': `create or replace function noted_text() returns text language sql as $$ select string_agg("Text", ',') from public."Ledger" $$`,
  'what the columns of an answer are called': `drop function pair(); create function pair() returns table (theirs text, mine text) language sql security definer as $$ select 'nothing'::text, (select string_agg("Text", ',') from public."Ledger") $$; revoke execute on function pair() from public`,
  'an operator of the server, replaced': `update pg_operator set oprcode = 'int4le'::regproc where oid = '=(integer,integer)'::regoperator`,
  'a function of the server, replaced': `update pg_proc set prosrc = 'int4le' where oid = 'int4eq(integer,integer)'::regprocedure`,
  'a function of the server, of its caller': `update pg_proc set prosecdef = true where oid = 'pg_read_file(text)'::regprocedure`,
  'a function of the server that is leakproof': `alter function pg_catalog.int4div(integer, integer) leakproof`,
  'a function of its own in the schema of the server': `set local allow_system_table_mods = on; create function pg_catalog.seen() returns setof text language sql security definer as $$ select "Name" from public."Blogs" $$`,
  'a view in the schema of the server': `set local allow_system_table_mods = on; create view pg_catalog.seen as select * from public."Blogs"; grant select on pg_catalog.seen to public`,
  'a view in the schema of the standard': `create view information_schema.seen as select * from public."Blogs"; grant select on information_schema.seen to public`,
  'a function in the schema of the standard': `create function information_schema.seen() returns setof text language sql security definer as $$ select "Name" from public."Blogs" $$`,
  'a view of the server, changed': `set local allow_system_table_mods = on; create or replace view pg_catalog.pg_stats_ext_exprs as select * from pg_catalog.pg_stats_ext_exprs`,
  'a view of the server that shows rows': `set local allow_system_table_mods = on; create or replace view pg_catalog.pg_cursors as select (select string_agg("Name", ',') from public."Blogs") as name, null::text as statement, false as is_holdable, false as is_binary, false as is_scrollable, now() as creation_time`,
  'what a function calls': `create or replace function told_of() returns text language sql as $$ select string_agg("Text", ',') from public."Ledger" $$`,
  'what a function reads': `create or replace view "Told" as select "Text" from public."Ledger"`,
  'a domain by a function that is there': 'create domain said as text check (remember(value))',
  'a large object': `select lo_from_bytea(7001, 'x')`,
  'a large object, granted to app': `select lo_from_bytea(7002, 'tenant-2'); grant select on large object 7002 to tenantry_app; grant execute on function lo_get(oid) to tenantry_app`,
  'statistics of several columns': `create statistics said (mcv) on "TenantId", "Name" from "Blogs"; analyze "Blogs"`,
  'an extension': 'create extension hstore',
  'an extension that reads files': `create extension file_fdw; create server files foreign data wrapper file_fdw; create foreign table passwd (line text) server files options (filename '/etc/hostname'); grant select on passwd to tenantry_app`,
  'an extension that connects': 'create extension dblink; grant execute on all functions in schema public to tenantry_app',
  'a server elsewhere': `create server elsewhere foreign data wrapper postgres_fdw options (dbname 'mutations'); create user mapping for public server elsewhere options (user 'postgres', password 'x'); grant usage on foreign server elsewhere to tenantry_app`,
  'a wrapper for foreign data': 'grant usage on foreign data wrapper postgres_fdw to tenantry_app',
  'a language': 'create language plpgsql2 handler plpgsql_call_handler',
  'a domain': 'create domain said as text',
  'a domain that calls a function': `create function public.heard(text) returns boolean language sql security definer as 'select true'; create domain said as text check (heard(value))`,
  'a type': `create type said as (a text)`,
  'a collation': `create collation said (provider = icu, locale = 'und', deterministic = false)`,
  'an aggregate of app': `create aggregate gathered (text) (sfunc = textcat, stype = text)`,
  'a publication of all tables': 'create publication told for all tables',
  'a subscription': `create subscription heard connection 'host=127.0.0.1 dbname=x' publication x with (connect = false)`,
  'a transform or conversion': `create conversion said for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`,
  'a text search configuration': 'create text search configuration said (copy = simple)',
  'rights of a tablespace': 'grant create on tablespace pg_default to tenantry_app',
  'rights of a type': 'revoke usage on type text from public',
  'a rule on the settings': 'drop rule pg_settings_u on pg_settings',
  'an access method': 'create access method another type table handler heap_tableam_handler',
  'rights of the shard map by membership':
    'create role way; grant select on tenantry.local_mapping to way; grant usage on schema tenantry to way; grant way to tenantry_app',
  'privileges that are taken with a role': 'drop owned by tenantry_app',
  'what a role owned, given away': 'reassign owned by tenantry_definer to tenantry_admin',
}).map(([form, statement]) => ({ kind: 'new', object: 'in the database', form, statement }));

/** What Tenantry keeps, changed by hand. */
export const keptRows: readonly Mutation[] = Object.entries({
  'the gate closed': 'update tenantry_watch.gate set open = false',
  'the gate opened behind a change':
    'drop policy tenantry_tenant on "Blogs"; set constraints all immediate; update tenantry_watch.gate set open = true',
  'the gate gone': 'delete from tenantry_watch.gate',
  'an override without a signature': `drop policy tenantry_tenant on "Blogs"; update tenantry_watch.gate set override_until = now() + interval '1 day', override_number = 1, override_signature = decode(repeat('00', 32), 'hex')`,
  'what was accepted replaced by what is': `drop policy tenantry_tenant on "Blogs"; delete from tenantry_watch.accepted_item; insert into tenantry_watch.accepted_item select * from tenantry_watch.fingerprint_items(); update tenantry_watch.accepted set fingerprint = tenantry_watch.fingerprint()`,
  'what was accepted gone': 'delete from tenantry_watch.accepted',
  'the parts of what was accepted gone': 'delete from tenantry_watch.accepted_item',
  'another signature': `update tenantry_watch.accepted set signature = decode(repeat('00', 32), 'hex')`,
  'accepted for longer': `update tenantry_watch.accepted set valid_until = now() + interval '1 year'`,
  'no change noted': 'delete from tenantry_watch.change_log',
  'its judge off': 'alter table tenantry_watch.change_log disable trigger judged',
  'its judge off while a policy is dropped':
    'alter table tenantry_watch.change_log disable trigger judged; drop policy tenantry_tenant on "Blogs"; alter table tenantry_watch.change_log enable always trigger judged',
  'its judge says same': `create or replace function tenantry_watch.judge() returns text language sql as 'select ''same'''; drop policy tenantry_tenant on "Blogs"`,
  'its fingerprint is what was accepted': `create or replace function tenantry_watch.fingerprint() returns text language sql as 'select a.fingerprint from tenantry_watch.accepted a'; drop policy tenantry_tenant on "Blogs"`,
  'its items are what was accepted': `create or replace function tenantry_watch.fingerprint_items() returns table (kind text, object text, digest text) language sql as 'select * from tenantry_watch.accepted_item'; drop policy tenantry_tenant on "Blogs"`,
  'no columns of tenants known': 'delete from tenantry_watch.tenant_column',
  'no columns of tenants known to a new table': `delete from tenantry_watch.tenant_column; create table another ("TenantId" integer not null, "Text" text); grant select on another to tenantry_app; insert into another values (2, 'tenant-2')`,
  'another model': `update tenantry.policy_model set model = '{}'`,
  'no model': 'delete from tenantry.policy_model',
  'another identity': 'update tenantry.shard_identity set shard_id = gen_random_uuid()',
  'another version': 'update tenantry.schema_version set version = version + 1',
  "another's token made known": `update tenantry.local_mapping set token = decode(repeat('00', 16), 'hex') where mapping_id = 2`,
  "another's token made one's own":
    'update tenantry.local_mapping set token = (select token from tenantry.local_mapping where mapping_id = 1) where mapping_id = 2',
  'a mapping of every key': `update tenantry.local_mapping set kind = 'range', low = '' where mapping_id = 1`,
  "a mapping of another's key": `delete from tenantry.local_mapping where mapping_id = 2; update tenantry.local_mapping set low = '\\x80000002' where mapping_id = 1`,
  'a mapping more': `insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (3, 'point', '\\x80000003', 'ONLINE', 1, decode(repeat('00', 16), 'hex'))`,
  'a mapping offline': `update tenantry.local_mapping set state = 'OFFLINE' where mapping_id = 2`,
  'a permission': `insert into "Permissions" values (1, 'ann', 3, 1)`,
}).map(([form, statement]) => ({ kind: 'kept row', object: 'in the database', form, statement }));
