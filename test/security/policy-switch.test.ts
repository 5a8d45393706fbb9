import type pg from 'pg';
import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { enter, rowsOf } from './support/world.ts';

/** Tenant 1 tries each statement in turn, then reads every blog. */
const attempt =
  (...texts: readonly string[]): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      for (const text of texts) await client.query(text);
      return rowsOf(client, 'select * from "Blogs"');
    });
const show =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, (client) => rowsOf(client, text));

/** A statement of a tenant on a connection that others use too. */
async function inTransaction(client: pg.Client, tenant: number, text: string): Promise<unknown[]> {
  await client.query('begin');
  await enter(client, tenant);
  const rows = await rowsOf(client, text);
  await client.query('commit');
  return rows;
}

describeAttacks(
  'Switching the policy off, or going round it',
  {
    'SET row_security = off': attempt('set row_security = off'),
    'ALTER TABLE ... DISABLE ROW LEVEL SECURITY': attempt('alter table "Blogs" disable row level security'),
    'ALTER TABLE ... NO FORCE ROW LEVEL SECURITY': attempt('alter table "Blogs" no force row level security'),
    'DROP POLICY': attempt('drop policy tenantry_tenant on "Blogs"'),
    'ALTER POLICY': attempt('alter policy tenantry_tenant on "Blogs" using (true)'),
    'CREATE POLICY that admits everything': attempt('create policy open on "Blogs" using (true)'),
    'a permissive policy of somebody else that admits everything': async (world) => {
      await world.root.query('create policy careless on "Blogs" using (true) with check (true)');
      return world.asTenant(1, async (client) => rowsOf(client, 'select * from "Blogs"'));
    },
    'DROP TABLE': show('drop table "Posts"'),
    'creating a function that bypasses it': attempt(
      `create function all_names() returns setof text language sql security definer as 'select "Name" from "Blogs"'`,
      'select * from all_names()',
    ),
    'creating a view that bypasses it': attempt('create view all_blogs as select * from "Blogs"', 'select * from all_blogs'),
    'creating a trigger on the table': async (world) => {
      await world.asTenant(1, (client) =>
        client.query(`
          create function deface() returns trigger language plpgsql as $$ begin new."Name" := 'defaced'; return new; end $$;
          create trigger deface before insert on "Blogs" for each row execute function deface()`),
      );
      const [row] = await world.asTenant(2, (client) =>
        rowsOf<{ Name: string }>(client, `insert into "Blogs" values (2, 100, 'mine') returning "Name"`),
      );
      return row?.Name === 'defaced' ? succeeded : 'kept';
    },
    'calling a privileged function that nobody gave it': show('select * from every_blog()'),
    'reading a view that runs as its owner': show('select * from owners_view'),
    'reading a materialized view that nobody gave it': show('select * from every_row'),
    'shadowing a table by a temporary one': async (world) => {
      const pooled = await world.app();
      await inTransaction(pooled, 1, 'create temporary table "Blogs" ("TenantId" integer default 2, "BlogId" integer, "Name" text)');
      await inTransaction(pooled, 2, `insert into "Blogs" ("BlogId", "Name") values (100, 'tenant-2 new')`);
      return inTransaction(pooled, 1, 'select * from "Blogs"');
    },
    'shadowing a table by one in a schema of its own': async (world) => {
      const pooled = await world.app();
      await inTransaction(pooled, 1, `create schema ${world.appLogin.user} create table "Blogs" ("BlogId" integer, "Name" text)`);
      await inTransaction(pooled, 2, `insert into "Blogs" ("BlogId", "Name") values (100, 'tenant-2 new')`);
      return inTransaction(pooled, 1, 'select * from "Blogs"');
    },
  },
  defences['switching the policy off'],
);
