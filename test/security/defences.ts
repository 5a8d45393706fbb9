import type { Defence } from './support/attack.ts';
import type { World } from './support/world.ts';

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
  'changing the context': {
    'by SET LOCAL of the guarded setting': settable,
    'by SET of the guarded setting for the session': settable,
    'by set_config': settable,
    'by an update of pg_settings': settable,
    'by RESET of the guarded setting': root(
      ({ database }) =>
        `alter database ${database} set backtrace_functions = 'tenantry_80000002'; grant set on parameter backtrace_functions to ${database}_app`,
    ),
    'by RESET ALL': root(({ database }) => `alter database ${database} set backtrace_functions = 'tenantry_80000002'`),
    'by DISCARD ALL outside a transaction': root(
      ({ database }) => `alter database ${database} set backtrace_functions = 'tenantry_80000002'`,
    ),
    'by ROLLBACK TO a savepoint from before': root(
      ({ database }) => `alter database ${database} set backtrace_functions = 'tenantry_80000002'`,
    ),
    'by the helper that sets it': root(
      'grant execute on function tenantry.set_context(bytea) to tenantry_app; alter function tenantry.set_context(bytea) security definer; alter function tenantry.set_context(bytea) owner to tenantry_definer',
    ),
    'by entering another mapping without its token': root(
      "update tenantry.local_mapping set token = decode(repeat('00', 16), 'hex') where mapping_id = 2",
    ),
    'by entering another mapping with its own token': root(
      'update tenantry.local_mapping set token = (select token from tenantry.local_mapping where mapping_id = 1) where mapping_id = 2',
    ),
    'by entering its own mapping with another key': root(
      "update tenantry.local_mapping set kind = 'range', high = null where mapping_id = 1",
    ),
    'by entering with no token at all': root(
      'create or replace function tenantry.enter(mapping integer, tenant_key bytea, claimed_epoch bigint, capability bytea) returns text language sql volatile security definer begin atomic select tenantry.set_context(tenant_key); end',
    ),
    'by reading the tokens of the local shard map': root('grant select on tenantry.local_mapping to tenantry_app'),
    'by a function of the same name put before the real one': root(
      'grant create on schema tenantry to tenantry_app; alter function tenantry.current_tenant() owner to tenantry_app',
    ),
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
    'granting itself another role': root(
      ({ appLogin }) => `grant tenantry_superuser to ${appLogin.user} with admin option, inherit false, set false`,
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
    'creating a trigger on the table': root('grant trigger on "Blogs" to tenantry_app; grant create on schema public to tenantry_app'),
    'calling a privileged function that nobody gave it': root('grant execute on function every_blog() to public'),
    'reading a view that runs as its owner': root(
      'grant select on owners_view to tenantry_app; alter view owners_view reset (security_invoker)',
    ),
    'reading a materialized view that nobody gave it': root('grant select on every_row to tenantry_app'),
    'shadowing a table by a temporary one': root(({ database }) => `grant temporary on database ${database} to public`),
    'shadowing a table by one in a schema of its own': root(({ database }) => `grant create on database ${database} to tenantry_app`),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Defence>>>>;
