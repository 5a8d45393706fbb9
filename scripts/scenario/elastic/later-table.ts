import { createTenantry, sql, type Tenantry } from '../../../src/index.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { bareQuery } from '../bare-query.ts';
import { command } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';
import { elasticConfig } from './config.ts';

const table = `create table "Comments" ("TenantId" integer not null, "CommentId" integer not null, "Text" text not null, primary key ("TenantId", "CommentId"))`;
const everything = sql`select "TenantId", "Text" from "Comments"`;

/** A table that is added later: covered when it is made, closed until it is configured and applied, then like the others. */
export async function tellLaterTable(stage: Stage, tenantry: Tenantry, narrator: Narrator): Promise<void> {
  narrator.chapter('A table is added later');
  narrator.code(table);
  for (const at of [{ server: 0 }, { server: 1 }, { server: 1, database: 'premium' }]) await bareQuery(stage.url('admin', at), table);
  const covered = await bareQuery(stage.url(), `select count(*)::integer as policies from pg_policies where tablename = 'Comments'`);
  narrator.check('The statement that made it has put it under row-level security', covered, [{ policies: 5 }]);
  narrator.check('Until it is configured, tenants have no right to it', await outcome(tenantry, 1), 'FORBIDDEN');

  const config = { ...elasticConfig, tables: { ...elasticConfig.tables, Comments: { tenant: 'TenantId' } } };
  await stage.configure(config);
  const later = await createTenantry(config);
  try {
    narrator.check(
      '… nor does it help that a program is told of it: rights come with `policy apply`',
      await outcome(later, 1),
      'FORBIDDEN',
    );
    await command(stage, narrator, 'policy apply');
    await later.query(1, sql`insert into "Comments" ("CommentId", "Text") values (1, ${'Nice'})`);
    await later.query(2, sql`insert into "Comments" ("CommentId", "Text") values (1, ${'Mine'})`);
    narrator.check('With its policy it is like the others: tenant 1 sees its own', await outcome(later, 1), [
      { TenantId: 1, Text: 'Nice' },
    ]);
    narrator.check('… and tenant 2 its own', await outcome(later, 2), [{ TenantId: 2, Text: 'Mine' }]);
    narrator.check('Every shard has it, the premium one too', (await stage.tenantry('policy apply --dry-run')).code, 0);
  } finally {
    await later.close();
  }
}

async function outcome(tenantry: Tenantry, tenant: number): Promise<unknown> {
  try {
    return (await tenantry.query(tenant, everything)).rows;
  } catch (error) {
    if (error instanceof TenantryError) return error.code;
    throw error;
  }
}
