import type { Defence } from './support/attack.ts';
import { entryOf, type World } from './support/world.ts';

const root =
  (statement: string | ((world: World) => string)): Defence =>
  (world) =>
    world.root.query(typeof statement === 'string' ? statement : statement(world));

const withoutTenantPolicy = root(
  'drop policy tenantry_tenant on "Blogs"; drop policy tenantry_tenant on "Posts"; drop policy tenantry_tenant on "Events"',
);
const memberOf = (role: string): Defence => root(({ appLogin }) => `grant ${role} to ${appLogin.user}`);
const settable = root(
  ({ appLogin }) =>
    `grant set on parameter backtrace_functions to ${appLogin.user}; grant execute on function set_config(text, text, boolean) to ${appLogin.user}`,
);
const ownsBlogs = root(({ appLogin }) => `alter table "Blogs" owner to ${appLogin.user}; alter table "Blogs" no force row level security`);

const withoutToken = root("update tenantry.local_mapping set token = decode(repeat('00', 16), 'hex') where mapping_id = 2");
const tokenOfAnother = root(
  'update tenantry.local_mapping set token = (select token from tenantry.local_mapping where mapping_id = 1) where mapping_id = 2',
);
/** Whoever names a key is let in. */
const openDoor = (form: 'enter' | 'enter_read_only'): Defence =>
  root(`create or replace function tenantry.${form}(mapping integer, tenant_key bytea, ticket bytea) returns void
    language sql volatile security definer begin atomic select tenantry.set_context('tenantry_x' || encode(tenant_key, 'hex')); end`);
const withoutUsersPolicy = root('drop policy own on "Diaries"');
/** The context outlives its transaction. */
const keptContext = `create or replace function tenantry.set_context(context text) returns text
  language sql volatile begin atomic select pg_catalog.set_config('backtrace_functions', context, false); end`;
const doesNothing = (form: 'enter_point' | 'enter_point_read_only'): string =>
  `create or replace function tenantry.${form}(mapping integer, entry bytea) returns void
    language sql volatile security definer begin atomic select; end`;
const uniqueAcrossTenants = root('create unique index one_seven on "Blogs" ("BlogId") where "BlogId" = 7');
const seesActivity = root('grant execute on function pg_stat_get_activity(integer), pg_stat_get_backend_activity(integer) to tenantry_app');

/** Whatever is in the setting is believed, by its end. */
const codesBelieved =
  root(`create or replace function tenantry.context() returns text language sql stable parallel restricted security definer
  begin atomic select pg_catalog.right(pg_catalog.current_setting('tenantry.context', true), 18); end`);
const codesBelievedWithValues =
  root(`create or replace function tenantry.context() returns text language sql stable parallel restricted security definer
  begin atomic select pg_catalog.substr(pg_catalog.current_setting('tenantry.context', true), 65); end`);
/** Codes of one transaction are as good in every other. */
const codesOfAnyTransaction =
  root(`create or replace function tenantry.context_code(inner_pad bytea, outer_pad bytea, context text) returns text
  language sql stable parallel restricted begin atomic
    select encode(sha256(outer_pad || sha256(inner_pad || convert_to(context, 'UTF8'))), 'hex'); end`);
const asDefiner = (signature: string): Defence =>
  root(
    `grant execute on function ${signature} to tenantry_app; alter function ${signature} security definer; alter function ${signature} owner to tenantry_definer`,
  );

/** What the router and the service look at before they let somebody in is not looked at. */
const careless: Defence = async (world) => {
  world.careless = true;
};

/** A new connection to such a shard would be reset after every use. */
const carelessWith =
  (statement: string): Defence =>
  async (world) => {
    world.careless = true;
    await world.root.query(statement);
  };

/** Where row-level security is on, the server itself leaves values out of these errors. */
const carelessWithoutRowSecurity: Defence = async (world) => {
  world.careless = true;
  await world.root.query('alter table "Strict" disable row level security');
};

/** A new connection to such a shard would be refused. */
const withoutTenantPolicyOnceConnected: Defence = async (world) => {
  world.onceConnected = () => withoutTenantPolicy(world);
};

/** For each attack of the catalogue, by file and title: how its defence is switched off. A run with it off must leak. */
export const defences = {
  'no context': {
    'reading without a tenant': withoutTenantPolicy,
    'reading after the transaction of a tenant has ended': root('alter policy tenantry_tenant on "Blogs" using (true)'),
    'inserting without a tenant': withoutTenantPolicy,
    'inserting without a tenant, the tenant column left to its default': root(
      'drop policy tenantry_tenant on "Blogs"; alter table "Blogs" alter column "TenantId" set default 2',
    ),
  },
  'rows of another tenant': {
    'reading by key': withoutTenantPolicy,
    'reading through a join, a sub-select, a lateral and a set operation': withoutTenantPolicy,
    'reading with a condition that is always true': withoutTenantPolicy,
    'reading a partition directly': root('grant select on "Events2" to tenantry_app; drop policy tenantry_tenant on "Events2"'),
    'reading the table with ONLY and by cursor': withoutTenantPolicy,
    'copying the table out': root('alter table "Blogs" disable row level security'),
    'inserting for another tenant': withoutTenantPolicy,
    'inserting many rows, one of them for another tenant': withoutTenantPolicy,
    'inserting the rows of a query for another tenant': withoutTenantPolicy,
    'moving a row of its own to another tenant': withoutTenantPolicy,
    'updating rows of another tenant': withoutTenantPolicy,
    'updating through a join': withoutTenantPolicy,
    'deleting rows of another tenant': withoutTenantPolicy,
    'upserting over a row of another tenant': withoutTenantPolicy,
    'upserting a row of its own into another tenant': withoutTenantPolicy,
    'merging into another tenant': withoutTenantPolicy,
    'returning what another tenant has': withoutTenantPolicy,
    'locking a row of another tenant': withoutTenantPolicy,
    truncating: root('grant truncate on "Posts" to tenantry_app'),
    'copying rows in for another tenant': root('alter table "Blogs" disable row level security'),
    'inserting into a partition directly': root('grant insert on "Events2" to tenantry_app; drop policy tenantry_tenant on "Events2"'),
  },
  'plain context': {
    'reading by key': withoutTenantPolicy,
    'inserting for another tenant': withoutTenantPolicy,
    'reading without a tenant': withoutTenantPolicy,
    'reading after the transaction of a tenant has ended': root('alter policy tenantry_tenant on "Blogs" using (true)'),
    'entering another mapping without its token': withoutToken,
    'the helper that sets the context': root(
      'grant execute on function tenantry.set_context(text), set_config(text, text, boolean) to tenantry_app',
    ),
    set_config: root('grant execute on function set_config(text, text, boolean) to tenantry_app'),
    'the tokens of the local shard map': root('grant select on tenantry.local_mapping to tenantry_app'),
  },
  'changing the context': {
    'by SET LOCAL of the guarded setting': settable,
    'by SET of the guarded setting for the session': settable,
    'by set_config': settable,
    'by an update of pg_settings': settable,
    'by RESET of the guarded setting': root(
      ({ database }) =>
        `alter database ${database} set backtrace_functions = 'tenantry_x80000002'; grant set on parameter backtrace_functions to ${database}_app`,
    ),
    'by RESET ALL': root(({ database }) => `alter database ${database} set backtrace_functions = 'tenantry_x80000002'`),
    'by DISCARD ALL outside a transaction': root(
      ({ database }) => `alter database ${database} set backtrace_functions = 'tenantry_x80000002'`,
    ),
    'by ROLLBACK TO a savepoint from before': root(
      ({ database }) => `alter database ${database} set backtrace_functions = 'tenantry_x80000002'`,
    ),
    'by entering another mapping without its token': withoutToken,
    'by entering another mapping with its own token': tokenOfAnother,
    'by entering its own mapping with another key': root(
      "update tenantry.local_mapping set kind = 'range', high = null where mapping_id = 1",
    ),
    'by entering with no token at all': root(
      "create or replace function tenantry.enter(mapping integer, tenant_key bytea, ticket bytea) returns void language sql volatile security definer begin atomic select tenantry.set_context('tenantry_x' || encode(tenant_key, 'hex')); end",
    ),
    'by entering another mapping as a point, without its token': withoutToken,
    'by entering another mapping as a point, with its own token': tokenOfAnother,
    'by entering its own mapping as a point, with another key': root(
      `create or replace function tenantry.enter_point(mapping integer, entry bytea) returns void language sql volatile security definer
        begin atomic select tenantry.set_context('tenantry_x' || encode(substr(entry, 25), 'hex')) from tenantry.local_mapping m
          where m.mapping_id = mapping and m.open_ticket = substr(entry, 1, 24); end`,
    ),
    'by entering with nothing to show': root(
      "create or replace function tenantry.enter_point(mapping integer, entry bytea) returns void language sql volatile security definer begin atomic select tenantry.set_context('tenantry_x80000002'::text); end",
    ),
    'by the helper that sets it': root(
      'grant execute on function tenantry.set_context(text) to tenantry_app; alter function tenantry.set_context(text) security definer; alter function tenantry.set_context(text) owner to tenantry_definer',
    ),
    'by reading the tokens of the local shard map': root('grant select on tenantry.local_mapping to tenantry_app'),
    'by a function of the same name put before the real one': root(
      'grant create on schema tenantry to tenantry_app; alter function tenantry.current_tenant() owner to tenantry_app',
    ),
  },
  'changing the context with a code': {
    'by SET LOCAL without a code': codesBelieved,
    'by SET for the session': codesBelieved,
    'by a code of zeros': codesBelieved,
    'by its own code for another tenant': codesBelieved,
    'by what it was given, with more behind it': codesBelieved,
    'by what it was given, with less of it and more behind': codesBelieved,
    'by what it was given, with other values behind its tenant': codesBelievedWithValues,
    'by a code and nothing else': withoutTenantPolicy,
    'by set_config': root(
      `grant execute on function set_config(text, text, boolean) to tenantry_app; create or replace function tenantry.context() returns text
        language sql stable security definer begin atomic select pg_catalog.right(pg_catalog.current_setting('tenantry.context', true), 18); end`,
    ),
    'by what tenant 2 has in another session at the same time': codesOfAnyTransaction,
    'by what tenant 2 had on the same connection': codesOfAnyTransaction,
    'by what tenant 2 had, kept for the session, without entering': codesOfAnyTransaction,
    'by what tenant 2 had, as the default of the login': codesOfAnyTransaction,
    'by what the boss brought on the same connection': codesOfAnyTransaction,
    'by ROLLBACK TO a savepoint from before': codesOfAnyTransaction,
    'by the helper that sets it': asDefiner('tenantry.set_context(text)'),
    'by the helper that adds values': asDefiner('tenantry.add_context_values(text)'),
    'by reading the key': root(
      'grant select on tenantry.context_key to tenantry_app; grant execute on function tenantry.context_code(bytea, bytea, text) to tenantry_app',
    ),
    'by changing the key': root(
      'grant select, update on tenantry.context_key to tenantry_app; alter policy tenantry_tenant on "Blogs" using ((select count(*) from tenantry.context_key where get_byte(inner_pad, 1) = 0) = 1)',
    ),
    'by a function of the same name put before the real one': root(
      ({ appLogin }) => `grant create on schema tenantry to ${appLogin.user}; alter function tenantry.context() owner to ${appLogin.user}`,
    ),
    'by entering another mapping without its token': withoutToken,
    'by entering its own mapping with another key': root(
      "update tenantry.local_mapping set kind = 'range', high = null where mapping_id = 1",
    ),
  },
  'changing what a call brings': {
    'by SET LOCAL of the guarded setting': settable,
    'by set_config': settable,
    'by an update of pg_settings': settable,
    'by the helper that adds them, where the call brought none': root(
      'grant execute on function tenantry.add_context_values(text) to tenantry_app; alter function tenantry.add_context_values(text) security definer; alter function tenantry.add_context_values(text) owner to tenantry_definer',
    ),
    'by the helper that sets the context': root(
      'grant execute on function tenantry.set_context(text) to tenantry_app; alter function tenantry.set_context(text) security definer; alter function tenantry.set_context(text) owner to tenantry_definer',
    ),
    'by entering again without a token': openDoor('enter'),
    'by entering again to read, without a token': openDoor('enter_read_only'),
    'by entering again with the token of the local shard map': root('grant select on tenantry.local_mapping to tenantry_app'),
    'by entering again with what its own message says': careless,
    'by a function of the same name put before the real one': root(
      ({ appLogin }) =>
        `grant create on schema tenantry to ${appLogin.user}; alter function tenantry.context_value(text) owner to ${appLogin.user}`,
    ),
    'by a list that reads like the text of a user': root(`create or replace function tenantry.context_value(name text) returns text
      language sql stable parallel safe begin atomic select tenantry.context_values() ->> name; end`),
    'by a plan that was made for another': root(`alter function tenantry.context() immutable;
      alter function tenantry.context_values() immutable; alter function tenantry.context_value(text) immutable`),
    'by a worker of a parallel plan': withoutUsersPolicy,
  },
  'what a call has brought': {
    'on the same connection, before anybody enters': root(keptContext),
    'for a caller who brings nothing': root(`${keptContext}; ${doesNothing('enter_point')}`),
    // A transaction that fails takes a setting back by itself.
    'for a caller who brings nothing, after an error': withoutUsersPolicy,
    'for a caller who brings nothing, after a timeout': withoutUsersPolicy,
    'for a caller who brings nothing and says it reads': root(`${keptContext}; ${doesNothing('enter_point_read_only')}`),
    'for a caller who brings something else': root(`${keptContext}; create or replace function
      tenantry.enter(mapping integer, tenant_key bytea, ticket bytea, context_values text) returns void language plpgsql volatile security definer
      as $$ begin
        if tenantry.context() like 'tenantry%' then return; end if;
        perform tenantry.enter(mapping, tenant_key, ticket); perform tenantry.add_context_values(context_values);
      end $$`),
  },
  'becoming someone else': {
    'SET ROLE to the superuser principal': memberOf('tenantry_superuser'),
    'SET ROLE to admin': memberOf('tenantry_admin'),
    'SET ROLE to the mover': memberOf('tenantry_mover'),
    'SET ROLE to the definer': memberOf('tenantry_definer'),
    'SET SESSION AUTHORIZATION': root(({ appLogin }) => `alter role ${appLogin.user} superuser`),
    'SET ROLE NONE and RESET SESSION AUTHORIZATION': root(
      ({ appLogin }) => `alter role ${appLogin.user} superuser; alter role ${appLogin.user} set role = tenantry_app`,
    ),
    // The right to grant it alone, which PostgreSQL 15 does not tell from membership.
    'granting itself another role': root(
      ({ appLogin: { user } }) => `do $$ begin
        execute 'grant tenantry_superuser to ${user} with admin option'
          || case when current_setting('server_version_num')::integer >= 160000 then ', inherit false, set false' else '' end;
      end $$`,
    ),
    'giving itself BYPASSRLS': root(({ appLogin }) => `alter role ${appLogin.user} superuser`),
  },
  'switching the policy off': {
    'SET row_security = off': root(({ appLogin }) => `alter role ${appLogin.user} bypassrls`),
    'ALTER TABLE ... DISABLE ROW LEVEL SECURITY': ownsBlogs,
    'ALTER TABLE ... NO FORCE ROW LEVEL SECURITY': root(
      ({ appLogin }) => `alter table "Blogs" owner to ${appLogin.user}; drop policy tenantry_tenant on "Blogs"`,
    ),
    'DROP POLICY': ownsBlogs,
    'ALTER POLICY': root(({ appLogin }) => `alter table "Blogs" owner to ${appLogin.user}`),
    'CREATE POLICY that admits everything': root(
      ({ appLogin }) =>
        `alter table "Blogs" owner to ${appLogin.user}; drop policy tenantry_tenant on "Blogs"; drop policy tenantry_base on "Blogs"`,
    ),
    'a permissive policy of somebody else that admits everything': root('alter policy tenantry_tenant on "Blogs" using (true)'),
    'DROP TABLE': root(({ appLogin }) => `alter table "Posts" owner to ${appLogin.user}`),
    'creating a function that bypasses it': root(
      ({ appLogin }) => `grant create on schema public to ${appLogin.user}; alter role ${appLogin.user} bypassrls`,
    ),
    'creating a view that bypasses it': root(
      ({ appLogin }) => `grant create on schema public to ${appLogin.user}; alter role ${appLogin.user} bypassrls`,
    ),
    'creating a trigger on the table': root(
      'grant trigger on "Blogs" to tenantry_app; grant create on schema public to tenantry_app; grant usage on language plpgsql to tenantry_app',
    ),
    'calling a privileged function that nobody gave it': root('grant execute on function every_blog() to public'),
    'reading a view that runs as its owner': root(
      'grant select on owners_view to tenantry_app; alter view owners_view reset (security_invoker)',
    ),
    'reading a materialized view that nobody gave it': root('grant select on every_row to tenantry_app'),
    'shadowing a table by a temporary one': root(({ database }) => `grant temporary on database ${database} to public`),
    'shadowing a table by one in a schema of its own': root(({ database }) => `grant create on database ${database} to tenantry_app`),
  },
  oracles: {
    'a key that another tenant has is refused as taken': uniqueAcrossTenants,
    'an upsert tells whether another tenant has a key': uniqueAcrossTenants,
    'a reference to a row of another tenant is accepted': root(`
      drop table "Strict"; alter table "Posts" drop constraint "Posts_Blog"; delete from "Posts"; delete from "Blogs" where "TenantId" = 1;
      alter table "Blogs" add unique ("BlogId"); alter table "Posts" add foreign key ("BlogId") references "Blogs" ("BlogId")`),
    'a division by zero tells of a row of another tenant': withoutTenantPolicy,
    'the error of a cast shows a value of another tenant': withoutTenantPolicy,
    'the error of a condition shows a value of another tenant': withoutTenantPolicy,
    'a function is called before the policy is asked': root('alter function tell(text) leakproof cost 0.0001'),
  },
  statistics: {
    'the most common values and histograms of a column': root('alter table "Blogs" disable row level security'),
    'the raw statistics': root('grant select on pg_statistic to tenantry_app'),
    'the text of another session’s statement': seesActivity,
    'the text of another session’s statement, by function': seesActivity,
    'the secrets of logins': root('grant select on pg_authid to tenantry_app'),
    'files of the server': root(
      ({ appLogin }) => `grant pg_read_server_files to ${appLogin.user}; grant execute on function pg_read_file(text) to ${appLogin.user}`,
    ),
    'programs of the server': root(({ appLogin }) => `grant pg_execute_server_program to ${appLogin.user}`),
    'large objects, which have no tenant': root('grant execute on function lo_from_bytea(oid, bytea), lo_get(oid) to tenantry_app'),
  },
  'stale routers': {
    'with an epoch that is over': ({ root: client }) =>
      client.query('update tenantry.local_mapping set epoch = 4, token = $1 where mapping_id = 2', [entryOf(2, 4).token]),
    'at a tombstone': ({ root: client }) =>
      client.query(
        `update tenantry.local_mapping set state = 'ONLINE', token = $1, moved_to = null, moved_epoch = null where mapping_id = 3`,
        [entryOf(3).token],
      ),
    'at a mapping that is being drained': root(`update tenantry.local_mapping set state = 'ONLINE' where mapping_id = 5`),
    'at a mapping that is only coming': root(`update tenantry.local_mapping set state = 'ONLINE' where mapping_id = 6`),
    'at a server that was restored or replaced': careless,
    'at a shard that never had the mapping': ({ root: client }) =>
      client.query(
        `insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (4, 'point', $1, 'ONLINE', 5, $2)`,
        [entryOf(4).key, entryOf(4).token],
      ),
  },
  locks: {
    'taking the lock of another tenant’s mapping for the session': root(
      'grant execute on function pg_advisory_lock(integer, integer) to tenantry_app',
    ),
    'taking the lock of another tenant’s mapping for the transaction': root(
      'grant execute on function pg_advisory_xact_lock(integer, integer) to tenantry_app',
    ),
    'trying for the lock of another tenant’s mapping': root(
      'grant execute on function pg_try_advisory_lock(integer, integer) to tenantry_app',
    ),
    'keeping a fence out by entering another mapping without its token': ({ root: client }) =>
      client.query('update tenantry.local_mapping set token = $1 where mapping_id = 2', [new Uint8Array(16)]),
    'locking the local shard map': root('grant update on tenantry.local_mapping to tenantry_app'),
    'ending another tenant’s session': root('grant execute on function pg_terminate_backend(integer, bigint) to tenantry_app'),
  },
  capture: {
    'reading which rows another tenant changes': root('grant select on tenantry.captured_change to tenantry_app'),
    'emptying it': root('grant delete on tenantry.captured_change to tenantry_app'),
    'asking which tenants are captured': root('grant select on tenantry.local_mapping to tenantry_app'),
    'switching the capture off': root(
      'alter function tenantry.end_capture(integer) security definer; grant execute on function tenantry.end_capture(integer) to tenantry_app',
    ),
    'switching the triggers off': ownsBlogs,
    'writing as a replica': root(({ appLogin }) => `grant set on parameter session_replication_role to ${appLogin.user}`),
    'changing what the triggers ask': root(
      ({ appLogin }) =>
        `grant create on schema tenantry to ${appLogin.user}; alter function tenantry.may_be_captured() owner to ${appLogin.user}`,
    ),
    'taking the flag out of the context': settable,
  },
  'every connection': {
    'another password': careless,
    'a setting': careless,
    'another password, by a block': root('grant usage on language plpgsql to tenantry_app'),
  },
  'pooled session': {
    'a temporary table in place of a real one': careless,
    'a cursor WITH HOLD': careless,
    'a prepared statement': careless,
    'a session-wide isolation level': careless,
    'a search path': careless,
    'a statement timeout': careless,
    'the logging of parameters': careless,
    'the printing of plans': careless,
    'a role that was set': careless,
    'the last value of a sequence': carelessWith('grant execute on function lastval() to tenantry_app'),
    'the value of a sequence': carelessWith('grant execute on function currval(regclass) to tenantry_app'),
    'the seed of random numbers': root('grant execute on function setseed(double precision) to tenantry_app'),
    'the text of a statement that stays prepared': root('grant execute on function pg_prepared_statement() to tenantry_app'),
    'a channel that is listened to': careless,
  },
  'code in a pooled session': {
    'a cursor WITH HOLD': careless,
    'a cursor WITH HOLD of a transaction': careless,
    'a setting': careless,
    'a setting of a condition, behind a comment': careless,
    'a channel that is listened to': careless,
    'a setting of a trigger': careless,
    'a setting of a body in standard SQL': careless,
    'a setting by way of the view of settings': careless,
    'a temporary table': careless,
    'the value of a sequence, told by a function': careless,
  },
  interrupted: {
    'an abort': careless,
    'a timeout': careless,
    'an error': careless,
    'a statement that fails': careless,
    'an ended server process': careless,
  },
  'transaction control': {
    'BEGIN as a statement': careless,
    'START TRANSACTION as a statement': careless,
    'ROLLBACK inside a transaction': careless,
    'ROLLBACK AND CHAIN inside a transaction': careless,
    'ABORT inside a transaction': careless,
    'COMMIT inside a transaction': careless,
  },
  'values in errors': {
    'a key that is taken': carelessWithoutRowSecurity,
    'a value of the wrong form': careless,
    'a value that a check refuses': carelessWithoutRowSecurity,
    'a value that is missing beside others': carelessWithoutRowSecurity,
    'a row for another tenant': careless,
    'what a function raises': careless,
    'a statement that does not parse': careless,
    'a constraint that is checked at the end': careless,
    'a failing statement of a transaction': careless,
  },
  'over HTTP': {
    'listing rows': withoutTenantPolicyOnceConnected,
    'one row by its key': withoutTenantPolicyOnceConnected,
    'changing a row': withoutTenantPolicyOnceConnected,
    'deleting a row': withoutTenantPolicyOnceConnected,
    'the cursor of another tenant': careless,
  },
  'forged tokens': {
    'without a signature': careless,
    'signed by HMAC with the public key': careless,
    'signed by a key of the caller': careless,
    'signed by a key of the caller under the name of another': careless,
    'that brings the key to check it with': careless,
    'that says where the key to check it with is': careless,
    'that asks for what the service does not know': careless,
    'whose claims were changed': careless,
    'that has ended': careless,
    'that never ends': careless,
    'whose end is text': careless,
    'that is not valid yet': careless,
    'for another audience': careless,
    'for no audience': careless,
    'of an unknown issuer': careless,
    'of no issuer': careless,
    'of an issuer that may not speak for the tenant': careless,
    'of one issuer by the key of another': careless,
    'that names two tenants': careless,
    'whose tenant is in another form': careless,
    'whose tenant is of another type': careless,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Defence>>>>;
