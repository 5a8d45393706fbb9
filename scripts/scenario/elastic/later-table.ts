import { setTimeout as delay } from 'node:timers/promises';
import { createTenantry, sql, type Tenantry } from '../../../src/index.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { bareQuery } from '../bare-query.ts';
import { command } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';
import { elasticConfig } from './config.ts';

const table = `create table "Comments" ("TenantId" integer not null, "CommentId" integer not null, "Text" text not null, primary key ("TenantId", "CommentId"))`;
const everything = sql`select "TenantId", "Text" from "Comments"`;

/** A table that is added later: closed until it is configured, not served before its policy is there, then like the others. */
export async function tellLaterTable(stage: Stage, tenantry: Tenantry, narrator: Narrator): Promise<void> {
  narrator.chapter('A table is added later');
  narrator.code(table);
  for (const at of [{ server: 0 }, { server: 1 }, { server: 1, database: 'premium' }]) await bareQuery(stage.url('admin', at), table);
  narrator.check('Until it is configured, tenants have no right to it', await outcome(tenantry, 1), 'FORBIDDEN');

  const config = { ...elasticConfig, tables: { ...elasticConfig.tables, Comments: { tenant: 'TenantId' } } };
  await stage.configure(config);
  const later = await createTenantry(config);
  try {
    narrator.check('A program that is told of it refuses shards whose policy is missing', await outcome(later, 1), 'SHARD_UNVERIFIED');
    await command(stage, narrator, 'policy apply');
    await onceServed(() => later.query(1, sql`insert into "Comments" ("CommentId", "Text") values (1, ${'Nice'})`));
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

/** Tries again when the router says so: it leaves a shard that it found unfit alone for a moment. */
async function onceServed(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 20; ; tries -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof TenantryError) || error.code !== 'SHARD_UNVERIFIED' || error.retryAfterMs === undefined || tries === 0)
        throw error;
      await delay(error.retryAfterMs);
    }
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
