import type { LiveObject, LivePart, LiveTable } from '../live-objects.ts';
import type { Form } from '../mutation.ts';

const rights = ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'] as const;
const grantees = [
  'tenantry_app',
  'shop_app',
  'public',
  'tenantry_superuser',
  'shop_reports',
  'tenantry_mover',
  'tenantry_definer',
  'tenantry_watcher',
  'tenantry_probe',
] as const;

/** What GRANT and REVOKE do to a table. */
export const tableRightForms: readonly Form<LiveTable>[] = [
  ...grantees.flatMap((grantee) =>
    rights.map((right): Form<LiveTable> => [`grant ${right} to ${grantee}`, ({ object }) => `grant ${right} on ${object} to ${grantee}`]),
  ),
  ...(['tenantry_app', 'public', 'shop_reports', 'shop_mover'] as const).flatMap((grantee) =>
    (['select', 'insert', 'update', 'references'] as const).map((right): Form<LiveTable> => [
      `grant ${right} of a column to ${grantee}`,
      ({ object, column }) => `grant ${right} (${column}) on ${object} to ${grantee}`,
    ]),
  ),
  ['grant all with grant option', ({ object }) => `grant all on ${object} to tenantry_app with grant option`],
  ...(['tenantry_app', 'shop_reports', 'shop_mover'] as const).map((grantee): Form<LiveTable> => [
    `grant maintain to ${grantee}`,
    ({ object }) => `grant maintain on ${object} to ${grantee}`,
  ]),
  ['revoke all from app', ({ object }) => `revoke all on ${object} from tenantry_app`],
  ['revoke all from its owner', ({ object }) => `revoke all on ${object} from tenantry_admin, shop_admin`],
];

/** What ALTER, DROP and CREATE do to a table. */
export const tableForms: readonly Form<LiveTable>[] = [
  ['row security off', ({ object }) => `alter table ${object} disable row level security`],
  ['row security on', ({ object }) => `alter table ${object} enable row level security`],
  ['row security not forced', ({ object }) => `alter table ${object} no force row level security`],
  ['row security off in the catalog', ({ object }) => `update pg_class set relrowsecurity = false where oid = '${object}'::regclass`],
  [
    'row security not forced in the catalog',
    ({ object }) => `update pg_class set relforcerowsecurity = false where oid = '${object}'::regclass`,
  ],
  ['owner in the catalog', ({ object }) => `update pg_class set relowner = 'shop_app'::regrole where oid = '${object}'::regclass`],
  [
    'rights in the catalog',
    ({ object }) => `update pg_class set relacl = '{tenantry_app=arwdDxt/tenantry_admin}' where oid = '${object}'::regclass`,
  ],
  ['owned by app', ({ object }) => `alter table ${object} owner to tenantry_app`],
  ["owned by app's login", ({ object }) => `alter table ${object} owner to shop_app`],
  ['owned by a superuser', ({ object }) => `alter table ${object} owner to current_user`],
  ['renamed', ({ object }) => `alter table ${object} rename to another`],
  ['in another schema', ({ object }) => `alter table ${object} set schema ${object.startsWith('tenantry.') ? 'public' : 'tenantry'}`],
  [
    'replaced by a copy',
    ({ object }) =>
      `create table copy_of (like ${object} including all); insert into copy_of select * from ${object}; drop table ${object} cascade; alter table copy_of rename to ${object.split('.')[1]}; grant select, insert, update, delete on ${object.split('.')[1]} to tenantry_app`,
  ],
  ['drop', ({ object }) => `drop table ${object} cascade`],
  ['a column more', ({ object }) => `alter table ${object} add column "More" text`],
  [
    'a generated column that calls a function',
    ({ object }) =>
      `create function said() returns text language sql immutable as 'select ''x'''; alter table ${object} add column "More" text generated always as (said()) stored`,
  ],
  [
    'a default that calls a function',
    ({ object, column }) =>
      `create function said() returns text language sql security definer as 'select "Text" from "Ledger"'; alter table ${object} alter column ${column} set default said()`,
  ],
  [
    'a check that calls a function',
    ({ object, column }) =>
      `create function heard(value text) returns boolean language plpgsql security definer as $$ begin insert into public."Countries" values (5000, value); return true; end $$; alter table ${object} add constraint heard check (heard(${column}::text)) not valid`,
  ],
  [
    'a check by a function that is there',
    ({ object, column }) => `alter table ${object} add constraint kept check (remember(${column}::text)) not valid`,
  ],
  ['an index by a function that is there', ({ object, column }) => `create index kept on ${object} (remember(${column}::text))`],
  [
    'statistics by a function that is there',
    ({ object, column }) => `create statistics kept on (remember(${column}::text)) from ${object}`,
  ],
  [
    'a trigger by a function that is there',
    ({ object }) => `create trigger kept before delete on ${object} for each row execute function keep_copy()`,
  ],
  ['a policy of its own, permissive', ({ object }) => `create policy mine on ${object} using (true)`],
  ['a policy of its own, restrictive', ({ object }) => `create policy mine on ${object} as restrictive using (true)`],
  [
    'a trigger that calls a function',
    ({ object }) =>
      `create function told() returns trigger language plpgsql security definer as $$ begin insert into public."Countries" select "Id" + 5000, "Text" from public."Ledger"; return new; end $$; create trigger told before insert or update on ${object} for each row execute function told()`,
  ],
  [
    'a trigger that runs everywhere',
    ({ object }) =>
      `create trigger told before update on ${object} for each row execute function suppress_redundant_updates_trigger(); alter table ${object} enable always trigger told`,
  ],
  ['triggers off', ({ object }) => `alter table ${object} disable trigger all`],
  ['triggers of users off', ({ object }) => `alter table ${object} disable trigger user`],
  ['a rule beside', ({ object }) => `create rule beside as on insert to ${object} do also delete from public."Ledger"`],
  ['a rule instead', ({ object }) => `create rule beside as on update to ${object} do instead delete from public."Ledger"`],
  ['a view of its owner', ({ object }) => `create view seen as select * from ${object}; grant select on seen to tenantry_app`],
  ['a view of its owner for everybody', ({ object }) => `create view seen as select * from ${object}; grant select on seen to public`],
  ['a view of its owner that nobody may read', ({ object }) => `create view seen as select * from ${object}`],
  [
    'a view of the invoker',
    ({ object }) => `create view seen with (security_invoker = true) as select * from ${object}; grant select on seen to tenantry_app`,
  ],
  ['a materialized view', ({ object }) => `create materialized view seen as select * from ${object}; grant select on seen to tenantry_app`],
  ['a copy', ({ object }) => `create table seen as select * from ${object}; grant select on seen to tenantry_app`],
  ['a copy that nobody may read', ({ object }) => `create table seen as select * from ${object}`],
  [
    'a function that reads it',
    ({ object }) =>
      `create function seen() returns setof text language sql security definer as $$ select t::text from ${object} t $$; grant execute on function seen() to tenantry_app`,
  ],
  [
    'a function for everybody that reads it',
    ({ object }) =>
      `create function seen() returns setof text language sql security definer as $$ select t::text from ${object} t $$; grant execute on function seen() to public`,
  ],
  [
    'a function for nobody that reads it',
    ({ object }) =>
      `create function seen() returns setof text language sql security definer as $$ select t::text from ${object} t $$; revoke execute on function seen() from public`,
  ],
  [
    'a procedure that deletes of it',
    ({ object }) =>
      `create procedure gone() language sql security definer as $$ delete from ${object} $$; grant execute on procedure gone() to tenantry_app`,
  ],
  [
    'a table that it is a part of',
    ({ object }) => `create table above (like ${object}); alter table ${object} inherit above; grant select on above to tenantry_app`,
  ],
  ['a table that is a part of it', ({ object }) => `create table below () inherits (${object}); grant select on below to tenantry_app`],
  ['an index', ({ object, column }) => `create index on ${object} (${column})`],
  [
    'a unique key without the tenant',
    ({ object, column }) =>
      `delete from only ${object} a using ${object} b where a.ctid > b.ctid; create unique index on ${object} (${column})`,
  ],
  ...(['delete cascade', 'delete set null', 'delete set default', 'update cascade'] as const).map((action): Form<LiveTable> => [
    `a foreign key of other tenants on ${action}`,
    ({ object }) =>
      `alter table ${object} add column "Led" integer generated by default as identity, add unique ("Led"); create table led ("TenantId" integer not null, "Of" integer references ${object} ("Led") on ${action}); insert into led select 2, min("Led") from ${object}`,
  ]),
  [
    'a foreign key that asks for rows of other tenants',
    ({ object, column }) =>
      `create table asked as select distinct ${column} as "Of" from ${object}; alter table asked add unique ("Of"); alter table ${object} add foreign key (${column}) references asked ("Of")`,
  ],
  [
    'a foreign key that pairs the tenants',
    ({ object }) =>
      `create table paired ("TenantId" integer not null, "Of" integer, foreign key ("TenantId", "Of") references ${object} on delete cascade)`,
  ],
  ['statistics', ({ object }) => `analyze ${object}`],
  ['an option of storage', ({ object }) => `alter table ${object} set (autovacuum_enabled = false)`],
  ['unlogged', ({ object }) => `alter table ${object} set unlogged`],
  ['its replica identity', ({ object }) => `alter table ${object} replica identity full`],
  ['a publication', ({ object }) => `create publication told for table ${object}`],
  ['a comment', ({ object }) => `comment on table ${object} is 'x'`],
  ['emptied', ({ object }) => `truncate ${object} cascade`],
];

/** What is done to the tenant's column. */
export const tenantColumnForms: readonly Form<LiveTable>[] = [
  ['of another type', ({ object }) => `alter table ${object} alter column "TenantId" type bigint`],
  ['of the same value', ({ object }) => `alter table ${object} alter column "TenantId" type integer using 1`],
  ['without a default', ({ object }) => `alter table ${object} alter column "TenantId" drop default`],
  ["with another's default", ({ object }) => `alter table ${object} alter column "TenantId" set default 2`],
  ['that may be null', ({ object }) => `alter table ${object} alter column "TenantId" drop not null`],
  ['renamed', ({ object }) => `alter table ${object} rename "TenantId" to "Tenant"`],
  [
    'renamed, and another in its place',
    ({ object }) =>
      `alter table ${object} rename "TenantId" to "Tenant"; alter table ${object} add column "TenantId" integer default tenantry.current_tenant()`,
  ],
  ['drop', ({ object }) => `alter table ${object} drop column "TenantId" cascade`],
  ['with other statistics', ({ object }) => `alter table ${object} alter column "TenantId" set statistics 0`],
];

export const triggerForms: readonly Form<LivePart>[] = [
  ['off', ({ table, name }) => `alter table ${table} disable trigger ${name}`],
  ['of a replica', ({ table, name }) => `alter table ${table} enable replica trigger ${name}`],
  ['drop', ({ table, name }) => `drop trigger ${name} on ${table}`],
  ['renamed', ({ table, name }) => `alter trigger ${name} on ${table} rename to another`],
  [
    'off in the catalog',
    ({ table, name }) => `update pg_trigger set tgenabled = 'D' where tgname = '${name}' and tgrelid = '${table}'::regclass`,
  ],
];

export const viewForms: readonly Form<LiveObject>[] = [
  ['of its owner', ({ object }) => `alter view ${object} set (security_invoker = false)`],
  ['without its options', ({ object }) => `alter view ${object} reset (security_invoker)`],
  ['a barrier', ({ object }) => `alter view ${object} set (security_barrier = true)`],
  [
    'of another table',
    ({ object }) =>
      `create or replace view ${object} with (security_invoker = false) as select "TenantId", "Id" as "BlogId", "Text" as "Name" from "Ledger"`,
  ],
  ['owned by a superuser', ({ object }) => `alter table ${object} owner to current_user`],
  ['owned by app', ({ object }) => `alter table ${object} owner to tenantry_app`],
  ['granted to app', ({ object }) => `grant select on ${object} to tenantry_app`],
  ['granted to everybody', ({ object }) => `grant select on ${object} to public`],
  ['a column granted to app', ({ object }) => `grant select ("Name") on ${object} to tenantry_app`],
  [
    'a trigger instead',
    ({ object }) =>
      `create function told() returns trigger language plpgsql security definer as $$ begin delete from public."Ledger"; return new; end $$; create trigger told instead of insert on ${object} for each row execute function told()`,
  ],
  ['a rule instead', ({ object }) => `create rule beside as on insert to ${object} do instead delete from public."Ledger"`],
  ['drop', ({ object }) => `drop view ${object}`],
  ['a comment', ({ object }) => `comment on view ${object} is 'x'`],
];

export const sequenceForms: readonly Form<LiveObject>[] = [
  ...(['select', 'update', 'usage', 'all'] as const).flatMap((right) =>
    (['tenantry_app', 'public', 'shop_reports', 'shop_mover'] as const).map((grantee): Form<LiveObject> => [
      `grant ${right} to ${grantee}`,
      ({ object }) => `grant ${right} on sequence ${object} to ${grantee}`,
    ]),
  ),
  ['owned by app', ({ object }) => `alter sequence ${object} owned by none; alter sequence ${object} owner to tenantry_app`],
  ['begun again', ({ object }) => `alter sequence ${object} restart`],
  ['in cycles', ({ object }) => `alter sequence ${object} cycle`],
  ['drop', ({ object }) => `drop sequence ${object} cascade`],
];
