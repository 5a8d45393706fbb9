import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import { tenantKeyFromText } from '../../../shardmap/key.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { Isolation } from '../../../src/engine/engine.ts';
import { EntryRefused } from '../../../src/engine/entry.ts';
import { clientConfig } from '../../../src/engine/postgres/client-config.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, read, write, entryOf } from '../../support/app-shard.ts';
import { enterByHand, refusalOf, shownFor } from '../../support/enter-by-hand.ts';
import { createTestShard, shardLogins } from '../../support/postgres-shard.ts';

const engine = createPostgresEngine();
const app = useAppConnection();
const { token } = entryOf(1);

app.describeOnBothForms('the fence', () => {
  /** A transaction of app whose snapshot is older than the fence, and what `enter` then says to it: a SQLSTATE, or nothing. */
  const enterBehindFence = async (isolation: Isolation): Promise<string | undefined> => {
    const client = new pg.Client(clientConfig(app.shard.address, shardLogins.app));
    await client.connect();
    try {
      await client.query(`begin isolation level ${isolation}`);
      await client.query('select 1');
      await app.shard.admin.query(sql`update tenantry.local_mapping set state = 'DRAINING' where mapping_id = 1`);
      return await refusalOf(enterByHand(client, app, 1, shownFor(app.entry(1))));
    } finally {
      await client.end();
      await app.shard.admin.query(sql`update tenantry.local_mapping set state = 'ONLINE' where mapping_id = 1`);
    }
  };

  test.each<[Isolation, string]>([
    ['read committed', 'TN003'],
    ['repeatable read', '40001'],
    ['serializable', '40001'],
  ])('stops a writer whose snapshot is older than the fence, under %s', async (isolation, sqlState) => {
    expect(await enterBehindFence(isolation)).toBe(sqlState);
  });

  test('would let a stale writer through under repeatable read without the row lock', async () => {
    const { rows } = await app.shard.root.query<{ text: string }>(sql`select pg_get_functiondef('tenantry.enter_slowly'::regproc) as text`);
    await app.shard.root.query(sqlText(rows[0]!.text.replace(' for share', '')));
    expect(await enterBehindFence('repeatable read')).toBeUndefined();
    await app.shard.root.query(sqlText(rows[0]!.text));
    expect(await enterBehindFence('repeatable read')).toBe('40001');
  });

  test.each<Isolation>(['read committed', 'repeatable read', 'serializable'])(
    'tells a writer that meets it to come again, under %s, and never makes it wait in a queue',
    async (isolation) => {
      const refused = app.shard.admin.transaction(async (session) => {
        await session.query(sql`select pg_advisory_xact_lock(1413828161, 1)`);
        return await app.connection.begin(app.entry(1), { ...write, isolation }).catch((error: unknown) => error);
      });
      expect(await refused).toEqual(new EntryRefused({ reason: 'DRAINING' }));
    },
  );

  test.each(
    (['read committed', 'repeatable read', 'serializable'] as const).flatMap((isolation) =>
      [write, read].map((options) => ({ isolation, options, purpose: options.readOnly ? 'read' : 'write' })),
    ),
  )(
    'refuses what is not the whole entry of its mapping, and leaves no tenant behind, under $isolation, to $purpose',
    async ({ isolation, options }) => {
      const { key } = app.entry(1);
      const whole = shownFor(app.entry(1));
      const withKey = (other: Uint8Array): Buffer => Buffer.concat([whole.subarray(0, 24), other]);
      const cases: readonly (readonly [refusal: string, mapping: number | null, shown: Buffer | null])[] = [
        ['TN001', null, whole],
        ['TN001', 999, whole],
        ['TN006', 1, null],
        ['TN006', 1, Buffer.alloc(0)],
        ['TN006', 1, whole.subarray(0, 7)],
        ['TN006', 1, shownFor({ ...app.entry(1), epoch: 2 })],
        ['TN006', 1, shownFor({ ...app.entry(1), epoch: -1 })],
        ['TN007', 1, whole.subarray(0, 8)],
        ['TN007', 1, whole.subarray(0, 23)],
        ['TN007', 1, shownFor({ ...app.entry(1), token: randomBytes(16) })],
        ['TN001', 1, whole.subarray(0, 24)],
        ['TN001', 1, whole.subarray(0, 27)],
        ['TN001', 1, withKey(Buffer.concat([key, Buffer.alloc(1)]))],
        ['TN001', 1, withKey(app.entry(2).key)],
        ['TN001', 1, withKey(tenantKeyFromText('bigint', '1').bytes)],
        ['TN001', 1, withKey(randomBytes(1_000))],
      ];
      const client = new pg.Client(clientConfig(app.shard.address, shardLogins.app));
      await client.connect();
      await client.query(`begin isolation level ${isolation}; savepoint before`);
      const answers: (string | undefined)[] = [];
      for (const [, mapping, shown] of cases) {
        answers.push(await refusalOf(enterByHand(client, app, mapping, shown, options)));
        await client.query('rollback to before');
      }
      expect(answers).toEqual(cases.map(([refusal]) => refusal));
      expect((await client.query('select tenantry.current_tenant() as tenant')).rows).toEqual([{ tenant: null }]);
      await enterByHand(client, app, 1, whole, options);
      expect((await client.query('select tenantry.current_tenant() as tenant')).rows).toEqual([{ tenant: 1 }]);
      await client.end();
    },
  );

  test('knows of every writer inside, by its shared lock, and does not wait for readers', async () => {
    const canFence = async (): Promise<unknown> =>
      await app.shard.admin.transaction(
        async (session) => (await session.query(sql`select pg_try_advisory_xact_lock(1413828161, 1) as free`)).rows[0]!['free'],
      );
    const writer = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed' });
    expect(await canFence()).toBe(false);
    await writer.commit();
    expect(await canFence()).toBe(true);
    const reader = await app.connection.begin(app.entry(1), { ...read, isolation: 'repeatable read' });
    expect(await canFence()).toBe(true);
    await reader.rollback();
  });

  test('finds tables in public alone, whatever search path the login was given', async () => {
    await app.shard.root.query(sqlText(`alter role ${shardLogins.app.user} set search_path = tenantry, public`));
    const other = await engine.connect(app.shard.address, shardLogins.app, app.expected);
    const { rows } = await other.execute(app.entry(1), compiled(sql`select current_setting('search_path') as path`), read);
    await other.close();
    await app.shard.root.query(sqlText(`alter role ${shardLogins.app.user} reset search_path`));
    expect(rows).toEqual([{ path: 'public,pg_temp' }]);
  });

  test('holds for single statements too where the login was given defaults of its own', async () => {
    const { user } = shardLogins.app;
    await app.shard.root.query(
      sqlText(`alter role ${user} set default_transaction_isolation = 'serializable'; alter role ${user} set default_transaction_read_only = on;
        alter role ${user} set default_transaction_deferrable = on`),
    );
    const other = await engine.connect(app.shard.address, shardLogins.app, app.expected);
    const levels = compiled(
      sql`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as reads, current_setting('transaction_deferrable') as defers`,
    );
    const asMeant = [{ level: 'read committed', reads: 'off', defers: 'off' }];
    expect((await other.execute(app.entry(1), levels, write)).rows).toEqual(asMeant);
    // Nor do they come back with what clears a session.
    await other.execute(app.entry(1), compiled(sql`set default_transaction_isolation = 'repeatable read'`), write);
    expect((await other.execute(app.entry(1), levels, write)).rows).toEqual(asMeant);
    await other.close();
    await app.shard.root.query(sqlText(`alter role ${user} reset all`));
  });

  test.each(['guarded', 'plain'] as const)(
    'leaves an empty text as its context, not null, where that is %s, and that means nobody',
    async (protection) => {
      const own = protection === 'guarded' ? app.shard : await createTestShard(app.server, `plain_context_${app.isPoint}`, { protection });
      const claims = app.entry(5);
      await own.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (5, 'point', ${claims.key}, 'ONLINE', 1, ${token})
          on conflict do nothing`,
      );
      const client = new pg.Client(clientConfig(own.address, shardLogins.app));
      await client.connect();
      const look = async () =>
        (
          await client.query(
            'select tenantry.context() as context, tenantry.current_tenant() as tenant, (select count(*)::int from "Blogs") as blogs',
          )
        ).rows;
      expect(await look()).toEqual([{ context: protection === 'guarded' ? '' : null, tenant: null, blogs: 0 }]);
      await client.query('begin');
      await enterByHand(client, app, claims.mappingId, shownFor(claims));
      await client.query(`insert into "Blogs" ("BlogId", "Name") values (1, 'x')`);
      expect(await look()).toEqual([{ context: 'tenantry_x80000005', tenant: 5, blogs: 1 }]);
      await client.query('commit');
      expect(await look()).toEqual([{ context: '', tenant: null, blogs: 0 }]);
      await client.end();
      if (own !== app.shard) await own.close();
    },
  );
});
