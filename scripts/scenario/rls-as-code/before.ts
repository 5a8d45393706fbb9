import { readFile } from 'node:fs/promises';
import { bareQuery } from '../bare-query.ts';
import { command } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';

/** Users of each database, by their tenants. */
const users = [{ 1: 'John', 3: 'Sue' }, { 2: 'Sarah' }] as const;

/** A policy by hand in each database, which nobody compares with any other, and everybody may claim to be anybody. */
export async function tellBefore(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Before: a policy by hand, in each database');
  const tables = await readFile(new URL('tables.postgres.sql', import.meta.url), 'utf8');
  for (const [server, own] of users.entries()) {
    const url = stage.url(undefined, { server });
    await bareQuery(url, tables);
    for (const [tenant, name] of Object.entries(own))
      await bareQuery(
        url,
        `insert into tenants values (${tenant}, 'Tenant ${tenant}'); insert into users values (${tenant}, 1, '${name}')`,
      );
  }
  await bareQuery(stage.url(), `create role webapp login password 'webapp'; grant select on users, tenants to webapp`);
  const [server = stage.catalog] = stage.servers;
  const claimed = async (tenant: number): Promise<unknown> => {
    const statements = `set app.current_tenant = '${tenant}'; select name from users`;
    narrator.code(statements);
    return bareQuery(server.url('declared', { user: 'webapp', password: 'webapp' }), statements);
  };
  narrator.check('A tenant sees its own', await claimed(1), [{ name: 'John' }]);
  narrator.check('… and whoever says that he is another sees the other’s: the setting is anybody’s to set', await claimed(3), [
    { name: 'Sue' },
  ]);

  stage.environment['DECLARED_URL'] = stage.url();
  await command(stage, narrator, 'policy inspect --url DECLARED_URL');
  const { out } = await stage.tenantry('policy inspect --url DECLARED_URL --json');
  const { model, tables: found } = JSON.parse(out) as {
    model: unknown;
    tables: { table: string; raw: { name: string; using: string }[] }[];
  };
  narrator.check(
    'policy inspect reads it from a database that Tenantry never touched, in its own words',
    found.flatMap(({ raw }) => raw.map(({ using }) => using)),
    ["(tenant_id = (current_setting('app.current_tenant'::text))::integer)"],
  );
  narrator.check('… which no configuration says', model, { context: {}, tables: {}, policies: {} });
}
