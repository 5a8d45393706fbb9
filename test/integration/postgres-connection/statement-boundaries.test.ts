import { expect, test } from 'vitest';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, insert, read, write } from '../../support/app-shard.ts';
import { shardLogins } from '../../support/postgres-shard.ts';
import { startWireProxy } from '../../support/wire-proxy.ts';

const engine = createPostgresEngine();
const app = useAppConnection();

app.describeOnBothForms('a statement on its own', () => {
  test('commits with ReadyForQuery, not with its tag: a deferred constraint fails the insert, and its row is handed to nobody', async () => {
    await app.shard.root.query(
      sqlText('alter table "Blogs" add constraint one_name unique ("TenantId", "Name") deferrable initially deferred'),
    );
    await app.run(1, insert(1));
    await expect(app.run(1, sql`insert into "Blogs" ("BlogId", "Name") values (2, 'x') returning "BlogId"`)).rejects.toMatchObject({
      code: 'CONFLICT',
      outcome: 'not-run',
    });
    expect((await app.run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 1 }]);
    await app.shard.root.query(sqlText('alter table "Blogs" drop constraint one_name'));
  });

  test('BEGIN in it cannot swallow what another tenant is told was written', async () => {
    await expect(app.run(1, sql`begin`)).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL' });
    await expect(app.run(2, insert(1))).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
  });

  test.each(['commit', 'rollback', 'start transaction read write'])('%s in it is an error', async (text) => {
    await expect(app.run(1, sqlText(text))).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL' });
  });

  test('whose answer ends in a transaction that is open counts for nothing, whatever its tag says, and costs the connection', async () => {
    await using proxy = await startWireProxy(app.server);
    const other = await engine.connect({ ...app.shard.address, host: proxy.host, port: proxy.port }, shardLogins.app, app.expected);
    const ending = proxy.once({
      match: ({ side, type }) => side === 'backend' && type === 'Z',
      when: 'before',
      // The last byte of ReadyForQuery, which says whether a transaction is open.
      action: (_connection, { bytes }) => bytes.set(Buffer.from('T'), bytes.length - 1),
    });
    await expect(other.execute(app.entry(1), compiled(insert(1)), write)).rejects.toMatchObject({
      code: 'TRANSACTION_CONTROL',
      outcome: 'unknown',
    });
    await ending;
    expect(other.usable).toBe(false);
    await other.close();
  });

  test.each([
    ['call commits()', 'a procedure that commits and then fails, in a way that is repeated'],
    [`do $$ begin insert into "Blogs" ("BlogId", "Name") values (1, 'x'); commit; raise sqlstate '40001'; end $$`, 'a block that does'],
    [`/* first */ CALL rolls_back()`, 'a procedure that rolls back'],
  ])('%s: %s is refused by the app.server, and nothing of it stays', async (text) => {
    await app.shard.root.query(
      sqlText(`
        create or replace procedure commits() language plpgsql as $$
        begin insert into "Blogs" ("BlogId", "Name") values (1, 'x'); commit; raise sqlstate '40001'; end $$;
        create or replace procedure rolls_back() language plpgsql as $$
        begin insert into "Blogs" ("BlogId", "Name") values (1, 'x'); rollback; end $$;
        grant execute on procedure commits, rolls_back to tenantry_app`),
    );
    await expect(app.run(1, sqlText(text))).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      outcome: 'not-run',
      cause: { sqlState: '2D000' },
    });
    expect((await app.shard.root.query(sql`select from "Blogs"`)).rowCount).toBe(0);
    expect((await app.run(2, sql`select count(*)::int as n from "Blogs"`)).rows).toEqual([{ n: 0 }]);
  });

  test('a procedure that leaves the transaction alone does its work', async () => {
    await app.shard.root.query(
      sqlText(`
        create or replace procedure adds(inout n integer) language plpgsql as $$
        begin insert into "Blogs" ("BlogId", "Name") values (n, 'x'); n := n + 1; end $$;
        grant execute on procedure adds to tenantry_app`),
    );
    expect((await app.run(1, sql`call adds(${7})`)).rows).toEqual([{ n: 8 }]);
    expect((await app.run(1, sql`select "BlogId" from "Blogs"`)).rows).toEqual([{ BlogId: 7 }]);
  });

  test('reading is enforced and cannot be undone', async () => {
    await app.shard.root.query(
      sqlText(`create or replace function writes() returns void language sql as $$ insert into "Blogs" ("BlogId", "Name") values (1, 'x') $$;
        grant execute on function writes to tenantry_app`),
    );
    for (const writing of [insert(1), sql`select writes()`])
      await expect(app.run(1, writing, read)).rejects.toMatchObject({ cause: { sqlState: '25006' } });
    const transaction = await app.connection.begin(app.entry(1), { ...read, isolation: 'read committed' });
    await expect(transaction.query(compiled(sql`set transaction read write`))).rejects.toMatchObject({ cause: { sqlState: '25001' } });
    await transaction.rollback();
  });

  test.each(['TN001', 'TN005', 'TN006', 'TN007', 'TN009'])('that raises %s itself is no refusal of its entry', async (state) => {
    const raise = sqlText(`do $$ begin raise exception using errcode = '${state}', detail = '{"shardId":"elsewhere","epoch":99}'; end $$`);
    const refused = { name: 'TenantryError', cause: { sqlState: state } };
    await expect(app.run(1, raise)).rejects.toMatchObject(refused);
    const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
    await expect(transaction.query(compiled(raise))).rejects.toMatchObject(refused);
    await transaction.rollback();
  });

  test.each([
    `alter role ${shardLogins.app.user} password 'taken'`,
    `; ALTER user current_user set search_path = pg_catalog`,
    `/* a /* nested */ comment */ -- and another\n alter role current_user set role = tenantry_app`,
    'drop owned by tenantry_app',
    'create table evil (a integer)',
    'grant tenantry_app to public',
    'lock table "Blogs" in access exclusive mode',
    '"select"',
  ])('that defines, alters, drops or locks is refused before it is sent: %s', async (text) => {
    const refused = { code: 'FORBIDDEN', message: expect.stringContaining('does not define, alter, drop or lock') as string };
    await expect(app.run(1, sqlText(text))).rejects.toMatchObject(refused);
    const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
    await expect(transaction.query(compiled(sqlText(text)))).rejects.toMatchObject(refused);
    await transaction.query(compiled(insert(1)));
    await transaction.commit();
    expect((await app.run(1, sqlText('/* still */ (select "BlogId" from "Blogs")'))).rows).toEqual([{ BlogId: 1 }]);
  });

  test('COPY from the client is refused, and nothing waits for it', async () => {
    await expect(app.run(1, sql`copy "Blogs" from stdin`)).rejects.toMatchObject({ outcome: 'not-run' });
    expect((await app.run(2, sql`select 1 as n`)).rows).toEqual([{ n: 1 }]);
  });
});
