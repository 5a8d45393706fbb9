import { expect, test } from 'vitest';
import { proceduresSchema } from '../../../src/config/procedures-schema.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import { qualifiedProcedures } from '../../../src/engine/qualified-procedures.ts';
import { procedureFindings } from '../../../src/policy/procedure-findings.ts';
import { administered } from '../../support/administered.ts';
import { answerFile, askedFile } from '../../support/library-answers.ts';
import { startTdsServer } from '../../support/tds/server.ts';

const columns = {
  schema: 'nvarchar(128)',
  routine: 'nvarchar(128)',
  form: 'nvarchar(40)',
  parameters: 'nvarchar(max)',
  columns: 'nvarchar(max)',
  answer: 'nvarchar(max)',
  runsAs: 'nvarchar(128)',
  readsOnly: 'bit',
  grantable: 'bit',
  code: 'nvarchar(max)',
  definers: 'nvarchar(max)',
} as const;

const codeOf = (...texts: readonly (readonly [routine: string, text: string | null])[]): string =>
  JSON.stringify(texts.map(([routine, text]) => ({ schema: 'dbo', routine, text, language: 'tsql' })));
const parameter = (name: string, type: string): object => ({ name, type, baseType: type, hasDefault: null });

test('procedures of a shard are judged by their parameters and by the text of all that they call', async () => {
  const said = {
    columns,
    rows: [
      [
        'dbo',
        'Fine',
        'procedure',
        JSON.stringify([parameter('Id', 'bigint'), parameter('Doc', 'nvarchar')]),
        null,
        null,
        null,
        null,
        true,
        codeOf(['Fine', 'CREATE PROCEDURE Fine @Id bigint, @Doc nvarchar(max) AS UPDATE t SET x = 1']),
        '[]',
      ],
      [
        'dbo',
        'Nested',
        'procedure',
        '[]',
        null,
        null,
        null,
        null,
        true,
        codeOf(['Nested', 'CREATE PROCEDURE Nested AS EXEC dbo.Inner'], ['Inner', 'CREATE PROCEDURE Inner AS COMMIT']),
        JSON.stringify([{ schema: 'dbo', routine: 'AllRows', runsAs: 'its owner' }]),
      ],
      ['dbo', 'Hidden', 'procedure', '[]', null, null, 'its owner', null, false, codeOf(['Hidden', null]), '[]'],
      ['dbo', 'Reads', 'procedure', '[]', null, null, null, null, true, codeOf(['Reads', 'CREATE PROCEDURE Reads AS DELETE FROM t']), '[]'],
      ['dbo', 'View', 'object of type V', '[]', null, null, null, null, true, null, '[]'],
    ],
  };
  const asked: string[] = [];
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(['policy/procedures'], request);
      if (file !== undefined && request.kind === 'rpc')
        asked.push(String(request.parameters.find(({ name }) => name.endsWith('procedures'))?.value));
      return answerFile(file === undefined ? undefined : said, request, answer);
    },
  });
  const { database } = administered(server);
  const configured = proceduresSchema.parse({
    Fine: { parameters: { Id: 'int64', Doc: { type: 'json', required: false } }, returns: 'nothing' },
    Nested: { returns: 'json' },
    Hidden: { returns: 'json' },
    Reads: { returns: 'json', readOnly: true },
    View: { returns: 'json' },
    Gone: { returns: 'json' },
  });
  const procedures = qualifiedProcedures(configured, mssqlDialect);
  const found = await database.transaction((session) =>
    procedureFindings(session, { renderer: mssqlPolicyRenderer, dialect: mssqlDialect }, procedures),
  );
  expect(JSON.parse(asked[0] ?? '')).toEqual(
    ['Fine', 'Nested', 'Hidden', 'Reads', 'View', 'Gone'].map((routine) => ({ schema: 'dbo', routine })),
  );
  expect(found.map(({ object, code, severity, text }) => [object, code, severity, text])).toEqual([
    ['dbo.Nested', 'runs-as-another', 'refused', "runs as its owner (in dbo.AllRows, which it calls), not as the tenant's login"],
    [
      'dbo.Nested',
      'ends-transaction',
      'refused',
      'ends or changes the transaction that it is called in: COMMIT (in dbo.Inner, which it calls)',
    ],
    ['dbo.Hidden', 'runs-as-another', 'refused', "runs as its owner, not as the tenant's login"],
    ['dbo.Hidden', 'rights-not-given', 'refused', 'cannot be given to app by the admin login, whom it does not belong to'],
    ['dbo.Hidden', 'unread-code', 'refused', 'runs what cannot be looked at before it is called: it is encrypted'],
    ['dbo.Reads', 'writes-in-reads', 'refused', 'changes a table, and the configuration says readOnly: DELETE'],
    ['dbo.View', 'not-a-procedure', 'refused', 'is an object of type V, which nobody can call by a request'],
    ['dbo.Gone', 'missing-procedure', 'refused', 'does not exist in the shard'],
  ]);
});
