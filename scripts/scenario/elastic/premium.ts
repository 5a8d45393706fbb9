import { sql, type Tenantry } from '../../../src/index.ts';
import { bareQuery } from '../bare-query.ts';
import { command, shardAdd } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';

const schema = `
  create table "Blogs" ("TenantId" integer not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
  create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "BlogId" integer not null, "Title" text not null,
    primary key ("TenantId", "PostId"), foreign key ("TenantId", "BlogId") references "Blogs")`;

/** A tenant gets a shard of its own; the new shard is protected from its first row on. */
export async function tellPremium(stage: Stage, tenantry: Tenantry, narrator: Narrator): Promise<void> {
  const premium = { server: 1, database: 'premium' };
  narrator.chapter('A premium tenant gets a shard of its own');
  await stage.servers[premium.server]?.createDatabase(premium.database);
  await bareQuery(stage.url(undefined, premium), schema);
  await command(stage, narrator, shardAdd(stage, 'premium', premium));
  await command(stage, narrator, 'tenant add 5 --shard premium');
  await tenantry.query(5, sql`insert into "Blogs" ("BlogId", "Name") values (1, ${'Eve on Everything'})`);
  const { rows } = await tenantry.query(5, sql`select "TenantId", "Name" from "Blogs"`);
  narrator.check('Tenant 5’s row goes there by itself: the program that runs was told nothing', rows, [
    { TenantId: 5, Name: 'Eve on Everything' },
  ]);
  const alone = await bareQuery(stage.url('superuser', premium), 'select distinct "TenantId" from "Blogs"');
  narrator.check('… and nobody else’s rows are in that database', alone, [{ TenantId: 5 }]);
}
