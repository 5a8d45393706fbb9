import { sql, type Sql, type Tenantry } from '../../../src/index.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { bareQuery } from '../bare-query.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';
import { blogOf, lines, oldUrl } from './before.ts';

/** The same mistakes, now through Tenantry: each tenant sees and writes its own rows alone. */
export async function tellAfter(stage: Stage, tenantry: Tenantry, narrator: Narrator): Promise<void> {
  narrator.chapter('After: the same wrong query, through Tenantry');
  for (const tenant of [1, 3]) {
    narrator.code(`tenantry.query(${tenant}, sql\`select "TenantId", "Name" from "Blogs"\`)`);
    const { rows } = await tenantry.query(tenant, sql`select "TenantId", "Name" from "Blogs"`);
    narrator.answer(lines(rows));
    narrator.check(`Only tenant ${tenant}’s rows are there, from shard ${tenant <= 2 ? 'a' : 'b'}`, rows, [
      { TenantId: tenant, Name: blogOf(tenant) },
    ]);
  }
  narrator.say('Writing for somebody else, as tenant 1:');
  await refused(
    tenantry,
    narrator,
    sql`insert into "Blogs" ("TenantId", "BlogId", "Name") values (2, 99, 'Not by Ben')`,
    'An insert for tenant 2 is refused',
  );
  await refused(
    tenantry,
    narrator,
    sql`update "Blogs" set "TenantId" = 2 where "BlogId" = 1`,
    'An update that hands a row to tenant 2 is refused',
  );
  const foreign = await tenantry.query(1, sql`delete from "Blogs" where "TenantId" = 2`);
  narrator.check('A delete of tenant 2’s rows finds none', foreign.rowCount, 0);
  narrator.say('The tenant column fills itself:');
  const own = await tenantry.query(1, sql`insert into "Blogs" ("BlogId", "Name") values (${2}, ${'Ann on Ants'}) returning "TenantId"`);
  narrator.check('An insert that names no tenant is tenant 1’s', own.rows, [{ TenantId: 1 }]);
  await tellPrincipals(stage, narrator);
}

async function tellPrincipals(stage: Stage, narrator: Narrator): Promise<void> {
  const everything = 'select "TenantId", "Name" from "Blogs" order by 1, 2';
  narrator.chapter('Who sees what, over a bare driver');
  narrator.check('The application’s own login without a context: no rows', await bareQuery(stage.url('app'), everything), []);
  const insert = await bareQuery(stage.url('app'), `insert into "Blogs" values (1, 98, 'Nobody')`);
  narrator.check('… and it can insert none', insert, 'new row violates row-level security policy "tenantry_tenant" for table "Blogs"');
  const old = await bareQuery(oldUrl(stage), everything);
  narrator.check('The login of the time before has its rights still, and sees nothing', old, []);
  const all = await bareQuery(stage.url('superuser'), everything);
  narrator.answer(lines(all));
  narrator.check('The superuser login, for reports, sees all of the shard', all, [
    { TenantId: 1, Name: 'Ann on Ants' },
    { TenantId: 1, Name: blogOf(1) },
    { TenantId: 2, Name: blogOf(2) },
  ]);
}

async function refused(tenantry: Tenantry, narrator: Narrator, statement: Sql, told: string): Promise<void> {
  const code = await tenantry.query(1, statement).then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof TenantryError) return error.code;
      throw error;
    },
  );
  narrator.check(`${told} (${code})`, code, 'FORBIDDEN');
}
