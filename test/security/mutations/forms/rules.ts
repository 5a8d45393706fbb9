import type { LiveCast, LiveObject, LivePart } from '../live-objects.ts';
import type { Form } from '../mutation.ts';

export const ruleForms: readonly Form<LivePart>[] = [
  ['off', ({ name, table }) => `alter table ${table} disable rule ${name}`],
  ['of a replica', ({ name, table }) => `alter table ${table} enable replica rule ${name}`],
  ['always', ({ name, table }) => `alter table ${table} enable always rule ${name}`],
  ['renamed', ({ name, table }) => `alter rule ${name} on ${table} rename to another`],
  [
    'does more',
    ({ name, table }) => `create or replace rule ${name} as on delete to ${table} do also delete from public."Countries" where "Id" > 100`,
  ],
  ['drop', ({ name, table }) => `drop rule ${name} on ${table}`],
];

export const castForms: readonly Form<LiveCast>[] = [
  ['drop', ({ object }) => `drop cast ${object}`],
  ['made again, and implicit', ({ object, by }) => `drop cast ${object}; create cast ${object} with function ${by} as implicit`],
  ['made again without a function', ({ object }) => `drop cast ${object}; create cast ${object} with inout`],
  ['its function calls another', ({ by }) => `create or replace function ${by} returns text language sql as 'select public.told_of()'`],
  ['a comment', ({ object }) => `comment on cast ${object} is 'x'`],
];

export const domainForms: readonly Form<LiveObject>[] = [
  ['a check by a function that is there', ({ object }) => `alter domain ${object} add constraint kept check (remember(value))`],
  ['a default by a function that is there', ({ object }) => `alter domain ${object} set default tell()`],
  ['another default', ({ object }) => `alter domain ${object} set default '2'`],
  ['without a default', ({ object }) => `alter domain ${object} drop default`],
  ['without its check', ({ object }) => `alter domain ${object} drop constraint said`],
  ['not null', ({ object }) => `alter domain ${object} set not null`],
  ['owned by app', ({ object }) => `alter domain ${object} owner to tenantry_app`],
  ['renamed', ({ object }) => `alter domain ${object} rename to another`],
  ['drop', ({ object }) => `drop domain ${object} cascade`],
  ['a comment', ({ object }) => `comment on domain ${object} is 'x'`],
];

export const uniqueKeyForms: readonly Form<LivePart>[] = [
  ['drop', ({ name, table }) => `alter table ${table} drop constraint ${name} cascade`],
  ['renamed', ({ name, table }) => `alter table ${table} rename constraint ${name} to another`],
  ['not unique in the catalog', ({ name }) => `update pg_index set indisunique = false where indexrelid = 'public.${name}'::regclass`],
  ['a comment', ({ name, table }) => `comment on constraint ${name} on ${table} is 'x'`],
];

export const foreignKeyForms: readonly Form<LivePart>[] = [
  ...(['on delete cascade', 'on update cascade', 'on delete set null ("Project")', 'on delete set default', 'not valid'] as const).map(
    (how): Form<LivePart> => [
      `made again ${how}`,
      ({ name, table }) =>
        `alter table ${table} drop constraint ${name}; alter table ${table} add constraint ${name} foreign key ("TenantId", "Project") references "Projects" ${how}`,
    ],
  ),
  [
    'without the tenant',
    ({ name, table }) =>
      `delete from "Samples" where "TenantId" = 2; delete from "Projects" where "TenantId" = 2; alter table "Projects" add unique ("Id");
       alter table ${table} drop constraint ${name}; alter table ${table} add constraint ${name} foreign key ("Project") references "Projects" ("Id")`,
  ],
  ['deferred', ({ name, table }) => `alter table ${table} alter constraint ${name} deferrable initially deferred`],
  [
    'off in the catalog',
    ({ name }) =>
      `update pg_trigger set tgenabled = 'D' where tgconstraint = (select oid from pg_constraint where conname = '${name.replaceAll('"', '')}')`,
  ],
  ['renamed', ({ name, table }) => `alter table ${table} rename constraint ${name} to another`],
  ['drop', ({ name, table }) => `alter table ${table} drop constraint ${name}`],
  ['a comment', ({ name, table }) => `comment on constraint ${name} on ${table} is 'x'`],
];
