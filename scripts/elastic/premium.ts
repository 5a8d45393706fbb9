import { sql, type Tenantry } from '../../src/index.ts';
import type { Narrator } from './narrator.ts';
import { command, shardAdd } from './setup.ts';
import { bareQuery, logins, type Stage } from './stage.ts';

const schema = `
  create table "Blogs" ("TenantId" integer not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
  create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "BlogId" integer not null, "Title" text not null,
    primary key ("TenantId", "PostId"), foreign key ("TenantId", "BlogId") references "Blogs")`;

/** A tenant gets a shard of its own; the new shard is protected from its first row on. */
export async function tellPremium(stage: Stage, tenantry: Tenantry, narrator: Narrator): Promise<void> {
  const server = stage.servers[1];
  narrator.chapter('A premium tenant gets a shard of its own');
  await bareQuery(await server.createDatabase('premium'), schema);
  await command(stage, narrator, shardAdd(stage, 1, 'premium', 'premium'));
  await command(stage, narrator, 'tenant add 5 --shard premium');
  await tenantry.query(5, sql`insert into "Blogs" ("BlogId", "Name") values (1, ${'Eve on Everything'})`);
  const { rows } = await tenantry.query(5, sql`select "TenantId", "Name" from "Blogs"`);
  narrator.check('Tenant 5’s row goes there by itself: the program that runs was told nothing', rows, [
    { TenantId: 5, Name: 'Eve on Everything' },
  ]);
  const superuser = { user: logins.superuser, password: stage.environment['TENANTRY_SUPERUSER_PASSWORD'] ?? '' };
  const alone = await bareQuery(server.url('premium', superuser), 'select distinct "TenantId" from "Blogs"');
  narrator.check('… and nobody else’s rows are in that database', alone, [{ TenantId: 5 }]);
}
