import { bareQuery } from '../bare-query.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';

/** Blogs and Posts as a web application made them, long before row-level security; tenants 1 and 2 on a, 3 and 4 on b. */
const schema = `
  create table "Blogs" ("TenantId" integer not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
  create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "BlogId" integer not null, "Title" text not null,
    primary key ("TenantId", "PostId"), foreign key ("TenantId", "BlogId") references "Blogs");
  create role webapp login password 'webapp';
  grant select, insert, update, delete on "Blogs", "Posts" to webapp;`;

const blogNames = ['Ann on Azores', 'Ben on Bread', 'Cyd on Cats', 'Dan on Dance'] as const;

/** The name of a tenant's blog. */
export function blogOf(tenant: number): string {
  return blogNames[tenant - 1] ?? `Blog ${tenant}`;
}

/** A query without its where clause, and a row for somebody else: without policies, both go through. */
export async function tellBefore(stage: Stage, narrator: Narrator): Promise<void> {
  const tenants = [
    [1, 2],
    [3, 4],
  ] as const;
  for (const [server, own] of tenants.entries()) {
    const url = stage.url(undefined, { server });
    await bareQuery(url, schema);
    for (const tenant of own) {
      await bareQuery(
        url,
        `insert into "Blogs" values (${tenant}, 1, '${blogOf(tenant)}'); insert into "Posts" values (${tenant}, 1, 1, 'Hello from ${tenant}')`,
      );
    }
  }
  const application = oldUrl(stage);

  narrator.chapter('Before: four tenants on two shard servers, and no policies');
  narrator.say('The application serves tenant 1, over a bare driver. Somebody forgot the where clause:');
  const wrong = 'select "TenantId", "Name" from "Blogs" order by 1';
  narrator.code(wrong);
  const rows = await bareQuery(application, wrong);
  narrator.answer(lines(rows));
  narrator.check('Everybody’s rows are shown, tenant 2’s too', rows, [
    { TenantId: 1, Name: blogOf(1) },
    { TenantId: 2, Name: blogOf(2) },
  ]);
  const foreign = `insert into "Blogs" values (2, 99, 'Not by Ben') returning "TenantId"`;
  narrator.code(foreign);
  narrator.check('And a blog for the wrong tenant is accepted', await bareQuery(application, foreign), [{ TenantId: 2 }]);
  await bareQuery(application, 'delete from "Blogs" where "BlogId" = 99');
}

/** The database as the web application of that time logs in. */
export function oldUrl({ servers: [first], catalog, database }: Stage): string {
  return (first ?? catalog).url(database, { user: 'webapp', password: 'webapp' });
}

/** Rows as lines for people. */
export function lines(rows: readonly Record<string, unknown>[] | string): string[] {
  if (typeof rows === 'string') return [rows];
  return rows.map((row) => Object.values(row).map(String).join('  '));
}
