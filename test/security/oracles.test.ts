import pg from 'pg';
import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { rowsOf } from './support/world.ts';

/** The SQLSTATE by which the shard refuses a statement of tenant 1, or `accepted`; rolled back either way. */
const outcome = async (client: pg.Client, text: string): Promise<string> => {
  await client.query('savepoint attempt');
  const answer = await client.query(text).then(
    () => 'accepted',
    (error: unknown) => (error instanceof pg.DatabaseError ? String(error.code) : Promise.reject(error as Error)),
  );
  await client.query('rollback to attempt');
  return answer;
};
/** Harm is done where the answer to a statement about what tenant 2 has differs from that about what nobody has. */
const differs =
  (statement: (blog: number) => string): Attack =>
  (world) =>
    world.asTenant(1, async (client) =>
      (await outcome(client, statement(7))) === (await outcome(client, statement(999))) ? 'the same' : succeeded,
    );
const show =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, (client) => rowsOf(client, text));

describeAttacks(
  'Learning of another tenant’s rows by what is refused',
  {
    'a key that another tenant has is refused as taken': differs((blog) => `insert into "Blogs" values (1, ${blog}, 'own')`),
    'an upsert tells whether another tenant has a key': (world) =>
      world.asTenant(1, async (client) => {
        const inserted = await rowsOf(client, `insert into "Blogs" values (1, 7, 'own') on conflict do nothing returning "BlogId"`);
        await client.query('rollback');
        return inserted.length === 1 ? 'inserted' : succeeded;
      }),
    'a reference to a row of another tenant is accepted': differs((blog) => `insert into "Posts" values (1, 50, ${blog}, 'own')`),
    'a division by zero tells of a row of another tenant': differs(
      (blog) => `select 1 / (case when "BlogId" = ${blog} then 0 else 1 end) from "Blogs"`,
    ),
    'the error of a cast shows a value of another tenant': show('select "Name"::integer from "Blogs" where "TenantId" = 2'),
    'the error of a condition shows a value of another tenant': show(
      'select 1 from "Blogs" where case when "TenantId" = 2 then "Name"::integer > 0 else false end',
    ),
    'a function is called before the policy is asked': (world) =>
      world.asTenant(1, async (client) => {
        const notices: unknown[] = [];
        client.on('notice', ({ message }) => notices.push(message));
        await client.query('select 1 from "Blogs" where tell("Name")');
        return notices;
      }),
  },
  defences.oracles,
);
