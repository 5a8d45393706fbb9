import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RowPolicy } from '../../src/core/predicate.ts';
import type { ConnectionExpectations } from '../../src/engine/engine.ts';
import { postgresPolicyRenderer } from '../../src/engine/postgres/policy-renderer.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import { applyDespiteLeaks } from '../support/apply-despite-leaks.ts';
import { otherShardId, routedTables, shardId, WorldServer, type World } from './support/world.ts';
import { accepting, signerOfTests } from '../support/accepting.ts';

const engine = createPostgresEngine();

let server: WorldServer;
beforeAll(async () => {
  server = await WorldServer.start();
});
afterAll(() => server.stop());

async function connecting(world: World, expected: Partial<ConnectionExpectations> = {}): Promise<void> {
  const { rows } = await world.admin.run<{ incarnation: string }>('engine/incarnation');
  const expectations = {
    shardId,
    signer: signerOfTests(shardId),
    incarnation: rows[0]?.incarnation ?? '',
    tables: routedTables,
    contextProtection: 'guarded' as const,
    ...expected,
  };
  const connection = await engine.connect(
    { engine: 'postgres', host: world.host, port: world.port, database: world.database, tls: 'disable' },
    world.appLogin,
    expectations,
  );
  await connection.close();
}

/** Makes the login a member of a role whose rights are its own only behind SET ROLE. */
function withoutInheriting(app: string, role: string): string {
  return `alter role ${app} noinherit; grant ${role} to ${app}; revoke tenantry_app from ${app}; alter role ${app} inherit; grant tenantry_app to ${app}`;
}

async function withWorld(use: (world: World) => Promise<void>): Promise<void> {
  const world = await server.createWorld();
  try {
    await use(world);
  } finally {
    await world.close();
  }
}

type Weakness = [weakness: string, weaken: (app: string) => string, reason: string];

/** What the group gives its members, so that a login gets as far as the gate without being one. */
const rightsOfItsOwn = (app: string): string =>
  `grant usage on schema tenantry to ${app}; grant select on tenantry.schema_version, tenantry.shard_identity to ${app};
   grant execute on function tenantry.context(), tenantry.current_tenant(), tenantry.policy_mark(oid, text), tenantry.policy_text(oid) to ${app}`;
const tenantAlone = `to tenantry_app using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant()))`;

describe('A connection for tenants', () => {
  it('is opened to a shard that is as it must be', () => withWorld((world) => connecting(world)));

  it.each([
    ['session_replication_role', 'replica'],
    ['event_triggers', 'off'],
  ])('is not opened where the server runs no triggers, by %s = %s', (setting, value) =>
    withWorld(async (world) => {
      const shown = async (): Promise<unknown> =>
        (await world.root.query(`select current_setting($1, true) as "value"`, [setting])).rows[0];
      const delivered = await shown();
      // PostgreSQL before 17 has no event_triggers.
      if (JSON.stringify(delivered) === '{"value":null}') return;
      try {
        await world.root.query(`alter system set ${setting} = ${value}`);
        await world.root.query('select pg_reload_conf()');
        await expect.poll(shown).toEqual({ value });
        await expect(connecting(world)).rejects.toMatchObject({
          code: 'SHARD_UNVERIFIED',
          detail: expect.stringContaining(`the server runs no triggers, by ${setting} = ${value}`) as string,
        });
      } finally {
        await world.root.query(`alter system reset ${setting}`);
        await world.root.query('select pg_reload_conf()');
        await expect.poll(shown).toEqual(delivered);
      }
    }),
  );

  it('is opened to a shard that keeps the tenant better than is configured', () =>
    withWorld((world) => connecting(world, { contextProtection: 'plain' })));

  it.each<Weakness>([
    ['whose login is a superuser', (app) => `alter role ${app} superuser`, 'the login is a superuser'],
    ['whose login bypasses row-level security', (app) => `alter role ${app} bypassrls`, 'bypasses row-level security'],
    [
      'whose login may become one that bypasses it',
      (app) => `create role ${app}_way bypassrls; grant ${app}_way to ${app}`,
      'may become a role that does',
    ],
    [
      'whose login is not in the group that policies name',
      (app) => `revoke tenantry_app from ${app}`,
      'no member of tenantry_app|has not been provisioned',
    ],
    [
      'whose login does not inherit from that group',
      (app) => `alter role ${app} noinherit; revoke tenantry_app from ${app}; grant tenantry_app to ${app}`,
      'no member of tenantry_app|has not been provisioned',
    ],
    [
      'whose login is a superuser principal too',
      (app) => `grant tenantry_superuser to ${app}`,
      'the login is a member of tenantry_superuser',
    ],
    ['whose login is a mover too', (app) => `grant tenantry_mover to ${app}`, 'the login is a member of tenantry_mover'],
    ['whose login is an admin too', (app) => `grant tenantry_admin to ${app}`, 'the login is a member of tenantry_admin'],
    [
      'whose login starts as another role',
      (app) => `alter role ${app} set role = tenantry_app`,
      'the login acts as another role, tenantry_app',
    ],
    ['whose login owns a routed table', (app) => `alter table "Blogs" owner to ${app}`, 'Blogs: the login owns it'],
    [
      'whose login may set what keeps the tenant',
      (app) => `grant set on parameter backtrace_functions to ${app}`,
      'may set backtrace_functions',
    ],
    [
      'whose login reads every table, the tokens of all mappings among them',
      (app) => `grant pg_read_all_data to ${app}`,
      'the login is a member of pg_read_all_data.* has rights on the local shard map',
    ],
    [
      'whose login runs programs of the server',
      (app) => `grant pg_execute_server_program to ${app}`,
      'the login is a member of pg_execute_server_program',
    ],
    ['whose login may replicate everything', (app) => `alter role ${app} replication`, 'the login may replicate the server'],
    ['whose login may create roles', (app) => `alter role ${app} createrole`, 'may replicate the server or create roles'],
    [
      'whose login reads the tokens',
      (app) => `grant select (token) on tenantry.local_mapping to ${app}`,
      'has rights on the local shard map',
    ],
    [
      'that gives its login a tenant from the start',
      (app) => `alter role ${app} set backtrace_functions = 'tenantry_x80000002'`,
      'has a tenant before anybody has entered',
    ],
    [
      'where row-level security is off',
      () => 'alter table "Posts" disable row level security',
      'Posts: row-level security is not enabled and forced',
    ],
    [
      'where it is not forced',
      () => 'alter table "Posts" no force row level security',
      'Posts: row-level security is not enabled and forced',
    ],
    [
      'where the policy is gone',
      () => 'drop policy tenantry_tenant on "Events"',
      'Events: its policy tenantry_tenant is missing or altered',
    ],
    [
      'where the policy admits more',
      () => 'alter policy tenantry_tenant on "Events" using (true)',
      'Events: its policy tenantry_tenant is missing or altered',
    ],
    [
      'where a new partition comes with rights of its own',
      () =>
        'alter default privileges grant select on tables to tenantry_app; create table "Events3" partition of "Events" for values in (3)',
      'Events: its part public."Events3" can be reached beside it',
    ],
    [
      'where a column of a partition may be read',
      () => 'grant select ("EventId") on "Events1" to tenantry_app',
      'Events: its part public."Events1" can be reached beside it',
    ],
    [
      'where its login may empty a routed table for everybody',
      (app) => `grant truncate on "Posts" to ${app}`,
      'Posts: the login may empty it, or put triggers on it, past its policy',
    ],
    [
      'where everybody may put triggers on a routed table',
      () => 'grant trigger on "Posts" to public',
      'Posts: the login may empty it, or put triggers on it, past its policy',
    ],
    [
      'where a routed table can be read by way of another one that it is a part of',
      () =>
        'create table "Everything" (like "Notes"); alter table "Notes" inherit "Everything"; grant select on "Everything" to tenantry_app',
      'Notes: it can be reached by way of public."Everything", of which it is a part',
    ],
    [
      'where a part can be read by way of another table than its own',
      () =>
        'create table "AllEvents" (like "Notes"); create table "SomeEvents" () inherits ("AllEvents"); create table "OldNotes" () inherits ("Notes"); alter table "OldNotes" inherit "SomeEvents"; grant delete on "AllEvents" to tenantry_app',
      'Notes: it can be reached by way of public."AllEvents", of which it is a part',
    ],
    [
      'whose login may become, without inheriting from it, one that reads the tokens',
      (app) =>
        `create role ${app}_other; grant usage on schema tenantry to ${app}_other; grant select on tenantry.local_mapping to ${app}_other; ${withoutInheriting(app, `${app}_other`)}`,
      'has rights on the local shard map',
    ],
    [
      'whose login may become, without inheriting from it, one that reads a partition',
      (app) => `create role ${app}_other; grant select on "Events1" to ${app}_other; ${withoutInheriting(app, `${app}_other`)}`,
      'Events: its part public."Events1" can be reached beside it',
    ],
    [
      'whose login may become one that the tenant policies of a table do not bind',
      (app) => `create role ${app}_other; grant select on "Posts" to ${app}_other; grant ${app}_other to ${app}`,
      'Posts: it can be reached as .*_other, whom its policy does not bind',
    ],
    ['where a routed table is gone', () => 'drop table "Notes"', 'Notes: it does not exist'],
    [
      'where the tenant column has another name',
      () => 'alter table "Notes" rename "TenantId" to "Tenant"',
      'Notes: it does not exist, or has no such tenant column',
    ],
    [
      'that keeps the tenant where its SQL can change it',
      () =>
        "create or replace function tenantry.context() returns text language sql stable parallel safe begin atomic select current_setting('tenantry.tenant', true); end",
      'The context protection of the shard is plain, and the configuration says guarded',
    ],
    ['that was never added to a map', () => 'delete from tenantry.shard_identity', 'has not been added to a shard map'],
    [
      'of a newer schema',
      () => 'update tenantry.schema_version set version = version + 1',
      'go on with the version of Tenantry that made it, or a later one',
    ],
    ['that is no shard', () => 'drop schema tenantry cascade', 'is no shard of Tenantry'],
    [
      'whose login may become, without inheriting it, one that bypasses row-level security',
      (app) => `alter role ${app} noinherit; create role ${app}_way bypassrls; grant ${app}_way to ${app}`,
      'may become a role that does|has not been provisioned',
    ],
    [
      'whose login may become, without inheriting it, one that creates roles',
      (app) => `alter role ${app} noinherit; create role ${app}_way createrole; grant ${app}_way to ${app}`,
      'may replicate the server or create roles, or may become a role that does|has not been provisioned',
    ],
    [
      'whose login may become the mover, without inheriting it',
      (app) => `alter role ${app} noinherit; grant tenantry_mover to ${app}`,
      'the login is a member of tenantry_mover|has not been provisioned',
    ],
    [
      'whose login may become the owner of a routed table, without inheriting it',
      (app) => `alter role ${app} noinherit; create role ${app}_way; grant ${app}_way to ${app}; alter table "Blogs" owner to ${app}_way`,
      'Blogs: the login owns it|has not been provisioned',
    ],
    [
      'whose login bypasses row-level security and starts as a role that does not',
      (app) => `alter role ${app} bypassrls; alter role ${app} set role = tenantry_app`,
      'bypasses row-level security .* the login acts as another role, tenantry_app',
    ],
    [
      'whose login has the rights of the group that policies name, and is not in it',
      (app) => `${rightsOfItsOwn(app)}; revoke tenantry_app from ${app}`,
      'the login is no member of tenantry_app with inherited rights',
    ],
    [
      'whose login has the rights of the group that policies name, and does not inherit from it',
      (app) => `${rightsOfItsOwn(app)}; alter role ${app} noinherit; revoke tenantry_app from ${app}; grant tenantry_app to ${app}`,
      'the login is no member of tenantry_app with inherited rights',
    ],
    [
      'whose login may set the context as its functions do',
      (app) => `grant tenantry_definer to ${app}`,
      'the login is a member of tenantry_definer',
    ],
    ...['delete', 'truncate', 'trigger', 'insert (token)', 'update (token)'].map((right): Weakness => [
      `whose login may ${right} in the local shard map`,
      (app) => `grant ${right} on tenantry.local_mapping to ${app}`,
      'has rights on the local shard map',
    ]),
    [
      'where the policy admits where others must all agree',
      () => `drop policy tenantry_tenant on "Events"; create policy tenantry_tenant on "Events" as permissive ${tenantAlone}`,
      'Events: its policy tenantry_tenant is missing or altered',
    ],
    [
      'where the policy is for one kind of statement',
      () => `drop policy tenantry_tenant on "Events"; create policy tenantry_tenant on "Events" as restrictive for update ${tenantAlone}`,
      'Events: its policy tenantry_tenant is missing or altered',
    ],
    [
      'where the policy has another name, and nobody looks after it',
      () => 'alter policy tenantry_tenant on "Events" rename to another',
      'Events: its policy tenantry_tenant is missing or altered',
    ],
    ...['delete', 'truncate', 'insert ("EventId")', 'update ("EventId")'].map((right): Weakness => [
      `where its login may ${right} in a partition`,
      (app) => `grant ${right} on "Events1" to ${app}`,
      'Events: its part public."Events1" can be reached beside it',
    ]),
    [
      'where a partition of a partition may be read',
      (app) => `create table "Events3" partition of "Events" for values in (3) partition by list ("EventId");
        create table "Events3a" partition of "Events3" for values in (1); grant select on "Events3a" to ${app}`,
      'Events: its part public."Events3a" can be reached beside it',
    ],
    [
      'whose login may become, without inheriting from it, one that sets what keeps the tenant',
      (app) => `create role ${app}_way; grant set on parameter backtrace_functions to ${app}_way; ${withoutInheriting(app, `${app}_way`)}`,
      'the login may set backtrace_functions',
    ],
    [
      'whose login may become, without inheriting from it, one that empties a routed table',
      (app) => `create role ${app}_way; grant truncate on "Posts" to ${app}_way; ${withoutInheriting(app, `${app}_way`)}`,
      'Posts: the login may empty it',
    ],
    [
      'whose login may become, without inheriting from it, one that the server knows from the start',
      (app) => withoutInheriting(app, 'pg_signal_backend'),
      'the login is a member of pg_signal_backend',
    ],
    ...['delete', 'insert', 'update'].map((right): Weakness => [
      `whose login may become one that may ${right} in a table, and that its policies do not bind`,
      (app) => `create role ${app}_other; grant ${right} on "Posts" to ${app}_other; grant ${app}_other to ${app}`,
      'Posts: it can be reached as .*_other, whom its policy does not bind',
    ]),
    [
      'whose login may become one that does not inherit the policies of its group',
      (app) => `create role ${app}_other noinherit; grant tenantry_app to ${app}_other; grant select on "Posts" to ${app}_other;
        grant ${app}_other to ${app}`,
      'Posts: it can be reached as .*_other, whom its policy does not bind',
    ],
    [
      'where a view has the name of a routed table',
      () => 'alter table "Notes" rename to "Kept"; create view "Notes" as select * from "Kept"',
      'Notes: it does not exist, or has no such tenant column',
    ],
  ])('is refused to a shard %s', (_, weaken, reason) =>
    withWorld(async (world) => {
      await world.admin.run('engine/incarnation');
      const refused = (async () => {
        await world.root.query(weaken(world.appLogin.user));
        await connecting(world);
      })();
      await expect(refused).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringMatching(reason) as string });
    }),
  );

  it('is refused where the tenant column is one that the server gives every table', () =>
    withWorld((world) =>
      expect(connecting(world, { tables: [{ name: 'Notes', table: 'Notes', tenantColumn: 'tableoid' }] })).rejects.toThrow(
        'Notes: it does not exist, or has no such tenant column',
      ),
    ));

  it('is refused to another shard than the one that is meant', () =>
    withWorld((world) =>
      expect(connecting(world, { shardId: otherShardId })).rejects.toThrow(`is shard ${shardId}, and the catalog means ${otherShardId}`),
    ));

  it('is refused to a server that was restored or replaced since it was added', () =>
    withWorld((world) =>
      expect(connecting(world, { incarnation: '7000000000000000000/1' })).rejects.toThrow('it was restored or replaced'),
    ));
});

const userId = { name: 'userId', type: 'string' } as const;
const own: RowPolicy = {
  name: 'own',
  conditions: {
    select: { kind: 'owner', column: 'Text', value: userId },
    delete: { kind: 'role', role: 'editor', value: { name: 'roles', type: 'strings' } },
  },
};
const withPolicy = (policy: RowPolicy): ConnectionExpectations['tables'] => [
  ...routedTables.filter(({ name }) => name !== 'Notes'),
  { name: 'Notes', table: 'Notes', tenantColumn: 'TenantId', policies: [policy] },
];
const withOwn = withPolicy(own);

/** A world whose Notes have the policy. */
async function withOwnNotes(use: (world: World) => Promise<void>): Promise<void> {
  await withWorld(async (world) => {
    await applyDespiteLeaks(
      world.admin,
      { ...engine, renderer: postgresPolicyRenderer },
      { tables: withOwn, procedures: [], accepting: accepting(shardId), keyType: 'int', dryRun: false },
    );
    await use(world);
  });
}

describe('A connection for tenants of a table with a policy beyond the tenant', () => {
  it('is opened where the policy is as the configuration has it, and where the configuration does not ask for it yet', () =>
    withOwnNotes(async (world) => {
      await connecting(world, { tables: withOwn });
      await connecting(world);
    }));

  it('is refused before the policy is there', () =>
    withWorld((world) =>
      expect(connecting(world, { tables: withOwn })).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        message: expect.stringMatching(
          /(?=.*Notes: its policy tenantry_rows_own_select is missing or altered)(?=.*Notes: its policy tenantry_rows_own_delete is missing or altered)/,
        ) as string,
      }),
    ));

  it('is refused where the configuration says another condition', () =>
    withOwnNotes((world) => {
      const other: RowPolicy = { name: 'own', conditions: { ...own.conditions, select: { kind: 'any', of: [] } } };
      return expect(connecting(world, { tables: withPolicy(other) })).rejects.toThrow(
        /Notes: its policy tenantry_rows_own_select is missing or altered\.$/,
      );
    }));

  it.each([
    ['is gone', 'drop policy tenantry_rows_own_select on "Notes"'],
    ['admits more', 'alter policy tenantry_rows_own_select on "Notes" using (true)'],
    ['binds somebody else', 'alter policy tenantry_rows_own_select on "Notes" to tenantry_superuser'],
    ['binds others as well', 'alter policy tenantry_rows_own_select on "Notes" to tenantry_app, tenantry_superuser'],
    ['has another name', 'alter policy tenantry_rows_own_select on "Notes" rename to another'],
    ['has lost its mark', 'comment on policy tenantry_rows_own_select on "Notes" is null'],
    ...(['permissive for select', 'restrictive for delete'] as const).map((kind): [string, string] => [
      `is ${kind}`,
      `do $$ declare said text := tenantry.policy_text(p.oid) from pg_policy p where p.polname = 'tenantry_rows_own_select';
        mark text := obj_description(p.oid, 'pg_policy') from pg_policy p where p.polname = 'tenantry_rows_own_select';
      begin
        drop policy tenantry_rows_own_select on "Notes";
        execute 'create policy tenantry_rows_own_select on "Notes" as ${kind} to tenantry_app ' || regexp_replace(said, ' check none$', '');
        execute format('comment on policy tenantry_rows_own_select on "Notes" is %L', mark);
      end $$`,
    ]),
  ])('is refused where it %s', (_, weaken) =>
    withOwnNotes(async (world) => {
      await world.root.query(weaken);
      await expect(connecting(world, { tables: withOwn })).rejects.toThrow(
        /Notes: its policy tenantry_rows_own_select is missing or altered\.$/,
      );
    }),
  );
});
