import { describe, expect, test } from 'vitest';
import { callersParameters } from '../../../../src/engine/mssql/routed-parameters.ts';
import { beginBatch, endBatches, ownBatch, routedBatch, sessionBatch, streamBatch } from '../../../../src/engine/mssql/routed-batch.ts';

const settings = `SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, NOCOUNT ON;
SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, CURSOR_CLOSE_ON_COMMIT OFF;
SET DATEFORMAT mdy;
SET TEXTSIZE 2147483647;
`;
const guard = "IF @@TRANCOUNT <> 1 THROW 51011, N'Another transaction than its own was found.', 1;\n";
const remember = 'SET @tenantry_transaction = CURRENT_TRANSACTION_ID();\n';
const enter = `BEGIN TRANSACTION;
${remember}EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token;
IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW 51010, N'The entry was not answered.', 1;
PRINT N'tenantry: entered';
`;
const fenced = (call: string): string => `BEGIN TRY
SET IMPLICIT_TRANSACTIONS ON;
SET NOCOUNT OFF;
EXEC [sys].[sp_executesql] @tenantry_statement${call};
SET NOCOUNT ON;
IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51011, N'Another transaction than its own was found.', 1;
END TRY
BEGIN CATCH
SET NOCOUNT ON;
IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51017, N'The statement ended its transaction.', 1;
ROLLBACK TRANSACTION;
THROW;
END CATCH;
`;
const done = 'SET @tenantry_done = 1;\n';
const values = callersParameters([1, 'a']);
const call = ", N'@p1 int, @p2 nvarchar(40)', @p1, @p2";

describe('the batches of the SQL Server engine', () => {
  test('a routed statement enters, runs in a scope of its own, is guarded and committed, in this order', () => {
    const head = `${settings}SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
DECLARE @tenantry_ok int, @tenantry_transaction bigint;
${enter}`;
    expect(routedBatch('bare', [])).toBe(`${head}${fenced('')}COMMIT TRANSACTION;\n${done}`);
    expect(routedBatch('bare', values)).toBe(`${head}${fenced(call)}COMMIT TRANSACTION;\n${done}`);
  });

  test('values of the context are one more parameter of the entry, and nothing else changes', () => {
    const withValues = (text: string): string => text.replace('@tenantry_token;', '@tenantry_token, @tenantry_values;');
    expect(routedBatch('withValues', values)).toBe(withValues(routedBatch('bare', values)));
    expect(beginBatch('withValues', 'serializable')).toBe(withValues(beginBatch('bare', 'serializable')));
    expect(withValues('@tenantry_token;')).not.toBe('@tenantry_token;');
    expect(routedBatch('withValues', values)).toContain('@tenantry_values;');
  });

  test('the text for a list of types is built once', () => {
    expect(Object.is(routedBatch('bare', values), routedBatch('bare', callersParameters([2, 'b'])))).toBe(true);
    expect(sessionBatch('serializable', values)).toBe(sessionBatch('serializable', callersParameters([2, 'b'])));
  });

  test('a transaction begins at its isolation, with XACT_ABORT off behind it for the sake of error 266', () => {
    const text = beginBatch('bare', 'serializable');
    expect(text).toContain(
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nDECLARE @tenantry_ok int;\nBEGIN TRANSACTION;\nEXEC @tenantry_ok',
    );
    expect(text).toMatch(/PRINT N'tenantry: entered';\nSET XACT_ABORT OFF;\n$/);
  });

  test('every later message of a transaction begins with the guard, and a statement ends with it', () => {
    expect(sessionBatch('repeatable read', values)).toBe(
      `${guard}${settings}SET XACT_ABORT ON;\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nDECLARE @tenantry_transaction bigint;\n${remember}${fenced(call)}${done}`,
    );
    expect(endBatches).toEqual({ commit: `${guard}COMMIT TRANSACTION;`, rollback: `${guard}ROLLBACK TRANSACTION;` });
  });

  test('a stream that is left does not cost its transaction', () => {
    expect(streamBatch('read committed', values)).toContain('SET XACT_ABORT OFF;\nSET TRANSACTION ISOLATION LEVEL READ COMMITTED;');
  });

  test("the program's own statements bring their settings along", () => {
    expect(ownBatch('SELECT 1')).toBe(
      `${settings}SET XACT_ABORT ON;\nSET TRANSACTION ISOLATION LEVEL READ COMMITTED;\nSET NOCOUNT OFF;\nSELECT 1`,
    );
  });
});
