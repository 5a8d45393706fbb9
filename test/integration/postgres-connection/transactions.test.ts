import { expect, test } from 'vitest';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, insert, write } from '../../support/app-shard.ts';

const app = useAppConnection();

app.describeOnBothForms('a transaction', () => {
  const kept = { outcome: 'unknown', detail: 'The statement committed what the transaction had done before.' };
  const undone = { outcome: 'not-run', detail: 'All that the transaction had done was rolled back.' };
  test.each([
    { text: 'commit', said: kept, rows: 1 },
    { text: 'commit and chain', said: kept, rows: 1 },
    { text: 'rollback', said: undone, rows: 0 },
    { text: 'rollback and chain', said: undone, rows: 0 },
    { text: 'begin', said: undone, rows: 0 },
  ])('$text as a statement of it ends it as an error that says what became of it, and its connection', async ({ text, said, rows }) => {
    const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(insert(1)));
    await expect(transaction.query(compiled(sqlText(text)))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL', ...said });
    expect(app.connection.usable).toBe(false);
    const blogs = sqlText('select from "Blogs" where "TenantId" = 1 and "BlogId" = 1');
    await expect.poll(async () => (await app.shard.root.query(blogs)).rowCount).toBe(rows);
  });

  test.each([`prepare transaction 'mine'`, `;/* a */ PREPARE -- b\n\t/* c /* d */ */transaction 'mine'`])(
    '%s is not sent: what is prepared would hold the mapping when connection and server are gone',
    async (text) => {
      const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
      await transaction.query(compiled(insert(1)));
      await expect(transaction.query(compiled(sqlText(text)))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL', outcome: 'not-run' });
      await transaction.rollback();
      expect((await app.shard.root.query(sql`select gid from pg_prepared_xacts`)).rows).toEqual([]);
      expect(app.connection.usable).toBe(true);
    },
  );

  test('a commit that fails as a statement of it has undone it', async () => {
    await app.shard.root.query(
      sqlText('alter table "Blogs" add constraint one_name unique ("TenantId", "Name") deferrable initially deferred'),
    );
    const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
    for (const id of [1, 2]) await transaction.query(compiled(sql`insert into "Blogs" ("BlogId", "Name") values (${id}, 'x')`));
    await expect(transaction.query(compiled(sqlText('commit')))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL', ...undone });
    expect((await app.shard.root.query(sqlText('select from "Blogs"'))).rowCount).toBe(0);
    await app.shard.root.query(sqlText('alter table "Blogs" drop constraint one_name'));
  });

  test('that has changed settings and failed then is told that it was rolled back', async () => {
    const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(sqlText('set local lock_timeout = 1000')));
    await expect(transaction.query(compiled(sql`select 1 / 0`))).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
    expect(app.connection.usable).toBe(true);
  });

  test('may use savepoints', async () => {
    const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
    await transaction.query(compiled(sql`savepoint s`));
    await transaction.query(compiled(insert(1)));
    await transaction.query(compiled(sql`rollback to savepoint s`));
    await transaction.query(compiled(insert(2)));
    await transaction.commit();
    expect((await app.run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 2 }]);
  });
});
