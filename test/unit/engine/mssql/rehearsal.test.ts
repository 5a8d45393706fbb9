import { describe, expect, it } from 'vitest';
import { TenantryError } from '../../../../src/core/errors.ts';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { sql } from '../../../../src/core/sql.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlRehearsals } from '../../../../src/engine/mssql/rehearsal.ts';
import type { Rehearsal } from '../../../../src/engine/rehearsal.ts';
import type { Row, SqlSession } from '../../../../src/core/session.ts';
import { entryOf } from '../../../support/scripted-shard.ts';

const changed = { rows: 1, error: null, severity: null };

/**
 * A session that notes what it is sent, and answers that what is tried together ended so; in the order and number that \`answering\`
 * leaves.
 */
function scripted(
  tried: readonly Row[],
  answering = (rows: readonly Row[]): readonly Row[] => rows,
): { readonly sent: string[]; readonly values: unknown[][]; readonly session: SqlSession } {
  const sent: string[] = [];
  const values: unknown[][] = [];
  const answered = async (): Promise<{ rows: never[]; rowCount: number }> => ({ rows: [], rowCount: 0 });
  const session: SqlSession = {
    query: async (statement) => {
      const compiled = compileSql(statement, mssqlDialect);
      const { text } = compiled;
      sent.push(text);
      values.push([...compiled.values]);
      const places = [...text.matchAll(/INSERT INTO @tenantry_tried VALUES \((\d+), @tenantry_rows/g)].length;
      const answers = tried.slice(0, places).map((row, position) => Object.assign({ position }, row));
      return { rows: [...answering(answers)] as never[], rowCount: places };
    },
    run: answered,
    script: async () => undefined,
  };
  return { sent, values, session };
}

async function begun(session: SqlSession, sent: string[]): Promise<Rehearsal> {
  const rehearsal = await mssqlRehearsals.begin(session, ['shop_app']);
  sent.length = 0;
  return rehearsal;
}

const app = { user: 'shop_app' };
const asTenant = { ...app, entry: entryOf(1) };
const statement = sql`DELETE FROM [dbo].[Blogs] WHERE [Name] = N'it''s'`;

describe('what is tried together on SQL Server', () => {
  it('is one message, whose rows say what became of each', async () => {
    const { sent, session } = scripted([
      { rows: 2, error: null, severity: null },
      { rows: 0, error: 229, severity: 14 },
      { rows: 0, error: 2627, severity: 14 },
    ]);
    const rehearsal = await begun(session, sent);
    expect(await rehearsal.attemptAll(Array.from({ length: 3 }, () => ({ caller: app, statement })))).toMatchObject([
      { outcome: 'done', rowCount: 2 },
      { outcome: 'refused', error: { code: 'FORBIDDEN' } },
      { outcome: 'refused', error: { code: 'CONFLICT' } },
    ]);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toContain(
      "EXEC [sys].[sp_executesql] N'SET QUOTED_IDENTIFIER ON; EXECUTE AS USER = N''shop_app'';\nDELETE FROM [dbo].[Blogs] WHERE [Name] = N''it''''s'';\nSET @rows = @@ROWCOUNT;'",
    );
  });

  it('begins with what admin does before it, as admin', async () => {
    const { sent, session } = scripted([changed]);
    const before = sql`delete from [dbo].[Posts]; delete from [dbo].[Blogs]`;
    await (await begun(session, sent)).attemptAll([{ caller: app, statement: sql`INSERT INTO [dbo].[Blogs] DEFAULT VALUES;`, before }]);
    expect(sent[0]).toContain(
      "EXEC [sys].[sp_executesql] N'SET QUOTED_IDENTIFIER ON; delete from [dbo].[Posts]; delete from [dbo].[Blogs];\nEXECUTE AS USER = N''shop_app'';\nINSERT INTO [dbo].[Blogs] DEFAULT VALUES;;",
    );
  });

  it('is undone statement by statement', async () => {
    const { sent, session } = scripted([changed, changed]);
    const rehearsal = await begun(session, sent);
    await rehearsal.attemptAll([
      { caller: app, statement },
      { caller: app, statement },
    ]);
    expect(sent[0]?.match(/SAVE TRANSACTION|EXEC \[sys\]|ROLLBACK TRANSACTION \[tenantry_attempt\]/g)).toEqual([
      'SAVE TRANSACTION',
      'EXEC [sys]',
      'ROLLBACK TRANSACTION [tenantry_attempt]',
      'SAVE TRANSACTION',
      'EXEC [sys]',
      'ROLLBACK TRANSACTION [tenantry_attempt]',
    ]);
  });

  it('is given up with the first lock that is not given: those behind it would wait as long, each', async () => {
    const { sent, session } = scripted([changed]);
    await (await begun(session, sent)).attemptAll([{ caller: app, statement }]);
    expect(sent[0]).toContain(
      'THROW;\nIF ERROR_NUMBER() = 1222\nBEGIN\nWHILE @@TRANCOUNT > 1 COMMIT TRANSACTION;\nTHROW;\nEND;\nINSERT INTO @tenantry_tried',
    );
  });

  it('comes before the tenant who enters, or behind: he enters once, in a message of his own', async () => {
    const { sent, session } = scripted(Array.from({ length: 40 }, () => changed));
    const rehearsal = await begun(session, sent);
    const before = Array.from({ length: 2 }, () => ({ caller: app, statement }));
    const behind = Array.from({ length: 40 }, () => ({ caller: asTenant, statement }));
    expect(await rehearsal.attemptAll([...before, ...behind])).toHaveLength(42);
    const kinds = sent.map((text) =>
      text.includes('@tenantry_tried') ? 'together' : text.includes('sp_executesql') ? 'enters' : 'undoes',
    );
    expect(kinds).toEqual(['together', 'enters', 'undoes', 'together', 'together']);
  });

  it('tells another tenant than the one of the session', async () => {
    const { sent, session } = scripted([changed]);
    const rehearsal = await begun(session, sent);
    const attempts = [1, 2].map((mappingId) => ({ caller: { ...app, entry: { ...entryOf(1), mappingId } }, statement }));
    await expect(rehearsal.attemptAll(attempts)).rejects.toMatchObject({
      code: 'INTERNAL',
      detail: expect.stringContaining('another tenant') as string,
    });
  });

  it('goes on where a statement has taken a COMMIT off the number, and lets none commit', async () => {
    const { sent, session } = scripted([{ rows: 0, error: 51_011, severity: 16 }, changed]);
    const rehearsal = await begun(session, sent);
    const attempts = Array.from({ length: 2 }, () => ({ caller: app, statement }));
    expect(await rehearsal.attemptAll(attempts)).toMatchObject([
      { outcome: 'refused', error: { code: 'TRANSACTION_CONTROL' } },
      { outcome: 'done', rowCount: 1 },
    ]);
    const counted = sent[0]?.match(
      /WHILE @@TRANCOUNT .*|IF @@TRANCOUNT <> 16 THROW|EXEC \[sys\]|ROLLBACK TRANSACTION \[tenantry_attempt\]/g,
    );
    const one = [
      'WHILE @@TRANCOUNT < 16 BEGIN TRANSACTION;',
      'WHILE @@TRANCOUNT > 16 COMMIT TRANSACTION;',
      'EXEC [sys]',
      'IF @@TRANCOUNT <> 16 THROW',
      'WHILE @@TRANCOUNT > 1 COMMIT TRANSACTION;',
      'ROLLBACK TRANSACTION [tenantry_attempt]',
    ];
    expect(counted).toEqual([...one, ...one, 'WHILE @@TRANCOUNT > 1 COMMIT TRANSACTION;']);
  });

  it('throws what says nothing of the statement', async () => {
    const { sent, session } = scripted([{ rows: 0, error: 1222, severity: 16 }]);
    const rehearsal = await begun(session, sent);
    await expect(rehearsal.attemptAll([{ caller: app, statement }])).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
  it.each([
    { told: 'none', answering: (): readonly Row[] => [] },
    { told: 'two of three', answering: (rows: readonly Row[]) => rows.slice(0, 2) },
    { told: 'more than were asked', answering: (rows: readonly Row[]) => [...rows, { position: 3, ...changed }] },
    { told: 'one twice, and another not', answering: (rows: readonly Row[]) => [...rows.slice(0, 2), { position: 1, ...changed }] },
  ])('is an error where the server tells of $told', async ({ answering }) => {
    const { sent, session } = scripted([changed, changed, changed], answering);
    const rehearsal = await begun(session, sent);
    const attempts = Array.from({ length: 3 }, () => ({ caller: app, statement }));
    await expect(rehearsal.attemptAll(attempts)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('what is tried by itself on SQL Server', () => {
  it('is a call in a call, so deep that its COMMIT commits nothing', async () => {
    const { sent, values, session } = scripted([]);
    const rehearsal = await begun(session, sent);
    values.length = 0;
    await rehearsal.attempt(app, sql`SELECT ${1} AS [one], ${'a'} AS [a]`);
    expect(sent).toEqual([
      `SET XACT_ABORT OFF;
SET IMPLICIT_TRANSACTIONS ON;
DECLARE @tenantry_transaction bigint = CURRENT_TRANSACTION_ID();
SAVE TRANSACTION [tenantry_attempt];
BEGIN TRY
WHILE @@TRANCOUNT < 16 BEGIN TRANSACTION;
WHILE @@TRANCOUNT > 16 COMMIT TRANSACTION;
EXEC [sys].[sp_executesql] @p1, @p2, @p1 = @p3, @p2 = @p4;
IF @@TRANCOUNT <> 16 THROW 51011, N'Another transaction than its own was found.', 1;
WHILE @@TRANCOUNT > 1 COMMIT TRANSACTION;
END TRY
BEGIN CATCH
IF @@TRANCOUNT = 0 OR CURRENT_TRANSACTION_ID() <> @tenantry_transaction THROW 51017, N'The statement ended its transaction.', 1;
IF XACT_STATE() = 1 WHILE @@TRANCOUNT > 1 COMMIT TRANSACTION;
THROW;
END CATCH;`,
      'ROLLBACK TRANSACTION [tenantry_attempt];',
    ]);
    const text = "SET QUOTED_IDENTIFIER ON; EXECUTE AS USER = N'shop_app';\nSELECT @p1 AS [one], @p2 AS [a]";
    expect(values[0]).toEqual([text, '@p1 int, @p2 nvarchar(40)', 1, 'a']);
  });

  it.each([
    ['is refused where it began or ended a transaction, and all is there still', 'not-run' as const, 'refused'],
    ['is no answer where nobody knows what it committed', 'unknown' as const, 'thrown TRANSACTION_CONTROL'],
  ])('%s', async (_title, outcome, comes) => {
    const { sent, session } = scripted([]);
    const failing: SqlSession = {
      ...session,
      query: async (each) => {
        if (!compileSql(each, mssqlDialect).text.includes('sp_executesql')) return await session.query(each);
        throw new TenantryError('TRANSACTION_CONTROL', undefined, { outcome });
      },
    };
    const rehearsal = await begun(failing, sent);
    const attempt = rehearsal.attempt(app, statement).then(
      ({ outcome: told }) => told,
      ({ code }: TenantryError) => `thrown ${code}`,
    );
    expect(await attempt).toBe(comes);
  });
});
