import { beforeEach, describe, expect, test } from 'vitest';
import { sql, sqlText } from '../../src/core/sql.ts';
import { useAppConnection } from '../support/app-connection.ts';
import { compiled, entryOf, insert, read, write } from '../support/app-shard.ts';
import { shardLogins } from '../support/postgres-shard.ts';
import { awaitNoStandby, awaitStandby, callOffStandbyWaits, untilACommitWaits } from '../support/standby.ts';

const app = useAppConnection();

describe('where a write has to reach a standby before it is confirmed, and the wait is called off', () => {
  const unknown = { code: 'COMMIT_UNKNOWN', outcome: 'unknown', detail: expect.stringContaining('standby') };
  beforeEach(async () => {
    await awaitStandby(app.shard.root);
    return async () => await awaitNoStandby(app.shard.root);
  });
  /** Has an administrator call off the wait of a commit, of which nobody may be told that it is safe. */
  async function callOff(commit: Promise<unknown>): Promise<void> {
    const refused = expect(commit).rejects.toMatchObject(unknown);
    await untilACommitWaits(app.shard.root);
    await callOffStandbyWaits(app.shard.root);
    await refused;
  }

  test('by its caller, nobody is told that it is safe', async () => {
    const caller = new AbortController();
    const writing = app.connection.execute(entryOf(1), compiled(insert(1)), { ...write, signal: caller.signal });
    await untilACommitWaits(app.shard.root);
    caller.abort();
    await expect(writing).rejects.toMatchObject(unknown);
    expect(app.connection.usable).toBe(true);
  });

  test('by the time limit of a commit', async () => {
    const transaction = await app.connection.begin(entryOf(1), { ...write, timeoutMs: 2_000, isolation: 'read committed' });
    await transaction.query(compiled(insert(1)));
    await expect(transaction.commit()).rejects.toMatchObject(unknown);
  });

  test('by an administrator', async () => {
    await callOff(app.run(1, insert(1)));
  });

  test('where the login was made to hear errors alone', async () => {
    const login = `set local synchronous_commit = local; alter role ${shardLogins.app.user}`;
    await app.shard.root.query(sqlText(`${login} set client_min_messages = error`));
    const deaf = await app.connect();
    await app.shard.root.query(sqlText(`${login} reset client_min_messages`));
    await callOff(deaf.execute(entryOf(1), compiled(insert(1)), write));
    await deaf.close();
  });

  test.each(['set local client_min_messages = error', 'set client_min_messages = error'])('after %s in its transaction', async (text) => {
    const transaction = await app.connection.begin(entryOf(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(sqlText(text)));
    await transaction.query(compiled(insert(1)));
    await callOff(transaction.commit());
  });

  test('after a function that hears errors alone until the end of its transaction', async () => {
    await app.shard.root.query(
      sqlText(`set local synchronous_commit = local;
        create function quietly() returns void language plpgsql
          as $$ begin set local client_min_messages to 'error'; insert into "Blogs" ("BlogId", "Name") values (1, 'x'); end $$;
        grant execute on function quietly to tenantry_app`),
    );
    const deaf = await app.connect();
    const quietly = compiled(sql`select 1 as n from quietly()`);
    await callOff(deaf.execute(entryOf(1), quietly, write));
    const transaction = await deaf.begin(entryOf(2), { ...write, isolation: 'read committed' });
    await transaction.query(quietly);
    await callOff(transaction.commit());
    await awaitNoStandby(app.shard.root);
    await app.shard.root.query(sql`delete from "Blogs"`);
    expect(await deaf.execute(entryOf(1), quietly, write)).toEqual({ rows: [{ n: 1 }], rowCount: 1 });
    await deaf.close();
    await app.shard.root.query(sqlText('drop function quietly'));
  });

  test('a statement that only reads does not wait', async () => {
    await app.run(1, sql`select "BlogId" from "Blogs"`, read);
  });
});
