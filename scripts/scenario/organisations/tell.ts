import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ContextValues } from '../../../src/core/context-values.ts';
import { createTenantry, sql, type Sql, type Tenantry } from '../../../src/index.ts';
import { bareQuery } from '../bare-query.ts';
import { command, shardAdd } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import { outcomeOf } from '../outcome.ts';
import { createStage, type Stage } from '../stage.ts';
import { organisationsConfig } from './config.ts';

const john = '441def63-6f4b-483f-8b97-cc47c431d24f';
const jane = 'e3be5238-1ece-4d72-8122-7c01bc398acb';
const jin = '8c1c5f19-fe53-427d-8326-236c8a76813e';
const nobody = '00000000-0000-4000-8000-000000000000';
const everybody = 'select "Id", "FirstName" from "Employees" order by "Id"';

const cases = new URL('organisations.cases.ts', import.meta.url);

/** Tells the story of the organisations of one database, from servers that start to servers that are gone. Throws `NotAsTold`. */
export async function tellOrganisations(narrator: Narrator): Promise<void> {
  const stage = await createStage({ config: organisationsConfig, servers: 1, database: 'people' });
  try {
    await tellBefore(stage, narrator);
    await tellSetup(stage, narrator);
    await tellCases(stage, narrator);
    Object.assign(process.env, stage.environment);
    const tenantry = await createTenantry(organisationsConfig);
    try {
      await tellIdentities(tenantry, narrator);
      await tellWrites(tenantry, narrator);
      await tellOtherTenant(tenantry, narrator);
    } finally {
      await tenantry.close();
    }
    await tellBareDriver(stage, narrator);
  } finally {
    await stage.close();
  }
}

async function tellBefore(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Before: employees of two organisations in one table');
  await bareQuery(stage.url(), await readFile(new URL('tables.postgres.sql', import.meta.url), 'utf8'));
  const [server = stage.catalog] = stage.servers;
  narrator.code(everybody);
  const rows = await bareQuery(server.url('people', { user: 'webapp', password: 'webapp' }), everybody);
  narrator.check('Without a where clause everybody is shown, whoever asks, and the other customer’s too', rows, [
    { Id: 1002, FirstName: 'John' },
    { Id: 1002, FirstName: 'Joan' },
    { Id: 1003, FirstName: 'Jane' },
    { Id: 1004, FirstName: 'Jin' },
  ]);
}

async function tellSetup(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('The policy, as configuration, on the shard');
  narrator.say('Who belongs to which organisation stands in a table of its own, and a policy on it says who may write there:');
  narrator.answer(JSON.stringify(organisationsConfig.policies, null, 2).split('\n'));
  await command(stage, narrator, 'map create');
  await command(stage, narrator, shardAdd(stage, 'a'));
  for (const tenant of [1, 2]) await command(stage, narrator, `tenant add ${tenant} --shard a`);
  narrator.check('The shard is as the configuration says', (await stage.tenantry('policy apply --dry-run')).code, 0);
}

async function tellCases(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('What it must do, as cases');
  narrator.say('They are tried on the shard itself, between two tenants that are nobody’s, and nothing of it stays:');
  const { out } = await command(stage, narrator, `policy test ${fileURLToPath(cases)} --shard a`);
  narrator.check('Every case comes out as it is written', out.endsWith('\n# 11 cases: 11 passed, 0 failed, 0 skipped'), true);
  const rows = await bareQuery(stage.url(), 'select count(*)::integer as "employees" from "Employees"');
  narrator.check('… and the table is as it was', rows, [{ employees: 4 }]);
}

async function tellIdentities(tenantry: Tenantry, narrator: Narrator): Promise<void> {
  narrator.chapter('Who is asking');
  const seenBy = async (context?: ContextValues): Promise<unknown> => {
    const shown = context === undefined ? '' : `, { context: ${JSON.stringify(context)} }`;
    narrator.code(`tenantry.query(1, sql\`${everybody}\`${shown})`);
    const options = context === undefined ? {} : { context };
    const { rows } = await tenantry.query<{ FirstName: string }>(1, sql`select "FirstName" from "Employees" order by "Id"`, options);
    narrator.answer([rows.map(({ FirstName }) => FirstName).join(', ') || 'no rows']);
    return rows.map(({ FirstName }) => FirstName);
  };
  narrator.check('Nobody said who asks: nothing is shown', await seenBy(), []);
  narrator.check('Jane sees her organisation, and not John', await seenBy({ azureAdObjectId: jane }), ['Jane', 'Jin']);
  narrator.check('John sees his', await seenBy({ azureAdObjectId: john }), ['John']);
  narrator.check('An identity that is in no organisation sees nothing', await seenBy({ azureAdObjectId: nobody }), []);

  const admin = { context: { roles: ['admin'] } };
  await tenantry.query(1, sql`insert into "Members" ("AzureAdObjectId", "OrganizationId") values (${sql.uuid(jin)}, 1)`, admin);
  narrator.say('An administrator makes Jin a member of the first organisation, too:');
  narrator.check('Jin sees both organisations', await seenBy({ azureAdObjectId: jin }), ['John', 'Jane', 'Jin']);
}

async function tellWrites(tenantry: Tenantry, narrator: Narrator): Promise<void> {
  narrator.chapter('Who writes');
  const asJane = { context: { azureAdObjectId: jane } };
  const tried = (statement: Sql): Promise<unknown> => outcomeOf(tenantry.query(1, statement, asJane).then(({ rowCount }) => rowCount));
  const hire = (organisation: number): Sql =>
    sql`insert into "Employees" ("Id", "FirstName", "LastName", "OrganizationId") values (${1_010 + organisation}, ${'Jo'}, ${'Doe'}, ${organisation})`;
  narrator.check('Jane adds an employee to her organisation', await tried(hire(2)), 1);
  narrator.check('… to another one she cannot', await tried(hire(1)), 'FORBIDDEN');
  const moved = sql`update "Employees" set "OrganizationId" = 1 where "FirstName" = ${'Jo'}`;
  narrator.check('… nor move one there', await tried(moved), 'FORBIDDEN');
  narrator.check('John, whom she does not see, she cannot delete', await tried(sql`delete from "Employees" where "Id" = 1002`), 0);
  const membership = sql`insert into "Members" ("AzureAdObjectId", "OrganizationId") values (${sql.uuid(jane)}, 1)`;
  narrator.check('… nor make herself a member of his organisation', await tried(membership), 'FORBIDDEN');
}

async function tellOtherTenant(tenantry: Tenantry, narrator: Narrator): Promise<void> {
  narrator.chapter('The tenant stays the tenant');
  const { rows } = await tenantry.query(2, sql`select "FirstName" from "Employees"`, { context: { azureAdObjectId: jane } });
  narrator.check(
    'The same identity, asked for as tenant 2, is nobody’s member there: organisation 2 of tenant 1 is not tenant 2’s',
    rows,
    [],
  );
  const admin = { context: { roles: ['admin'] } };
  await tenantry.query(2, sql`insert into "Members" ("AzureAdObjectId", "OrganizationId") values (${sql.uuid(jane)}, 2)`, admin);
  const joined = await tenantry.query(2, sql`select "FirstName" from "Employees"`, { context: { azureAdObjectId: jane } });
  narrator.check('… and as a member there she sees tenant 2’s alone', joined.rows, [{ FirstName: 'Joan' }]);
}

async function tellBareDriver(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Over a bare driver');
  narrator.check('The application’s login without a context: no rows', await bareQuery(stage.url('app'), everybody), []);
  const all = await bareQuery(stage.url('superuser'), 'select count(*)::integer as "employees" from "Employees"');
  narrator.check('The login of reports sees everybody', all, [{ employees: 5 }]);
}
