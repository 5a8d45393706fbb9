import { describe, expect, test } from 'vitest';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { EntryRefused } from '../../../src/engine/entry.ts';
import { compiled, entryOf } from '../../support/scripted-shard.ts';
import type { RpcRequest, TdsRequest } from '../../support/tds/request.ts';
import { useScriptedConnection } from '../../support/scripted-connection.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const readCommitted = { ...options, isolation: 'read committed' } as const;
const change = (mark: string) => compiled(sql`update Blogs set Name = ${mark}`);

const wire = useScriptedConnection();

function requests(): TdsRequest[] {
  return wire.shard.server.recording.requests();
}

describe('a routed statement is one message', () => {
  test('whose text is this, in this order', async () => {
    await wire.connection.execute(entryOf(1), compiled(sql`update Blogs set Name = ${'a'} -- a comment`), options);
    expect(requests()).toHaveLength(1);
    expect(requests()[0]!.text).toMatchInlineSnapshot(`
      "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, NOCOUNT ON;
      SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, CURSOR_CLOSE_ON_COMMIT OFF;
      SET DATEFORMAT mdy;
      SET TEXTSIZE 2147483647;
      SET XACT_ABORT ON;
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      DECLARE @tenantry_ok int, @tenantry_transaction bigint;
      BEGIN TRANSACTION;
      SET @tenantry_transaction = CURRENT_TRANSACTION_ID();
      EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token;
      IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW 51010, N'The entry was not answered.', 1;
      PRINT N'tenantry: entered';
      BEGIN TRY
      SET IMPLICIT_TRANSACTIONS ON;
      SET NOCOUNT OFF;
      EXEC [sys].[sp_executesql] @tenantry_statement, N'@p1 nvarchar(40)', @p1;
      SET NOCOUNT ON;
      IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51011, N'Another transaction than its own was found.', 1;
      END TRY
      BEGIN CATCH
      SET NOCOUNT ON;
      IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51017, N'The statement ended its transaction.', 1;
      ROLLBACK TRANSACTION;
      THROW;
      END CATCH;
      COMMIT TRANSACTION;
      SET @tenantry_done = 1;
      "
    `);
  });

  test('which brings values of the context as one more typed parameter of the entry, alone and in a transaction', async () => {
    const contextValues = '{"userId":"u1"}';
    await wire.connection.execute(entryOf(1), change('a'), { ...options, contextValues });
    const transaction = await wire.connection.begin(entryOf(1), { ...readCommitted, contextValues });
    await transaction.query(change('b'));
    await transaction.commit();
    const [routed, begun, later] = requests() as RpcRequest[];
    for (const entered of [routed!, begun!]) {
      expect(entered.text).toContain(
        'EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token, @tenantry_values;',
      );
      expect(entered.parameters[4]).toMatchObject({ name: '@tenantry_values', declared: 'nvarchar(4000)', value: contextValues });
    }
    expect(later!.text).not.toContain('@tenantry_values');
    expect(requests()).toHaveLength(4);
  });

  test('with the parameters of the entry and typed ones of the caller', async () => {
    const values = sql`select ${1}, ${2 ** 40}, ${9_007_199_254_740_993n}, ${1.5}, ${true}, ${null}, ${'text'}, ${'x'.repeat(5000)}, ${Uint8Array.of(1)}, ${new Date('2026-11-21T10:11:12.123Z')}`;
    await wire.connection.execute(entryOf(1), compiled(values), options);
    expect((requests()[0] as RpcRequest).parameters.map(({ name, declared, value }) => [name, declared, value])).toEqual([
      ['@tenantry_mapping', 'int', 1],
      ['@tenantry_key', 'varbinary(128)', Buffer.from(entryOf(1).key)],
      ['@tenantry_epoch', 'bigint', 5n],
      ['@tenantry_token', 'varbinary(16)', Buffer.from(entryOf(1).token)],
      // Parsed as every engine parses names, whatever a reset has left the session with ("SET QUOTED_IDENTIFIER", nested batches).
      ['@tenantry_statement', 'nvarchar(max)', 'SET QUOTED_IDENTIFIER ON; select @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10'],
      ['@tenantry_done', 'bit', null],
      ['@p1', 'int', 1],
      ['@p2', 'bigint', 2n ** 40n],
      ['@p3', 'bigint', 9_007_199_254_740_993n],
      ['@p4', 'float', 1.5],
      ['@p5', 'bit', true],
      ['@p6', 'nvarchar(40)', null],
      ['@p7', 'nvarchar(40)', 'text'],
      ['@p8', 'nvarchar(max)', 'x'.repeat(5000)],
      ['@p9', 'varbinary(16)', Buffer.from([1])],
      ['@p10', 'datetime2(3)', '2026-11-21T10:11:12.123'],
    ]);
  });

  test('and with the types that the caller names: decimals of every width with all their digits', async () => {
    const widths = [9, 19, 28, 38].map((precision) => ({ precision, text: `-${'9'.repeat(precision - 2)}.07` }));
    const decimals = widths.map(({ precision, text }) => sql`${sql.decimal(text, precision, 2)}`);
    const id = '0b5e9c1a-0000-4000-8000-00000000abcd';
    await wire.connection.execute(entryOf(1), compiled(sql`select ${sql.uuid(id)}, ${sql.join(decimals)}`), options);
    const { text, parameters } = requests()[0] as RpcRequest;
    expect(text).toContain(
      "N'@p1 uniqueidentifier, @p2 decimal(9, 2), @p3 decimal(19, 2), @p4 decimal(28, 2), @p5 decimal(38, 2)', @p1, @p2, @p3, @p4, @p5;",
    );
    expect(parameters.slice(6).map(({ declared, value }) => [declared, String(value).toLowerCase()])).toEqual([
      ['uniqueidentifier', id],
      ...widths.map(({ precision, text: digits }) => [`decimal(${precision},2)`, digits]),
    ]);
  });

  test('and nothing else is sent for it: the first time, again, for a refusal, for an error, for no rows', async () => {
    await wire.connection.execute(entryOf(1), change('one'), options);
    await wire.connection.execute(entryOf(2), change('two'), options);
    wire.shard.model.mappings.get(1)!.state = 'OFFLINE';
    await wire.connection.execute(entryOf(1), change('three'), options).catch(() => undefined);
    wire.shard.answer = () => ({ error: { number: 2627 } });
    await wire.connection.execute(entryOf(2), change('four'), options).catch(() => undefined);
    wire.shard.answer = () => ({ columns: { n: 'int' }, rows: [] });
    await wire.connection.execute(entryOf(2), compiled(sql`select n from t`), options);
    expect(requests().map(({ kind }) => kind)).toEqual(['rpc', 'rpc', 'rpc', 'rpc', 'rpc']);
    expect(wire.shard.committed).toEqual(['one', 'two']);
  });

  test('its rows and counts are those of the statement, and its numbers are exact', async () => {
    wire.shard.answer = () => ({
      columns: { id: 'bigint', name: 'nvarchar(40)', amount: 'decimal(18,4)', bytes: 'varbinary(16)' },
      rows: [
        [9_007_199_254_740_993n, 'a', '12345678901.2345', Uint8Array.of(1, 2)],
        [2n, null, null, null],
      ],
    });
    expect(await wire.connection.execute(entryOf(1), compiled(sql`select id, name, amount, bytes from t`), options)).toEqual({
      rows: [
        { id: '9007199254740993', name: 'a', amount: '12345678901.2345', bytes: Buffer.from([1, 2]) },
        { id: '2', name: null, amount: null, bytes: null },
      ],
      rowCount: 2,
    });
    wire.shard.answer = () => ({ count: 7 });
    expect(await wire.connection.execute(entryOf(1), change('x'), options)).toEqual({ rows: [], rowCount: 7 });
  });
});

describe('an entry that is refused', () => {
  test.each([
    ['OFFLINE', { state: 'OFFLINE' }],
    ['DRAINING', { state: 'DRAINING' }],
    ['INCOMING', { state: 'INCOMING' }],
    ['STALE_EPOCH', { epoch: 6n }],
    ['BAD_TOKEN', { token: Buffer.alloc(16) }],
    ['UNKNOWN_MAPPING', { key: Buffer.from('80000009', 'hex') }],
  ] as const)('with %s runs nothing, and the connection serves the next', async (reason, mapping) => {
    Object.assign(wire.shard.model.mappings.get(1)!, mapping);
    await expect(wire.connection.execute(entryOf(1), change('a'), options)).rejects.toEqual(new EntryRefused({ reason }));
    await expect(wire.connection.begin(entryOf(1), readCommitted)).rejects.toEqual(new EntryRefused({ reason }));
    expect(wire.connection.usable).toBe(true);
    await wire.connection.execute(entryOf(2), change('b'), options);
    expect(wire.shard.committed).toEqual(['b']);
    expect(requests()).toHaveLength(3);
  });

  test("by a closed gate is no tenant's, and its own mapping is told first", async () => {
    wire.shard.model.gate.open = false;
    wire.shard.model.mappings.get(2)!.state = 'OFFLINE';
    const refused = (reason: 'OFFLINE' | 'UNVERIFIED') => new EntryRefused({ reason });
    await expect(wire.connection.execute(entryOf(1), change('a'), options)).rejects.toEqual(refused('UNVERIFIED'));
    await expect(wire.connection.begin(entryOf(1), readCommitted)).rejects.toEqual(refused('UNVERIFIED'));
    await expect(wire.connection.execute(entryOf(2), change('b'), options)).rejects.toEqual(refused('OFFLINE'));
    wire.shard.model.gate.open = true;
    await wire.connection.execute(entryOf(1), change('c'), options);
    expect(wire.shard.committed).toEqual(['c']);
  });

  test('with MOVED says where the tenant went', async () => {
    const movedTo = { shardId: '00000000-0000-4000-8000-00000000000b', epoch: 9 };
    Object.assign(wire.shard.model.mappings.get(1)!, { state: 'MOVED', movedTo });
    await expect(wire.connection.execute(entryOf(1), change('a'), options)).rejects.toEqual(
      new EntryRefused({ reason: 'MOVED', ...movedTo }),
    );
  });

  test('is not to be had by a statement that throws the same number', async () => {
    wire.shard.answer = () => ({ error: { number: 51_002, message: 'OFFLINE' }, fatal: true });
    const failure: unknown = await wire.connection.execute(entryOf(1), change('a'), options).catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(EntryRefused);
    expect(failure).toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
  });
});

describe('an entry that fails to run at all', () => {
  test.each([
    [2812, 'no such procedure'],
    [229, 'no right to it'],
    [1222, 'a lock that is not to be had'],
  ])('by %i (%s) runs nothing of the statement, and is no refusal', async (number) => {
    for (const work of [
      () => wire.connection.execute(entryOf(1), change('a'), options),
      () => wire.connection.begin(entryOf(1), readCommitted),
    ]) {
      wire.shard.model.failEntry = { number };
      const failure: unknown = await work().then(
        () => 'done',
        (error: unknown) => error,
      );
      expect(failure).not.toBeInstanceOf(EntryRefused);
      expect(failure).toMatchObject({ name: 'TenantryError', outcome: 'not-run' });
    }
    expect(wire.shard.committed).toEqual([]);
    for (const session of wire.shard.model.sessions.values()) expect(session.depth).toBe(0);
  });
});

describe('a session', () => {
  test('has the guard at the head of every message after its first, and ends as it was asked to', async () => {
    const transaction = await wire.connection.begin(entryOf(1), readCommitted);
    await transaction.query(change('a'));
    for await (const row of transaction.stream(compiled(sql`select n from t`))) expect(row).toEqual({ n: 1 });
    await transaction.commit();
    const given = await wire.connection.begin(entryOf(1), readCommitted);
    await given.query(change('b'));
    await given.rollback();
    expect(wire.shard.committed).toEqual(['a']);
    const guarded = requests().filter(({ text }) => !text.includes('[enter]'));
    expect(guarded).toHaveLength(5);
    for (const { text } of guarded) expect(text).toMatch(/^IF @@TRANCOUNT <> 1 THROW 51011, N'[^']*', 1;\n/);
    expect(guarded.map(({ reset }) => reset)).toEqual([false, false, false, false, false]);
    expect(guarded.every(({ transaction: descriptor }) => descriptor !== 0n)).toBe(true);
  });

  test('begins with this text, and runs a statement with this one', async () => {
    const transaction = await wire.connection.begin(entryOf(1), { ...options, isolation: 'serializable' });
    await transaction.query(change('a'));
    await transaction.rollback();
    expect(requests()[0]!.text).toMatchInlineSnapshot(`
      "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, NOCOUNT ON;
      SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, CURSOR_CLOSE_ON_COMMIT OFF;
      SET DATEFORMAT mdy;
      SET TEXTSIZE 2147483647;
      SET XACT_ABORT ON;
      SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
      DECLARE @tenantry_ok int;
      BEGIN TRANSACTION;
      EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token;
      IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW 51010, N'The entry was not answered.', 1;
      PRINT N'tenantry: entered';
      SET XACT_ABORT OFF;
      "
    `);
    expect(requests()[1]!.text).toMatchInlineSnapshot(`
      "IF @@TRANCOUNT <> 1 THROW 51011, N'Another transaction than its own was found.', 1;
      SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, NOCOUNT ON;
      SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, CURSOR_CLOSE_ON_COMMIT OFF;
      SET DATEFORMAT mdy;
      SET TEXTSIZE 2147483647;
      SET XACT_ABORT ON;
      SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
      DECLARE @tenantry_transaction bigint;
      SET @tenantry_transaction = CURRENT_TRANSACTION_ID();
      BEGIN TRY
      SET IMPLICIT_TRANSACTIONS ON;
      SET NOCOUNT OFF;
      EXEC [sys].[sp_executesql] @tenantry_statement, N'@p1 nvarchar(40)', @p1;
      SET NOCOUNT ON;
      IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51011, N'Another transaction than its own was found.', 1;
      END TRY
      BEGIN CATCH
      SET NOCOUNT ON;
      IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51017, N'The statement ended its transaction.', 1;
      ROLLBACK TRANSACTION;
      THROW;
      END CATCH;
      SET @tenantry_done = 1;
      "
    `);
    expect(requests()[2]).toMatchObject({
      kind: 'batch',
      text: "IF @@TRANCOUNT <> 1 THROW 51011, N'Another transaction than its own was found.', 1;\nROLLBACK TRANSACTION;",
    });
  });

  test.each([
    ['commits', 'COMMIT'],
    ['rolls back', 'ROLLBACK'],
    ['begins', 'BEGIN TRANSACTION'],
  ])('whose statement %s its transaction itself is found out; the next tenant is served as ever', async (_title, control) => {
    const controlling = compiled(sql`update Blogs set Name = ${'a'}\n${sqlText(control)}`);
    await expect(wire.connection.execute(entryOf(1), controlling, options)).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL' });
    await wire.reconnect();
    const transaction = await wire.connection.begin(entryOf(1), readCommitted);
    await expect(transaction.query(controlling)).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL' });
    await transaction.rollback();
    expect(wire.shard.committed).toEqual(control === 'COMMIT' ? ['a', 'a'] : []);
    if (!wire.connection.usable) await wire.reconnect();
    await wire.connection.execute(entryOf(2), change('b'), options);
    expect(wire.shard.committed.at(-1)).toBe('b');
  });
});
