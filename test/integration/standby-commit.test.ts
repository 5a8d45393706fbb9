import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql, sqlText, type Sql } from '../../src/core/sql.ts';
import type { EngineConnection } from '../../src/engine/engine.ts';
import { compiled, entryOf, insert, read, startAppShard, write, type AppShard } from '../support/app-shard.ts';
import { shardLogins, type TestShard } from '../support/postgres-shard.ts';
import { awaitNoStandby, awaitStandby, callOffStandbyWaits, untilACommitWaits } from '../support/standby.ts';

let traps: AppShard;
let shard: TestShard;
let connection: EngineConnection;

beforeAll(async () => {
  traps = await startAppShard();
  ({ shard } = traps);
});
afterAll(() => traps?.close());
beforeEach(async () => {
  await shard.root.query(sql`delete from "Blogs"`);
  connection = await traps.connect();
  return async () => await connection.close();
});

const run = (tenant: number, statement: Sql, options = write) => connection.execute(entryOf(tenant), compiled(statement), options);

describe('where a write has to reach a standby before it is confirmed, and the wait is called off', () => {
  const unknown = { code: 'COMMIT_UNKNOWN', outcome: 'unknown', detail: expect.stringContaining('standby') };
  beforeEach(async () => {
    await awaitStandby(shard.root);
    return async () => await awaitNoStandby(shard.root);
  });

  test('by its caller, nobody is told that it is safe', async () => {
    const caller = new AbortController();
    const writing = connection.execute(entryOf(1), compiled(insert(1)), { ...write, signal: caller.signal });
    await untilACommitWaits(shard.root);
    caller.abort();
    await expect(writing).rejects.toMatchObject(unknown);
    expect(connection.usable).toBe(true);
  });

  test('by the time limit of a commit', async () => {
    const transaction = await connection.begin(entryOf(1), { ...write, timeoutMs: 300, isolation: 'read committed' });
    await transaction.query(compiled(insert(1)));
    await expect(transaction.commit()).rejects.toMatchObject(unknown);
  });

  test('by an administrator', async () => {
    const writing = run(1, insert(1));
    await untilACommitWaits(shard.root);
    await Promise.all([expect(writing).rejects.toMatchObject(unknown), callOffStandbyWaits(shard.root)]);
  });

  test('where the login was made to hear errors alone', async () => {
    const login = `set local synchronous_commit = local; alter role ${shardLogins.app.user}`;
    await shard.root.query(sqlText(`${login} set client_min_messages = error`));
    const deaf = await traps.connect();
    await shard.root.query(sqlText(`${login} reset client_min_messages`));
    await expect(deaf.execute(entryOf(1), compiled(insert(1)), { ...write, timeoutMs: 300 })).rejects.toMatchObject(unknown);
    await deaf.close();
  });

  test.each(['set local client_min_messages = error', 'set client_min_messages = error'])('after %s in its transaction', async (text) => {
    const transaction = await connection.begin(entryOf(1), { ...write, timeoutMs: 300, isolation: 'read committed' });
    await transaction.query(compiled(sqlText(text)));
    await transaction.query(compiled(insert(1)));
    await expect(transaction.commit()).rejects.toMatchObject(unknown);
  });

  test('after a function that hears errors alone until the end of its transaction', async () => {
    await shard.root.query(
      sqlText(`set local synchronous_commit = local;
        create function quietly() returns void language plpgsql
          as $$ begin set local client_min_messages to 'error'; insert into "Blogs" ("BlogId", "Name") values (1, 'x'); end $$;
        grant execute on function quietly to tenantry_app`),
    );
    const deaf = await traps.connect();
    const quietly = compiled(sql`select 1 as n from quietly()`);
    await expect(deaf.execute(entryOf(1), quietly, { ...write, timeoutMs: 300 })).rejects.toMatchObject(unknown);
    const transaction = await deaf.begin(entryOf(2), { ...write, timeoutMs: 300, isolation: 'read committed' });
    await transaction.query(quietly);
    await expect(transaction.commit()).rejects.toMatchObject(unknown);
    await awaitNoStandby(shard.root);
    await shard.root.query(sql`delete from "Blogs"`);
    expect(await deaf.execute(entryOf(1), quietly, write)).toEqual({ rows: [{ n: 1 }], rowCount: 1 });
    await deaf.close();
    await shard.root.query(sqlText('drop function quietly'));
  });

  test('a statement that only reads does not wait', async () => {
    await run(1, sql`select "BlogId" from "Blogs"`, read);
  });
});
