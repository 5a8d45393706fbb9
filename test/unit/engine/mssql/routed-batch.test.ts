import { describe, expect, test } from 'vitest';
import { beginBatch, endBatches, ownBatch, routedBatch, sessionBatch, streamBatch } from '../../../../src/engine/mssql/routed-batch.ts';

const settings = `SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, NOCOUNT ON;
SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, CURSOR_CLOSE_ON_COMMIT OFF;
SET DATEFORMAT mdy;
SET TEXTSIZE 2147483647;
`;
const guard = "IF @@TRANCOUNT <> 1 THROW 51011, N'Another transaction than its own was found.', 1;\n";
const enter = `BEGIN TRANSACTION;
SET @tenantry_transaction = CURRENT_TRANSACTION_ID();
EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token;
IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW 51010, N'The entry was not answered.', 1;
PRINT N'tenantry: entered';
`;

describe('the batches of the SQL Server engine', () => {
  test('a routed statement enters, runs, is guarded and committed, in this order', () => {
    expect(routedBatch('SELECT 1 -- a comment')).toBe(
      `${settings}SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
DECLARE @tenantry_ok int, @tenantry_transaction bigint;
${enter}SET @tenantry_token = NULL;
SET NOCOUNT OFF;
SELECT 1 -- a comment
;SET NOCOUNT ON;
IF @@TRANCOUNT <> 1 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51011, N'Another transaction than its own was found.', 1;
COMMIT TRANSACTION;
PRINT N'tenantry: committed';
`,
    );
  });

  test('the text of a statement is built once', () => {
    const statement = `SELECT ${'x'.repeat(20)}`;
    expect(Object.is(routedBatch(statement), routedBatch(statement))).toBe(true);
    expect(sessionBatch('serializable', statement)).toBe(sessionBatch('serializable', statement));
  });

  test('a transaction begins at its isolation, with XACT_ABORT off behind it for the sake of error 266', () => {
    const text = beginBatch('serializable');
    expect(text).toContain(
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nDECLARE @tenantry_ok int;\nBEGIN TRANSACTION;\nEXEC @tenantry_ok',
    );
    expect(text).toMatch(/PRINT N'tenantry: entered';\nSET XACT_ABORT OFF;\n$/);
  });

  test('every later message of a transaction begins with the guard, and a statement ends with it', () => {
    const session = sessionBatch('repeatable read', 'SELECT 1');
    expect(
      session.startsWith(
        `${guard}${settings}SET XACT_ABORT ON;\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nSET NOCOUNT OFF;\nSELECT 1\n`,
      ),
    ).toBe(true);
    expect(session.endsWith(`\n;SET NOCOUNT ON;\n${guard}`)).toBe(true);
    expect(endBatches).toEqual({ commit: `${guard}COMMIT TRANSACTION;`, rollback: `${guard}ROLLBACK TRANSACTION;` });
  });

  test('a stream that is left does not cost its transaction', () => {
    expect(streamBatch('read committed', 'SELECT 1')).toContain('SET XACT_ABORT OFF;\nSET TRANSACTION ISOLATION LEVEL READ COMMITTED;');
  });

  test("the program's own statements bring their settings along", () => {
    expect(ownBatch('SELECT 1')).toBe(
      `${settings}SET XACT_ABORT ON;\nSET TRANSACTION ISOLATION LEVEL READ COMMITTED;\nSET NOCOUNT OFF;\nSELECT 1`,
    );
  });
});
