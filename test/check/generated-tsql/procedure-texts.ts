import { proceduresSchema } from '../../../src/config/procedures-schema.ts';
import { columnKinds, type ColumnKind } from '../../../src/core/column-kind.ts';
import { compileSql } from '../../../src/core/compile-sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import { qualifiedProcedures } from '../../../src/engine/qualified-procedures.ts';
import { callStatement } from '../../../src/http/procedures/procedure-statements.ts';
import { servedProcedure } from '../../../src/http/procedures/served-procedure.ts';
import type { GeneratedTsql } from '../../support/generated-tsql.ts';
import { callersStatement } from './callers-statement.ts';

/** Procedures of each answer, with every kind of value, the calls of them, and who may make these. */
export function procedureTexts(): GeneratedTsql[] {
  const valueOf = (kind: ColumnKind) => ({ type: kind, ...(kind === 'decimal' ? { precision: 18, scale: 4 } : {}) });
  const ofKinds = (kinds: readonly ColumnKind[], more: object) =>
    Object.fromEntries(kinds.map((kind) => [kind, { ...valueOf(kind), ...more }]));
  const configured = proceduresSchema.parse({
    Nothing: { parameters: ofKinds(columnKinds, { nullable: true }), returns: 'nothing' },
    Rows: {
      returns: {
        rows: ofKinds(
          columnKinds.filter((kind) => kind !== 'json'),
          {},
        ),
      },
    },
    Whole: { returns: 'json' },
  });
  const types = [
    'smallint',
    'int',
    'bigint',
    'decimal(18, 4)',
    'real',
    'float',
    'bit',
    'nvarchar(40)',
    'uniqueidentifier',
    'varbinary(40)',
    'date',
    'time',
    'datetime2',
    'datetimeoffset',
  ];
  const selected = types.map((type, index) => `CAST(NULL AS ${type}) AS [c${index}]`).join(', ');
  const declared = [...types, 'nvarchar(max)'].map((type, index) => `@${columnKinds[index]} ${type}`).join(', ');
  const bodies = [`[Nothing] ${declared} AS RETURN 0`, `[Rows] AS SELECT ${selected}`, `[Whole] AS SELECT 1 AS [x] FOR JSON PATH`];
  const calls = configured.map((procedure) => {
    const served = servedProcedure(procedure, false);
    const all = [...served.parameters.values()];
    return [true, false].map((isNull) => callStatement(served)(new Map(all.map((parameter) => [parameter, isNull ? null : 'x']))));
  });
  const rights = qualifiedProcedures(configured, mssqlDialect).flatMap((procedure) =>
    mssqlPolicyRenderer.procedureRights(procedure).concat(
      mssqlPolicyRenderer.withdrawal({
        schema: procedure.schema,
        routine: procedure.routine,
        arguments: '',
        given: { schema: procedure.schema, routine: procedure.routine, arguments: '', id: '1' },
      }),
    ),
  );
  return [
    ...bodies.map((body, index) => ({ name: `procedure ${index}`, text: `CREATE PROCEDURE [dbo].${body}`, defines: true })),
    ...calls.flat().map((call, index) => callersStatement(`call ${index}`, compileSql(call, mssqlDialect))),
    ...rights
      .flatMap(({ statements }) => statements)
      .map((statement, index) => ({ name: `right to call ${index}`, text: compileSql(statement, mssqlDialect).text })),
  ];
}
