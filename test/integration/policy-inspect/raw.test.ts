import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { QueryLibrary } from '../../../src/engine/postgres/query-library.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { inspectDatabase, inspectShard } from '../../../src/main/inspection/inspect-policies.ts';
import type { PolicyModel } from '../../../src/config/policy-model.ts';
import type { InspectedPolicies, InspectedTable } from '../../../src/policy/inspection.ts';
import { everyPredicate, itsTables, tablesOf } from '../../support/every-predicate.ts';
import { postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';

const shard = usePolicyShard();
const { policies } = everyPredicate;

function inspect(): Promise<InspectedPolicies<PolicyModel>> {
  return inspectShard(shard.database.admin, postgresPolicies, 'postgres');
}

async function drifted(statements: string): Promise<InspectedPolicies<PolicyModel>> {
  await shard.asRoot(statements);
  return inspect();
}

function table({ inspection }: InspectedPolicies<PolicyModel>, name: string): InspectedTable | undefined {
  return inspection.tables.find((each) => each.table === name);
}

describe('what a shard has and its configuration did not make', () => {
  beforeAll(async () => {
    await shard.renew();
    await shard.asAdmin(itsTables);
  });

  const restored = async (): Promise<void> => {
    await shard.asRoot(`drop policy if exists legacy on "Blogs"; alter table "Blogs" enable row level security`);
    await shard.apply(tablesOf(everyPredicate));
  };

  it.each([
    ['without a policy of it', 'drop policy tenantry_rows_mine_delete on "Samples"', ['mine', 'near', 'seen']],
    [
      'with another expression',
      'alter policy tenantry_rows_joined on "Projects" using (true) with check (true)',
      ['joined', 'mine', 'near', 'seen'],
    ],
    ['for somebody else', 'alter policy tenantry_rows_seen_select on lab."Notes" to public', ['seen']],
    ['under a mark that says otherwise', `comment on policy tenantry_rows_seen_select on lab."Notes" is null`, ['seen']],
    [
      'with another model',
      `update tenantry.policy_model set model = replace(model, '"Owner"', '"Title"') where table_name = 'Samples'`,
      ['mine', 'near', 'seen'],
    ],
    [
      'with a model that is none',
      `update tenantry.policy_model set model = '{"policies":[7]}' where table_name = 'Permissions'`,
      ['granting'],
    ],
    ['on a table that is open', 'alter table "Permissions" no force row level security', ['granting', 'mine', 'near', 'seen']],
  ])('a policy %s is told in its own words, with what rests on it', async (_, drift, untold) => {
    await restored();
    const { model } = (await drifted(drift)).inspection;
    expect(Object.keys(policies).filter((name) => !Object.hasOwn(model.policies, name))).toEqual(untold);
  });

  it('is in no file of this machine, whatever the database says', async () => {
    await restored();
    const folder = await mkdtemp(join(tmpdir(), 'tenantry-inspect-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'loud.sql');
    await writeFile(file, '"Samples"."Title" = upper("Samples"."Title") -- loud');
    const { model } = (
      await drifted(`update tenantry.policy_model set model = jsonb_set(model::jsonb, '{policies,loud,insert,raw,postgres}', '"${file}"')::text
        where table_name = 'Samples'`)
    ).inspection;
    expect(Object.keys(policies).filter((name) => !Object.hasOwn(model.policies, name))).toEqual(['loud']);
  });

  it('stands beside the model, with everything that makes it', async () => {
    await restored();
    const found = await drifted(`create policy legacy on "Blogs" for update to public using ("Name" = current_user) with check (true);
      grant select, update ("Name") on "Blogs" to pg_monitor`);
    expect(found.inspection.model).toEqual(everyPredicate);
    expect(table(found, 'public.Blogs')).toMatchObject({
      inModel: 'Blogs',
      rowSecurity: 'forced',
      owner: 'tenantry_admin',
      raw: [{ name: 'legacy', kind: 'permissive', command: 'update', roles: ['public'], using: '("Name" = CURRENT_USER)', check: 'true' }],
      rights: expect.arrayContaining([
        { to: 'pg_monitor', rights: 'select, update ("Name")', state: 'granted' },
        { to: 'tenantry_superuser', rights: 'select', state: 'granted' },
      ]),
    });
    expect(found.script).toContain(
      'create policy legacy on public."Blogs" as permissive for update to public using (("Name" = CURRENT_USER)) with check (true);',
    );
    expect(found.script).toContain('grant select, update ("Name") on table public."Blogs" to pg_monitor;');
  });

  it('leaves the table to its own words where row security is off', async () => {
    await restored();
    const found = await drifted('alter table "Blogs" disable row level security');
    expect(found.inspection.model.tables).not.toHaveProperty('Blogs');
    expect(table(found, 'public.Blogs')).toMatchObject({ inModel: null, rowSecurity: 'off' });
    expect(found.script).toContain('alter table public."Blogs" disable row level security;');
  });
});

describe('what is asked of a database that may be anybody’s', () => {
  const library = new QueryLibrary();

  it.each([
    ['policy/inspect', undefined],
    ['inspect/list-tables', { column: 'TenantId' }],
    ['catalog/schema-state', undefined],
  ] as const)('names nothing that its server was not delivered with: %s', async (file, parameters) => {
    const { text } = library.query(file, parameters);
    const { rows } = await shard.database.root.transaction(async (session) => {
      await session.query(sqlText('set local search_path to pg_catalog, pg_temp'));
      // What such a body names is noted when it is made.
      await session.query(sqlText(`create function pg_temp.asked(text) returns void language sql begin atomic ${text.trimEnd()} ; end`));
      const named = await session.query(
        sqlText(`select pg_describe_object(refclassid, refobjid, refobjsubid) as what from pg_depend
          where classid = 'pg_proc'::regclass and objid = 'pg_temp.asked(text)'::regprocedure
            and refobjid >= 16384 and refclassid <> 'pg_namespace'::regclass`),
      );
      await session.query(sqlText('drop function pg_temp.asked(text)'));
      return named;
    });
    expect(rows).toEqual([]);
  });
});

describe('a database that Tenantry never touched', () => {
  const tables = `
    create schema "odd schema";
    create table "odd schema"."it's" (id integer primary key, "Tenant" integer not null, owner name);
    create table public.tenants (id integer primary key);
    create table public.plain (id integer primary key);`;
  const protection = `
    alter table "odd schema"."it's" enable row level security;
    create policy "by tenant" on "odd schema"."it's" as restrictive for all to pg_monitor, pg_read_all_data
      using ("Tenant" in (select id from tenants)) with check ("Tenant" > 0);
    create policy anybody on "odd schema"."it's" for insert with check (true);
    alter table tenants force row level security;
    grant select, insert on "odd schema"."it's" to pg_monitor with grant option;
    grant select (id) on tenants to public;`;

  const database = async (name: string, ...statements: readonly string[]): Promise<InspectedPolicies<PolicyModel>> => {
    await shard.server.createDatabase(name);
    const { host, port } = shard.server;
    const root = createPostgresEngine().open({ engine: 'postgres', host, port, database: name, tls: 'disable' }, shard.server);
    try {
      for (const statement of statements) await root.query(sqlText(statement));
      return await inspectDatabase(root, postgresPolicies, 'postgres');
    } finally {
      await root.close();
    }
  };

  it('is told in its own words, and the same again where its statements are run', async () => {
    const found = await database('untouched', tables, protection);
    expect(found.inspection.model).toEqual({ context: {}, tables: {}, policies: {} });
    expect(
      found.inspection.tables.map(({ table: name, rowSecurity, raw, rights }) => [name, rowSecurity, raw.length, rights.length]),
    ).toEqual([
      ["odd schema.it's", 'on', 2, 1],
      ['public.plain', 'off', 0, 0],
      ['public.tenants', 'off', 0, 1],
    ]);
    expect(table(found, "odd schema.it's")?.raw[1]).toMatchObject({
      name: 'by tenant',
      kind: 'restrictive',
      roles: ['pg_monitor', 'pg_read_all_data'],
      using: expect.stringContaining('FROM public.tenants'),
    });
    expect(await database('again', tables, found.script)).toEqual(found);
  });
});
