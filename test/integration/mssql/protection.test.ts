import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { compileSql, type CompiledSql } from '../../../src/core/compile-sql.ts';
import type { RowPolicy } from '../../../src/core/predicate.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import { accepting, signerOfTests } from '../../support/accepting.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';
import { addPoint } from '../../support/add-point.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { beforehand, changes, harmless, newTables, unseenChanges } from './support/changes-of-protection.ts';
import { entryOf } from './support/entries.ts';

const engine = createMssqlEngine();
const options = { readOnly: false, timeoutMs: 30_000 };
const readCommitted = { ...options, isolation: 'read committed' } as const;
const unverified = { refusal: { reason: 'UNVERIFIED' } };
const text = (statement: string): CompiledSql => compileSql(sqlText(statement), mssqlDialect);
const anything = text('SELECT 1 AS [n]');
/** A policy beyond the tenant's, whose functions and predicates are then other ones. */
const byName: RowPolicy = {
  name: 'by name',
  conditions: { select: { kind: 'owner', column: 'Name', value: { name: 'userId', type: 'string' } } },
};

/** Everything that docs/decisions/019-gate-on-sql-server.md takes for granted of the trigger, the fingerprint and locks. */
describeNeeding('mssql', 'What protects the tenants of a shard on SQL Server itself', () => {
  describe.each(['OFF', 'ON'] as const)('with READ_COMMITTED_SNAPSHOT %s', (rowVersions) => {
    let shard: MssqlTestShard;

    beforeAll(async () => {
      shard = await createMssqlTestShard(undefined, rowVersions, { watched: true });
      await asRoot(beforehand);
      await addPoint(shard.admin, entryOf(1));
    });
    afterAll(async () => await shard?.close());
    // Accepted as it is, whatever the test before has left.
    beforeEach(async () => await apply());

    const asRoot = async (statement: string): Promise<void> => void (await shard.root.query(sqlText(statement)));
    const apply = async (policies: readonly RowPolicy[] = []): Promise<unknown> =>
      await applyPolicies(
        shard.admin,
        { ...engine, renderer: mssqlPolicyRenderer },
        {
          tables: [{ table: 'Blogs', tenantColumn: 'TenantId', policies }],
          procedures: [],
          accepting: accepting(shard.shardId),
          keyType: 'int',
          dryRun: false,
        },
      );
    const connect = async (): Promise<EngineConnection> => {
      const connection = await engine.connect(shard.address, shard.logins.app, expectationsOf(shard));
      onTestFinished(() => connection.close());
      return connection;
    };
    const items = async (database = shard.admin): Promise<unknown> => {
      const [found] = (await database.run('policy/fingerprint')).rows;
      return found;
    };
    const latest = async (): Promise<Record<string, unknown> | undefined> =>
      (await shard.admin.query(sqlText('SELECT TOP (1) * FROM [tenantry].[change_log] ORDER BY [change_id] DESC'))).rows[0];

    test('is told alike to whoever asks', async () => {
      const app = engine.open(shard.address, shard.logins.app);
      onTestFinished(() => app.close());
      const toAdmin = await items();
      expect(await items(shard.root)).toEqual(toAdmin);
      const [{ fingerprint }] = [toAdmin as { fingerprint: string }];
      expect((await app.run('policy/verification')).rows).toMatchObject([
        { fingerprint, accepted: fingerprint, isOpen: true, differing: [] },
      ]);
    });

    test.each(changes)('$title: nobody is let in until it is taken back, and it is named', async ({ change, back, item }) => {
      const connection = await connect();
      await asRoot(change);
      await expect(connection.execute(entryOf(1), anything, options)).rejects.toMatchObject(unverified);
      await expect(connect()).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        message: expect.stringContaining(`${item.kind} ${item.object}`),
      });
      expect(await latest()).toMatchObject({ verdict: 'closed' });
      await asRoot(back);
      expect(await latest()).toMatchObject({ verdict: 'opened' });
      await connection.execute(entryOf(1), anything, options);
      await connect();
    });

    /** Looks as the router does, over a connection that is there until the test ends. */
    const openEye = (): (() => Promise<unknown>) => {
      const eye = engine.open(shard.address, shard.logins.app);
      onTestFinished(() => eye.close());
      return async () => (await eye.run('policy/watch')).rows;
    };

    test('a change under the lock of policy changes, accepted by nobody, is told by the next look and each connection until it is', async () => {
      const look = openEye();
      const before = await look();
      await shard.admin.transaction(async (session) => {
        await session.run('policy/lock', { lockTimeoutMs: 1_000, alone: false });
        for (const state of ['OFF', 'ON'])
          await session.query(sqlText(`ALTER SECURITY POLICY [tenantry].[policy_dbo] WITH (STATE = ${state})`));
      });
      expect(await look()).not.toEqual(before);
      await expect(connect()).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        message: expect.stringContaining('past what judges each change'),
      });
      await apply();
      await connect();
      expect(await latest()).toMatchObject({ verdict: 'accepted' });
    });

    test.each([
      ['says was judged', `UPDATE [tenantry].[change_log] SET [verdict] = N'same' WHERE [verdict] IS NULL`],
      ['takes off the log', 'DELETE FROM [tenantry].[change_log] WHERE [verdict] IS NULL'],
    ])('a change under that lock that admin %s is told by the next look', async (_what, hide) => {
      const look = openEye();
      const before = await look();
      await shard.admin.transaction(async (session) => {
        await session.run('policy/lock', { lockTimeoutMs: 1_000, alone: false });
        await session.query(sqlText('CREATE VIEW [dbo].[Leak] AS SELECT [Name] FROM [dbo].[Blogs]'));
        await session.query(sqlText(hide));
      });
      try {
        expect(await look()).not.toEqual(before);
      } finally {
        await asRoot('DROP VIEW [dbo].[Leak]');
      }
    });

    test.each(unseenChanges)('$title: no connection is opened until it is taken back', async ({ change, back, item }) => {
      await asRoot(change);
      await expect(connect()).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        message: expect.stringContaining(`${item.kind} ${item.object}`),
      });
      await asRoot(back);
      await connect();
    });

    test('is not changed by an ordinary migration', async () => {
      const before = await items();
      for (const statement of harmless) {
        await asRoot(statement);
        expect(await items()).toEqual(before);
      }
      await (await connect()).execute(entryOf(1), anything, options);
      await asRoot('DROP USER [somebody]; DROP INDEX [by_name] ON [dbo].[Blogs]; ALTER TABLE [dbo].[Blogs] DROP COLUMN [Subtitle];');
    });

    test('is not changed by a login that comes and goes, and is by what it may do besides', async () => {
      const user = `tenantry_other_${randomBytes(4).toString('hex')}`;
      const before = await items();
      await shard.root.query(sql`CREATE USER ${sql.id(user)} WITHOUT LOGIN; ALTER ROLE [tenantry_app] ADD MEMBER ${sql.id(user)};`);
      expect(await items()).toEqual(before);
      await shard.root.query(sql`GRANT SELECT ON [dbo].[Secrets] TO ${sql.id(user)}`);
      expect(await items()).not.toEqual(before);
      await shard.root.query(sql`DROP USER ${sql.id(user)}`);
      expect(await items()).toEqual(before);
    });

    test('may be taken away and put back in one transaction, which nobody notices', async () => {
      const connection = await connect();
      await shard.root.transaction(async (session) => {
        await session.query(sqlText(changes[1]!.change));
        await session.query(sqlText(changes[1]!.back));
      });
      await connection.execute(entryOf(1), anything, options);
      expect(await latest()).toMatchObject({ verdict: 'opened' });
    });

    test('is changed only when who was inside before has left, and whoever comes then is refused', async () => {
      const inside = await (await connect()).begin(entryOf(1), readCommitted);
      let changed = false;
      const change = asRoot(changes[3]!.change).then(() => (changed = true));
      await expect.poll(async () => (await waiting()).length).toBe(1);
      // Meanwhile nobody queues behind it.
      await expect((await connect()).execute(entryOf(1), anything, options)).rejects.toMatchObject({ refusal: { reason: 'DRAINING' } });
      expect(changed).toBe(false);
      await inside.query(text('SELECT [BlogId] FROM [dbo].[Blogs]'));
      await inside.commit();
      await change;
      await asRoot(changes[3]!.back);
    });

    test('stays where somebody inside does not leave in time', async () => {
      const inside = await (await connect()).begin(entryOf(1), readCommitted);
      const before = await items();
      await expect(asRoot(changes[3]!.change)).rejects.toMatchObject({ code: 'TIMEOUT' });
      await inside.commit();
      expect(await items()).toEqual(before);
    });

    test('a statement that waits for what a change holds is ended, and never sees what the change leaves open', async () => {
      const inside = await (await connect()).begin(entryOf(1), readCommitted);
      const change = asRoot(changes[0]!.change);
      await expect.poll(async () => (await waiting()).length).toBe(1);
      await expect(inside.query(text('SELECT [BlogId] FROM [dbo].[Blogs]'))).rejects.toMatchObject({ code: 'SERIALIZATION_FAILURE' });
      await change;
      await asRoot(changes[0]!.back);
    });

    test('is accepted with its change, which keeps no tenant out', async () => {
      const inside = await (await connect()).begin(entryOf(1), readCommitted);
      await apply([byName]);
      expect(await latest()).toMatchObject({ verdict: 'same' });
      await inside.query(anything);
      await inside.commit();
      await (await connect()).execute(entryOf(1), anything, options);
    });

    test.each(newTables)('a new table, $table: covered when it is made: $covered', async ({ table, text: made, covered }) => {
      const before = await items();
      await asRoot(made);
      const predicates = await shard.root.query(sql`SELECT p.[predicate_type_desc] AS [kind] FROM sys.security_predicates AS p
        WHERE p.[target_object_id] = OBJECT_ID(${`dbo.${table}`}) ORDER BY p.[predicate_type_desc]`);
      expect(predicates.rows).toEqual(covered ? [{ kind: 'BLOCK' }, { kind: 'FILTER' }] : []);
      expect(await items()).toEqual(before);
      await (await connect()).execute(entryOf(1), anything, options);
    });

    test('whoever drops what judges is refused', async () => {
      await expect(asRoot('DROP PROCEDURE [tenantry].[note_change]')).rejects.toMatchObject({ cause: { number: 51_019 } });
      await (await connect()).execute(entryOf(1), anything, options);
    });

    test('tenants are let in for as long as somebody has decided, and no longer', async () => {
      await asRoot(changes[3]!.change);
      const [{ nowMs }] = (await shard.admin.run<{ nowMs: number }>('policy/verification')).rows as [{ nowMs: number }];
      const decide = async (untilMs: number): Promise<unknown> =>
        await shard.admin.run('policy/override', {
          number: nowMs,
          untilMs,
          reason: 'tests',
          decidedBy: 'tests',
          signature: signerOfTests(shard.shardId).sign({ says: 'overridden', number: nowMs, untilMs }),
        });
      await decide(nowMs + 3_600_000);
      const connection = await connect();
      await connection.execute(entryOf(1), anything, options);
      await decide(nowMs);
      await expect(connection.execute(entryOf(1), anything, options)).rejects.toMatchObject(unverified);
      await expect(connect()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
      await asRoot(changes[3]!.back);
    });

    test.each([
      'SELECT [open] FROM [tenantry].[gate] WITH (TABLOCKX)',
      'SELECT [fingerprint] FROM [tenantry].[accepted]',
      'SELECT [digest] FROM [tenantry].[accepted_item]',
      'SELECT [login] FROM [tenantry].[change_log]',
      'UPDATE [tenantry].[gate] SET [open] = 1',
      'EXEC [tenantry].[judge_changes]',
      "EXEC [tenantry].[note_change] N'x', N'CREATE_TABLE', N'dbo', N'Blogs', NULL",
      "EXECUTE AS USER = N'tenantry_definer'",
    ])('app can neither see nor hold what is decided by: %s', async (statement) => {
      await expect((await connect()).execute(entryOf(1), text(statement), options)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    });

    /** Sessions that wait for a lock of somebody else's. */
    async function waiting(): Promise<readonly unknown[]> {
      return (
        await shard.root.query(
          sql`SELECT r.[session_id] FROM sys.dm_exec_requests AS r WHERE r.[database_id] = DB_ID() AND r.[blocking_session_id] <> 0`,
        )
      ).rows;
    }
  });
});
