import pg from 'pg';
import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { rowsOf } from './support/world.ts';

/** One statement of tenant 1, and what it showed. */
const statement =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, (client) => rowsOf(client, text));

/** Several statements of tenant 1, and what the last one showed. */
const statements =
  (...texts: readonly string[]): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      const shown: unknown[] = [];
      for (const text of texts) shown.push(await rowsOf(client, text));
      return shown;
    });

/** What pg's connection has for COPY, which its types leave out. */
interface CopyTarget {
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
}

/** COPY ... FROM STDIN, which pg's own query refuses to feed. */
function copyIn(client: pg.Client, text: string, rows: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query(text);
    const feed = (connection: CopyTarget): void => {
      connection.sendCopyFromChunk(Buffer.from(rows));
      connection.endCopyFrom();
    };
    client.query(Object.assign(query, { handleCopyInResponse: feed }));
    query.on('end', resolve);
    query.on('error', reject);
  });
}

describeAttacks(
  'The rows of another tenant',
  {
    'reading by key': statement('select * from "Blogs" where "TenantId" = 2 and "BlogId" = 1'),
    'reading through a join, a sub-select, a lateral and a set operation': statement(`
      select b."Name", (select string_agg("Text", ',') from "Posts"), l.texts
        from "Blogs" b full join "Posts" p on true cross join lateral (select string_agg("Text", ',') as texts from "Events") l
       union all select "Name", null, null from "Blogs"`),
    'reading with a condition that is always true': statement(`select * from "Blogs" where "TenantId" = 1 or true`),
    'reading a partition directly': statement('select * from "Events2"'),
    'reading the table with ONLY and by cursor': statements('declare rows cursor for select * from only "Blogs"', 'fetch all from rows'),
    'copying the table out': (world) =>
      world.asTenant(1, async (client) => {
        const chunks: Buffer[] = [];
        client.connection.on('copyData', ({ chunk }: { chunk: Buffer }) => chunks.push(chunk));
        await client.query('copy "Blogs" to stdout');
        return Buffer.concat(chunks).toString();
      }),
    'inserting for another tenant': statement(`insert into "Blogs" values (2, 100, 'forged')`),
    'inserting many rows, one of them for another tenant': statement(
      `insert into "Blogs" values (1, 100, 'own'), (2, 100, 'forged'), (1, 101, 'own')`,
    ),
    'inserting the rows of a query for another tenant': statement(
      `insert into "Blogs" select distinct 2, "BlogId" + 100, 'forged' from "Blogs"`,
    ),
    'moving a row of its own to another tenant': statement(
      `update "Blogs" set "TenantId" = 2, "BlogId" = 100 where "TenantId" = 1 and "BlogId" = 2`,
    ),
    'updating rows of another tenant': statement(`update "Blogs" set "Name" = 'defaced' where "TenantId" = 2`),
    'updating through a join': statement(
      `update "Blogs" b set "Name" = 'defaced' from "Posts" p where p."TenantId" = b."TenantId" and b."TenantId" = 2`,
    ),
    'deleting rows of another tenant': statement('delete from "Posts" where "TenantId" = 2'),
    'upserting over a row of another tenant': statement(`
      insert into "Blogs" values (2, 1, 'forged') on conflict ("TenantId", "BlogId") do update set "Name" = 'defaced'`),
    'upserting a row of its own into another tenant': statement(`
      insert into "Blogs" values (1, 2, 'own') on conflict ("TenantId", "BlogId") do update set "TenantId" = 2, "BlogId" = 100`),
    'merging into another tenant': statement(`
      merge into "Blogs" b using (values (2, 1), (2, 100)) s (tenant, blog) on b."TenantId" = s.tenant and b."BlogId" = s.blog
      when matched then update set "Name" = 'defaced'
      when not matched then insert values (s.tenant, s.blog, 'forged')`),
    'returning what another tenant has': statement(`update "Blogs" set "Name" = "Name" where "TenantId" = 2 returning "Name"`),
    'locking a row of another tenant': statement('select * from "Blogs" where "TenantId" = 2 for update'),
    truncating: statement('truncate "Posts"'),
    'copying rows in for another tenant': (world) =>
      world.asTenant(1, (client) => copyIn(client, 'copy "Blogs" from stdin', '2\t100\tforged\n')),
    'inserting into a partition directly': statement(`insert into "Events2" values (2, 100, 'forged')`),
  },
  defences['rows of another tenant'],
);
