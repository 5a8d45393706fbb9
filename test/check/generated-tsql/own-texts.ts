import { compileSql } from '../../../src/core/compile-sql.ts';
import { sql } from '../../../src/core/sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { QueryLibrary } from '../../../src/engine/mssql/query-library.ts';
import { attempted, attemptedAll } from '../../../src/engine/mssql/rehearsal.ts';
import { endBatches, ownBatch, ownBegin, ownSession, resetBatch } from '../../../src/engine/mssql/routed-batch.ts';
import { callersParameters } from '../../../src/engine/mssql/routed-parameters.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';
import { entryOf } from '../../support/scripted-shard.ts';

/** What the program says for itself, and tries before it lets tenants in. */
export function ownTexts(): GeneratedTsql[] {
  return [
    { name: 'own begin', text: ownBegin },
    { name: 'own session', text: ownSession },
    { name: 'own call', text: ownBatch('SELECT 1 AS [one];'), parameters: [] },
    { name: 'reset', text: resetBatch },
    { name: 'commit', text: endBatches.commit },
    { name: 'rollback', text: endBatches.rollback },
    { name: 'what the gate tries', text: `DECLARE @histograms int;\n${triedByGate()}` },
    ...rehearsedTexts(),
  ];
}

/** What is tried as another user. */
function rehearsedTexts(): GeneratedTsql[] {
  const entry = entryOf(1);
  const entered = {
    bare: { entry, contextValues: undefined },
    'with values': { entry, contextValues: '{"userId":"ann"}' },
    nobody: undefined,
  };
  const asDbo = { caller: { user: 'dbo' }, statement: sql`DELETE FROM [dbo].[Blogs] WHERE [Name] = N'it''s'` };
  const together = compileSql(
    attemptedAll([
      asDbo,
      { ...asDbo, before: sql`delete from [dbo].[Posts] where [Text] = N'x'; delete from [dbo].[Blogs] where [TenantId] = 1` },
    ]),
    mssqlDialect,
  );
  const inner = /sp_executesql\] N'((?:[^']|'')+)'/.exec(together.text)![1]!.replaceAll("''", "'");
  const alone = Object.entries(entered).flatMap(([name, entering]) => {
    const statement = attempted('dbo', entering, sql`SELECT @@SPID AS [session], ${1} AS [one];`);
    const { text, values } = compileSql(statement, mssqlDialect);
    const [called, , ...given] = values;
    return [
      { name: `rehearsed by ${name}`, text: ownBatch(text), parameters: callersParameters(values) },
      { name: `called by ${name}`, text: called as string, parameters: callersParameters(given) },
    ];
  });
  return [
    ...alone,
    { name: 'rehearsed together', text: ownBatch(together.text), parameters: callersParameters(together.values) },
    { name: 'one of those', text: `DECLARE @rows int;\n${inner}` },
  ];
}

/** The one statement that the gate runs by a text. */
function triedByGate(): string {
  const { text } = new QueryLibrary().query('policy/gate', { tables: '[]' });
  return /sp_executesql\s+N'((?:[^']|'')+)'/.exec(text)![1]!.replaceAll("''", "'");
}
