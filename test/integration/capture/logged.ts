import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import type { PostgresServer } from '../../support/servers/postgres.ts';
import { CaptureWorld, type Captured } from './world.ts';

const blog = (tenant: number, id: number): Captured => ({ table: 'Blogs', key: { TenantId: tenant, BlogId: id } });

/** What is logged of whose changes. */
export function testLogged(server: () => PostgresServer): void {
  let world: CaptureWorld;
  beforeAll(async () => {
    world = await CaptureWorld.create(server(), 'logged');
  });
  afterAll(() => world.close());

  describe.each(['guarded', 'mac', 'plain'] as const)('a shard whose tenants are kept %s', (protection) => {
    let own: CaptureWorld;
    beforeAll(async () => {
      own = await CaptureWorld.create(server(), `kept_${protection}`, protection);
    });
    afterAll(() => own.close());

    test('logs what a captured tenant writes, by key and transaction, and nothing else', async () => {
      await own.asTenant(1, `insert into "Blogs" ("BlogId", "Name") values (1, 'before')`);
      expect(await own.captured()).toEqual([]);
      await own.capture();
      const first = await own.asTenant(
        1,
        `insert into "Blogs" ("BlogId", "Name") values (2, 'a')`,
        `update "Blogs" set "Name" = 'b' where "BlogId" = 1`,
      );
      const second = await own.asTenant(1, 'savepoint s', `delete from "Blogs" where "BlogId" = 2`);
      await own.asTenant(2, `insert into "Blogs" ("BlogId", "Name") values (9, 'of another')`);
      await own.asTenant(150, `insert into "Blogs" ("BlogId", "Name") values (9, 'of another')`);
      const { rows } = await own.shard.admin.query(
        sqlText(
          `select mapping_id, relation::regclass::text as relation, key, transaction_id::text as id from tenantry.captured_change order by transaction_id, key`,
        ),
      );
      const entry = (id: number, transaction: string): object => ({
        mapping_id: 1,
        relation: '"Blogs"',
        key: blog(1, id).key,
        id: transaction,
      });
      expect(rows).toEqual([entry(1, first), entry(2, first), entry(2, second)]);
      expect(await own.captured(2)).toEqual([]);

      await own.end();
      await own.asTenant(1, `insert into "Blogs" ("BlogId", "Name") values (3, 'after')`);
      expect(await own.captured()).toEqual([]);
    });

    test('looks closely at nobody whose mapping is not captured', async () => {
      await own.capture();
      const answers = [];
      for (const tenant of [1, 2, 100]) {
        const client = await own.enter(tenant);
        answers.push((await client.query<{ captured: boolean }>('select tenantry.may_be_captured() as captured')).rows[0]!.captured);
        await client.end();
      }
      expect(answers).toEqual([true, false, false]);
      await own.end();
    });
  });

  describe('of a captured tenant', () => {
    beforeAll(async () => {
      await world.asTenant(1, ...[10, 11, 12, 13].map((id) => `insert into "Blogs" ("BlogId", "Name") values (${id}, 'a')`));
      await world.asTenant(1, `insert into "Posts" values (1, 1, 10), (1, 2, 10), (1, 3, 11)`);
      await world.asTenant(1, `insert into "Events" values (1, 'eu', '2026-01-02 03:04:05.678+00', 0.1)`);
      await world.capture();
    });
    afterEach(async () => {
      await world.asRoot('delete from tenantry.captured_change');
    });
    afterAll(() => world.end());

    const event = (region: string, size: number): Captured => ({
      table: 'Events',
      key: { TenantId: 1, Region: region, At: '2026-01-02T03:04:05.678+00:00', Size: size },
    });
    const post = (id: number): Captured => ({ table: 'Posts', key: { PostId: id, TenantId: 1 } });

    test.each<[string, string, Captured[]]>([
      [
        'a changed key is logged as it was and as it is',
        `update "Blogs" set "BlogId" = 20 where "BlogId" = 12`,
        [blog(1, 12), blog(1, 20)],
      ],
      [
        'an upsert is logged for what it inserts and what it updates',
        `insert into "Blogs" ("BlogId", "Name") values (13, 'x'), (14, 'x') on conflict ("TenantId", "BlogId") do update set "Name" = excluded."Name"`,
        [blog(1, 13), blog(1, 14)],
      ],
      ['an insert that does nothing is not', `insert into "Blogs" ("BlogId", "Name") values (13, 'x') on conflict do nothing`, []],
      [
        'MERGE is logged for each of its rows',
        `merge into "Blogs" b using (values (1, 13), (1, 15)) s (tenant, id) on b."TenantId" = s.tenant and b."BlogId" = s.id
          when matched then delete when not matched then insert ("TenantId", "BlogId", "Name") values (s.tenant, s.id, 'm')`,
        [blog(1, 13), blog(1, 15)],
      ],
      ['what a foreign key deletes is logged', `delete from "Blogs" where "BlogId" = 11`, [blog(1, 11), post(3)]],
      [
        'what a foreign key updates is logged',
        `update "Blogs" set "BlogId" = 21 where "BlogId" = 10`,
        [blog(1, 10), blog(1, 21), post(1), post(2)],
      ],
      [
        'a row that changes its partition is logged under both keys, by the table that has both',
        `update "Events" set "Region" = 'us' where "Region" = 'eu'`,
        [event('eu', 0.1), event('us', 0.1)],
      ],
      [
        'all digits of a key are kept, whatever the session shows',
        `set local extra_float_digits = 0; set local timezone = 'Asia/Tokyo'; update "Events" set "Size" = 0.1::float8 + 0.2::float8`,
        [event('us', 0.1), event('us', 0.1 + 0.2)],
      ],
      [
        'a table without a primary key is told as a whole',
        `insert into "Notes" values (1, 'n'), (1, 'm')`,
        [{ table: 'Notes', key: null }],
      ],
      ['what is undone is not logged', `savepoint s; insert into "Blogs" ("BlogId", "Name") values (30, 'x'); rollback to s`, []],
    ])('%s', async (_, statement, expected) => {
      await world.asTenant(1, statement);
      const order = (entries: Captured[]): string[] =>
        entries.map((entry) => JSON.stringify(entry, ['table', 'key', ...Object.keys(entry.key ?? {}).toSorted()])).toSorted();
      expect(order(await world.captured())).toEqual(order(expected));
    });

    test('what a deferred foreign key still does when the transaction commits is logged', async () => {
      await world.asRoot(`alter table "Posts" drop constraint "Posts_TenantId_BlogId_fkey", add foreign key ("TenantId", "BlogId")
        references "Blogs" ("TenantId", "BlogId") on delete cascade deferrable initially deferred;
        create function later() returns trigger language plpgsql as $$ begin delete from "Posts" where "PostId" = 2; return null; end $$;
        create constraint trigger later after insert on "Drafts" deferrable initially deferred for each row execute function later();`);
      await world.asTenant(1, `insert into "Drafts" values (1, 1)`);
      expect(await world.captured()).toEqual([{ table: 'Drafts', key: { TenantId: 1, DraftId: 1 } }, post(2)]);
    });

    test('rows of a table that inherits are logged by that table', async () => {
      await world.asAdmin(`insert into "OldDrafts" ("TenantId", "DraftId", "Kept") values (1, 5, 'k')`);
      await world.asTenant(1, `update "Drafts" set "DraftId" = 6 where "DraftId" = 5`);
      expect(await world.captured()).toEqual([5, 6].map((id) => ({ table: 'OldDrafts', key: { TenantId: 1, DraftId: id } })));
    });

    test('a key from the log finds its row again', async () => {
      await world.asTenant(1, `insert into "Events" values (1, 'eu', '2026-05-06 07:08:09.123456+02', 1e-300)`);
      const { rows } = await world.shard.admin.query(
        sqlText(`select e."Size" from tenantry.captured_keys(1) c cross join lateral jsonb_populate_record(null::"Events", c.key) k
          join "Events" e on (e."TenantId", e."Region", e."At", e."Size") = (k."TenantId", k."Region", k."At", k."Size")`),
      );
      expect(rows).toEqual([{ Size: 1e-300 }]);
    });

    test('a range is captured for all of its keys, and for no others', async () => {
      await world.capture(100);
      await world.asTenant(100, `insert into "Blogs" ("BlogId", "Name") values (1, 'x')`);
      await world.asTenant(199, `insert into "Blogs" ("BlogId", "Name") values (1, 'x')`);
      await world.asTenant(2, `insert into "Blogs" ("BlogId", "Name") values (40, 'x')`);
      expect([await world.captured(100), await world.captured()]).toEqual([[blog(100, 1), blog(199, 1)], []]);
      await world.end(100);
    });

    test.each(['repeatable read', 'serializable'])('writes are logged under %s', async (isolation) => {
      const client = await world.enter(1, isolation);
      await client.query(`insert into "Notes" values (1, 'x'); commit`);
      await client.end();
      expect(await world.captured()).toEqual([{ table: 'Notes', key: null }]);
    });
  });

  describe('somebody else who changes rows of a captured tenant', () => {
    beforeAll(async () => {
      for (const tenant of [1, 2]) await world.asTenant(tenant, `insert into "Blogs" ("BlogId", "Name") values (50, 'x')`);
      await world.capture();
    });
    afterEach(async () => {
      await world.asRoot('delete from tenantry.captured_change');
    });
    afterAll(() => world.end());

    test.each<[string, () => Promise<unknown>, Captured[]]>([
      [
        'admin, in a migration of all tenants',
        () => world.asAdmin(`update "Blogs" set "Name" = 'migrated' where "BlogId" = 50`),
        [blog(1, 50)],
      ],
      ['the administrator of the server', () => world.asRoot(`update "Blogs" set "Name" = 'migrated' where "BlogId" = 50`), [blog(1, 50)]],
      ['another tenant, by a function with rights of admin', () => world.asTenant(2, `select rename_everywhere(50, 'x')`), [blog(1, 50)]],
      [
        'admin, giving the row to another tenant',
        () => world.asAdmin(`update "Blogs" set "TenantId" = 5 where "BlogId" = 50 and "TenantId" = 1`),
        [blog(1, 50)],
      ],
      ['admin, taking it back', () => world.asAdmin(`update "Blogs" set "TenantId" = 1 where "TenantId" = 5`), [blog(1, 50)]],
      ['another tenant, with rows of its own', () => world.asTenant(2, `delete from "Blogs" where "BlogId" = 50`), []],
      [
        'the mover, who applies what another server has decided',
        () =>
          world.asRoot(`set session_replication_role = replica; delete from "Blogs" where "BlogId" = 50; reset session_replication_role`),
        [],
      ],
    ])('%s', async (_, change, expected) => {
      await change();
      expect(await world.captured()).toEqual(expected);
    });

    test.each(['truncate "Blogs" cascade', 'truncate "Events"', 'truncate "EventsEu"', 'truncate "OldDrafts"'])(
      'cannot empty a table as a whole before the capture has ended: %s',
      async (statement) => {
        const refused = async (): Promise<unknown> =>
          (await world.shard.root.query(sqlText(statement)).catch((error: unknown) => error)) instanceof Error;
        expect(await refused()).toBe(true);
        await world.end();
        expect(await refused()).toBe(false);
        await world.capture();
      },
    );
  });
}
