import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { compileSql } from '../../../src/core/compile-sql.ts';
import type { RowOperation, RowPolicy } from '../../../src/core/predicate.ts';
import { sql, sqlText, type Sql } from '../../../src/core/sql.ts';
import type { EngineConnection, ExpectedTable } from '../../../src/engine/engine.ts';
import type { Entry } from '../../../src/engine/entry.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import type { PolicyResult } from '../../../src/policy/model.ts';
import { addPoint } from '../../support/add-point.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../support/mssql-shard.ts';
import { laboratory, laboratoryTables, onSamples, predicates } from './support/laboratory.ts';
import { accepting } from '../../support/accepting.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';

const engine = createMssqlEngine();
const options = { readOnly: false, timeoutMs: 10_000 };
const undone = "THROW 60000, N'undone', 1;";

type Values = Readonly<Record<string, string | readonly string[]>>;

describeNeeding('mssql', 'policies beyond the tenant on SQL Server itself', () => {
  let shard: MssqlTestShard;

  beforeAll(async () => {
    shard = await createMssqlTestShard({ text: laboratory, routed: laboratoryTables });
    for (const tenant of [1, 2]) await addPoint(shard.admin, entryOf(tenant));
  });
  afterAll(async () => await shard?.close());

  const apply = (policies: readonly RowPolicy[], dryRun = false): Promise<PolicyResult> =>
    applyPolicies(
      shard.admin,
      { ...engine, renderer: mssqlPolicyRenderer },
      { tables: tablesWith(policies), procedures: [], accepting: accepting(shard.shardId), keyType: 'int', dryRun },
    );
  const connect = (policies: readonly RowPolicy[]): Promise<EngineConnection> =>
    engine.connect(shard.address, shard.logins.app, expectationsOf(shard, { tables: tablesWith(policies) }));

  /** The rows of a statement of tenant 1 and its user, under these policies. */
  async function asUser(policies: readonly RowPolicy[], values: Values, statement: Sql): Promise<readonly Record<string, unknown>[]> {
    const connection = await connect(policies);
    try {
      const bringing = { ...options, contextValues: JSON.stringify(values) };
      return (await connection.execute(entryOf(1), compileSql(statement, mssqlDialect), bringing)).rows;
    } finally {
      await connection.close();
    }
  }

  const seen = async (policies: readonly RowPolicy[], values: Values): Promise<unknown[]> =>
    (await asUser(policies, values, sql`SELECT [Id] FROM [dbo].[Samples] ORDER BY [Id]`)).map(({ Id }) => Id);

  test.each<[string, RowPolicy['conditions']['select'] & object, Values, readonly number[]]>([
    ['an owner, by every character and every space', predicates.owner, { userId: 'ann' }, [1]],
    ['an owner with a capital', predicates.owner, { userId: 'Ann' }, [2]],
    ['an owner whom another code page would take for another', predicates.owner, { userId: 'l' }, []],
    ['an owner of another code page', predicates.owner, { userId: '\u0142' }, [6]],
    ['an owner, where the call brings none', predicates.owner, {}, []],
    ['a number', predicates.number, { number: '5' }, [1, 3]],
    ['a role', predicates.role, { roles: ['user', 'admin'] }, [1, 2, 3, 4, 5, 6]],
    ['a role that is only alike', predicates.role, { roles: ['Admin', 'admi'] }, []],
    ['permissions, of which 0 denies and the other tenant gives none', predicates.permission, { userId: 'ann' }, [1]],
    ['permissions of somebody alike', predicates.permission, { userId: 'Ann' }, []],
    ['a parent', predicates.parent, { userId: 'ann' }, [1, 2]],
    ['a parent that is there', predicates.parentAlone, {}, [1, 2, 3, 5]],
    ['words of its own', predicates.raw, {}, [1, 3, 4]],
    ['any of two', { kind: 'any', of: [predicates.owner, predicates.role] }, { userId: 'bob' }, [5]],
    ['both of two', { kind: 'all', of: [predicates.owner, predicates.number] }, { userId: 'ann', number: '5' }, [1]],
  ])('a row is shown by %s', async (_, condition, values, rows) => {
    const policies = onSamples({ select: condition });
    await apply(policies);
    expect((await apply(policies, true)).changes).toEqual([]);
    expect(await seen(policies, values)).toEqual(rows);
  });

  test('everybody else is shown every row, and a writer changes them all', async () => {
    await apply(onSamples({ select: predicates.owner }));
    const counted = sql`SELECT COUNT(*) AS [n] FROM [dbo].[Samples]`;
    expect((await shard.admin.query(counted)).rows).toEqual([{ n: 12 }]);
    const reports = engine.open(shard.address, shard.logins.superuser);
    expect((await reports.query(counted)).rows).toEqual([{ n: 12 }]);
    await reports.close();
    expect((await shard.admin.query(sql`UPDATE [dbo].[Samples] SET [Number] = [Number]`)).rowCount).toBe(12);
  });

  test.each<[RowOperation, Sql, Sql]>([
    [
      'insert',
      sql`INSERT INTO [dbo].[Samples] ([Id], [Owner]) VALUES (90, 'ann')`,
      sql`INSERT INTO [dbo].[Samples] ([Id], [Owner]) VALUES (90, 'bob')`,
    ],
    ['update', sql`UPDATE [dbo].[Samples] SET [Number] = 1 WHERE [Id] = 1`, sql`UPDATE [dbo].[Samples] SET [Number] = 1 WHERE [Id] = 5`],
    [
      'update',
      sql`UPDATE [dbo].[Samples] SET [Owner] = 'ann' WHERE [Id] = 1`,
      sql`UPDATE [dbo].[Samples] SET [Owner] = 'bob' WHERE [Id] = 1`,
    ],
    ['delete', sql`DELETE FROM [dbo].[Samples] WHERE [Id] = 1`, sql`DELETE FROM [dbo].[Samples] WHERE [Id] = 5`],
  ])('what may be read and not written is refused to %s', async (operation, admitted, refused) => {
    const policies = onSamples({ [operation]: predicates.owner });
    await apply(policies);
    const tried = async (statement: Sql): Promise<unknown> =>
      await asUser(policies, { userId: 'ann' }, sql`${statement};\n${sqlText(undone)}`);
    // Nothing of it stays: what was admitted is told by the error behind it.
    await expect(tried(admitted)).rejects.toMatchObject({ code: 'STATEMENT_FAILED', cause: { number: 60_000 } });
    await expect(tried(refused)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('a policy goes where the configuration has it no longer, with its functions', async () => {
    await apply(onSamples({ select: predicates.owner, delete: predicates.number }));
    const { changes } = await apply([]);
    expect(changes.map(({ item, after }) => [item.replace(/[0-9a-f]{32}$/, '…'), after])).toEqual([
      ['filter predicate', 'tenant'],
      ['block predicate', 'tenant'],
      ['function rows_dbo.Samples_…', null],
      ['function rows_dbo.Samples_…', null],
    ]);
    expect(await seen([], {})).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a shard that has more than the configuration asks for serves, and one that has less does not', async () => {
    const both = [...onSamples({ select: predicates.owner }), { name: 'more', conditions: { insert: predicates.role } }];
    await apply(both);
    expect(await seen(onSamples({ select: predicates.owner }), { userId: 'ann' })).toEqual([1]);
    expect(await seen([], { userId: 'ann' })).toEqual([1]);
    await apply(onSamples({ select: predicates.owner }));
    await expect(connect(both)).rejects.toMatchObject({
      code: 'SHARD_UNVERIFIED',
      message: expect.stringMatching(/Samples: its block predicate after insert is missing, altered or switched off\.$/),
    });
  });

  test('a function that somebody has changed is seen by the gate, and mended', async () => {
    const policies = onSamples({ select: predicates.owner });
    await apply(policies);
    const [made] = (
      await shard.admin.query<{ name: string; text: string }>(
        sql`SELECT o.[name] AS [name], m.[definition] AS [text] FROM sys.objects AS o JOIN sys.sql_modules AS m ON m.[object_id] = o.[object_id]
          WHERE o.[name] LIKE N'rows[_]dbo.Samples[_]%'`,
      )
    ).rows;
    const policy = sql`ALTER SECURITY POLICY [tenantry].[policy_dbo]`;
    const { name, text } = made!;
    await expect(shard.root.query(sql`DROP FUNCTION ${sql.id('tenantry', name)}`)).rejects.toMatchObject({ cause: { number: 3729 } });
    await shard.root.query(sql`${policy} ALTER FILTER PREDICATE [tenantry].[visible]([TenantId]) ON [dbo].[Samples]`);
    // It is the only statement of its batch.
    const altered = text.replace('CREATE FUNCTION', 'ALTER FUNCTION').replace('OR (', 'OR 1 = 1 OR (');
    await shard.root.query(sql`EXEC sys.sp_executesql ${altered}`);
    await shard.root.query(sql`${policy} ALTER FILTER PREDICATE ${sql.id('tenantry', name)}([TenantId],[Owner]) ON [dbo].[Samples]`);
    await expect(connect(policies)).rejects.toThrow('Samples: its filter predicate is missing, altered or switched off.');
    expect((await apply(policies)).changes.map(({ item }) => item)).toEqual([`function ${name}`, 'filter predicate']);
    expect(await seen(policies, { userId: 'ann' })).toEqual([1]);
  });
});

function tablesWith(policies: readonly RowPolicy[]): ExpectedTable[] {
  return laboratoryTables.map((table) => (table.name === 'Samples' ? Object.assign({ policies }, table) : table));
}

function entryOf(tenant: number): Entry {
  return { mappingId: tenant, key: encodeInt(tenant), epoch: 5, token: new Uint8Array(16).fill(tenant) };
}
