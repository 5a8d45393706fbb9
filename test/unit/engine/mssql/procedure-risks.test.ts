import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { procedureRisks } from '../../../../src/engine/mssql/procedure-risks.ts';
import type { ProcedureCode } from '../../../../src/engine/procedure-code.ts';
import { checkProperty } from '../../../support/random.ts';

const code = (text: string | null, routine = 'P', schema = 'dbo'): ProcedureCode => ({ schema, routine, text, language: 'tsql' });
const others = [code('', 'Known'), code('', 'Of Sales', 'sales')];
const risksOf = (body: string): string[] => {
  const own = code(`CREATE PROCEDURE [dbo].[P] @Id int AS\n${body}`);
  return procedureRisks(own, [own, ...others]).map((risk) => `${risk.code}: ${risk.detail}`);
};

const ending: readonly (readonly [string, string])[] = [
  ['COMMIT', 'COMMIT'],
  ['commit work', 'COMMIT'],
  ['/* x */ Rollback/**/tran', 'ROLLBACK'],
  ['IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION [here]', 'ROLLBACK'],
  ['BEGIN TRAN', 'BEGIN TRANSACTION'],
  ['begin\n-- the start of\ntransaction', 'BEGIN TRANSACTION'],
  ['BEGIN DISTRIBUTED TRAN', 'BEGIN TRANSACTION'],
  ['SAVE TRAN a', 'SAVE TRANSACTION'],
  ['SET IMPLICIT_TRANSACTIONS OFF', 'SET IMPLICIT_TRANSACTIONS'],
  [
    'SET NOCOUNT, ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, QUOTED_IDENTIFIER, ANSI_NULL_DFLT_ON, CONCAT_NULL_YIELDS_NULL, CURSOR_CLOSE_ON_COMMIT, NUMERIC_ROUNDABORT, FORCEPLAN, NOEXEC, implicit_transactions ON',
    'SET IMPLICIT_TRANSACTIONS',
  ],
  ['SET ANSI_DEFAULTS ON', 'SET ANSI_DEFAULTS'],
  ['SET XACT_ABORT OFF', 'SET XACT_ABORT OFF'],
  ['SET NOCOUNT, XACT_ABORT OFF', 'SET XACT_ABORT OFF'],
  ['SET TRANSACTION ISOLATION LEVEL SNAPSHOT', 'SET TRANSACTION'],
  ['IF 1=1commit', 'COMMIT'],
  ['SET @x=1rollback', 'ROLLBACK'],
  ['IF 1=1begin tran', 'BEGIN TRANSACTION'],
  ['IF 1=1set implicit_transactions on', 'SET IMPLICIT_TRANSACTIONS'],
  ['IF @x=0xrollback', 'ROLLBACK'],
  ['IF @m=$1commit', 'COMMIT'],
];

const unread: readonly (readonly [string, string])[] = [
  [`EXEC ('select 1')`, 'EXECUTE of a text'],
  [`IF 1=1e0exec('commit')`, 'EXECUTE of a text'],
  ['EXECUTE(@text)', 'EXECUTE of a text'],
  ['EXEC @name', 'EXECUTE of a name in a variable'],
  ['EXEC @result = @name', 'EXECUTE of a name in a variable'],
  [`EXEC sp_executesql N'select 1'`, 'EXECUTE sp_executesql'],
  ['exec @r = sys . sp_set_session_context @key', 'EXECUTE sys.sp_set_session_context'],
  ['EXEC [Unknown]', 'EXECUTE Unknown'],
  ['EXEC sales.Known', 'EXECUTE sales.Known'],
  ['EXEC [Of Sales]', 'EXECUTE Of Sales'],
  ['EXEC other.dbo.Known', 'EXECUTE other.dbo.Known'],
  ['EXEC other..Known', 'EXECUTE other..Known'],
  ['EXEC dbo.Known;2', 'EXECUTE dbo.Known'],
  [`EXECUTE AS USER = 'dbo'`, 'EXECUTE AS'],
  ['EXEC AS CALLER', 'EXECUTE AS'],
  ['REVERT', 'REVERT'],
  ['USE master', 'USE'],
  [`SELECT * FROM OPENQUERY(other, 'select 1')`, 'OPENQUERY'],
];

const harmless: readonly string[] = [
  `SELECT N'COMMIT; it''s ROLLBACK', 'BEGIN TRAN' AS [COMMIT]`,
  'SELECT [a]]COMMIT], "ROLLBACK" FROM [SAVE TRAN]',
  '-- COMMIT\nSELECT 1 -- EXEC x',
  '/* COMMIT /* ROLLBACK */ EXEC (x) */ SELECT 1',
  'BEGIN TRY SELECT 1 END TRY BEGIN CATCH THROW END CATCH',
  'SET XACT_ABORT ON; SET NOCOUNT ON; SET @commit = 1',
  'UPDATE @t SET XACT_ABORT = 1, x = 2',
  'EXEC dbo.Known @Id = 1',
  'SELECT @Id=1,@x$1commit=2, x£1commit, #1rollback FROM t',
  'DECLARE @r int; EXEC @r = [DBO] . "Known" 1, 2',
  'execute sales.[Of Sales]; SELECT 2',
  'EXEC P @Id',
  `SELECT 1 OPTION (USE HINT ('DISABLE_OPTIMIZER_ROWGOAL'))`,
  'SELECT @@TRANCOUNT, XACT_STATE() AS x, @commit, #rollback, savepoint_commit FROM t$commit',
];

describe('the text of a procedure of SQL Server', () => {
  it.each(ending)('ends its transaction by %s', (body, detail) => {
    expect(risksOf(`SELECT 1;\n${body};`)).toContain(`ends-transaction: ${detail}`);
  });

  it.each(unread)('runs what nobody reads by %s', (body, detail) => {
    expect(risksOf(`SELECT 1;\n${body}`)).toContain(`unread-code: ${detail}`);
  });

  it.each(harmless)('is harmless: %s', (body) => {
    expect(risksOf(body)).toEqual([]);
  });

  it.each<[body: string, says: readonly string[]]>([
    [
      'INSERT INTO [Blogs] VALUES (1); update Blogs SET x = 1; DELETE TOP (1) FROM dbo.Blogs; MERGE Blogs USING t',
      ['INSERT', 'UPDATE', 'DELETE', 'MERGE'],
    ],
    ['TRUNCATE TABLE Blogs', ['TRUNCATE']],
    [
      'INSERT @t SELECT 1; INSERT INTO #t VALUES (1); UPDATE TOP (2) @t SET x = 1; DELETE FROM [#t]; MERGE INTO @t USING x ON 1 = 1 WHEN MATCHED THEN UPDATE SET y = 1 WHEN NOT MATCHED THEN INSERT (y) VALUES (1)',
      [],
    ],
    ['SELECT [INSERT], "UPDATE" FROM t -- DELETE FROM Blogs', []],
  ])('writes tables: %s', (body, says) => {
    expect(risksOf(body)).toEqual(says.map((word) => `writes-in-reads: ${word}`));
  });

  it('may say that it runs as its caller, and not that it runs as another', () => {
    const risks = (options: string) =>
      procedureRisks(code(`CREATE PROCEDURE P WITH ${options} AS SELECT 1`), []).map(({ detail }) => detail);
    expect([risks('EXECUTE AS CALLER'), risks('RECOMPILE, EXEC AS CALLER'), risks('EXECUTE AS OWNER')]).toEqual([[], [], ['EXECUTE AS']]);
  });

  it('is refused where it is encrypted', () => {
    expect(procedureRisks(code(null), [])).toEqual([{ code: 'unread-code', detail: 'it is encrypted' }]);
  });

  it('is told by its dangers alone, wherever they stand and whatever is quoted around them', () => {
    const quoted = fc
      .tuple(fc.constantFrom('COMMIT', `EXEC ('x')`, 'ROLLBACK', 'SAVE TRAN a', 'USE x'), fc.constantFrom(`'`, '"', '[', '/*', '--'))
      .map(([words, quote]) => {
        if (quote === '[') return `SELECT 1 AS [${words}]]${words}]`;
        if (quote === '/*') return `/* ${words} /* ' */ ${words} */`;
        return quote === '--'
          ? `-- ${words} ' [ " /*\n`
          : `SELECT ${quote}${words.replaceAll(quote, quote + quote)}${quote}${quote}${words.replaceAll(quote, '')}${quote}`;
      });
    const filler = fc.array(fc.oneof(quoted, fc.constantFrom(...harmless)), { maxLength: 6 }).map((parts) => parts.join('\n;'));
    const danger = fc.constantFrom(...ending, ...unread);
    // What a word may stand right behind; numbers have an exponent, or would take the E of EXECUTE for one.
    const touching = fc.constantFrom('\n;', '1e0', '.5E', '$2.e-', '£3.5e+7', `'x'`, '[x]', '"x"', '/**/', '(', '=');
    checkProperty(
      fc.property(filler, touching, danger, filler, (before, touched, [body, detail], after) => {
        expect(risksOf(`${before}\n;${after}`)).toEqual([]);
        expect(risksOf(`${before}\n;SELECT ${touched}${body}\n;${after}`).map((risk) => risk.slice(risk.indexOf(':') + 2))).toContain(
          detail,
        );
      }),
    );
  });
});
