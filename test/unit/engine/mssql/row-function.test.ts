import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import type { Predicate, RowPolicy } from '../../../../src/core/predicate.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { policyMarks, rowFunction, slotPredicates } from '../../../../src/engine/mssql/row-function.ts';
import { predicateKinds, policyTables, samples } from '../../../support/policies/mssql-predicates.ts';

const withPolicies = (...policies: readonly RowPolicy[]) => ({ ...samples, policies });
const onReading = (predicate: Predicate) => withPolicies({ name: 'own', conditions: { select: predicate } });
const owner: Predicate = { kind: 'owner', column: 'Owner', value: { name: 'userId', type: 'string' } };
const admin: Predicate = { kind: 'role', role: 'admin', value: { name: 'roles', type: 'strings' } };

function functionOf(table: ReturnType<typeof withPolicies>) {
  const { create, call, ...made } = rowFunction(table, slotPredicates(table)[0]!.conditions, policyTables);
  return { ...made, create: compileSql(create, mssqlDialect).text, call: compileSql(call, mssqlDialect).text };
}

/** What is asked of a row besides the tenant. */
function conditionOf(predicate: Predicate): string {
  return /\n {2}OR \(([^]*)\);$/.exec(functionOf(onReading(predicate)).create)![1]!;
}

describe('a function of rows', () => {
  const made = functionOf(withPolicies({ name: 'own', conditions: { select: owner } }, { name: 'roles', conditions: { select: admin } }));

  test('admits the tenant as ever, and whoever is not app, or those of whom every condition is true', () => {
    const [, own = '', roles = ''] = /-- (own [0-9a-f]{32})\n-- (roles [0-9a-f]{32})\n/.exec(made.create)!;
    expect(made.create).toBe(`CREATE FUNCTION [tenantry].[${made.name}](@TenantId [int], @Owner [nvarchar](50)) RETURNS TABLE
WITH SCHEMABINDING
AS
-- Rows that tenant traffic is admitted to: those of its tenant of which the policies below are true.
-- takes [TenantId],[Owner]
-- tenant [TenantId] of [dbo].[Samples]
-- ${own}
-- ${roles}
RETURN SELECT 1 AS [allowed]
FROM [tenantry].[visible](@TenantId) AS [tenant]
WHERE EXISTS (SELECT 1 FROM [tenantry].[beyond_policies]() AS [beyond])
  OR (EXISTS (SELECT 1 FROM [tenantry].[context_value](N'userId') AS [value] WHERE @Owner COLLATE Latin1_General_100_BIN2 = CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 AND DATALENGTH(@Owner) = DATALENGTH(CAST([value].[value] AS nvarchar(4000))))
    AND EXISTS (SELECT 1 FROM [tenantry].[context_list](N'roles') AS [value] WHERE CAST([value].[value] AS nvarchar(4000)) COLLATE Latin1_General_100_BIN2 = N'admin' COLLATE Latin1_General_100_BIN2 AND DATALENGTH(CAST([value].[value] AS nvarchar(4000))) = DATALENGTH(N'admin')));`);
    expect(made.call).toBe(`[tenantry].[${made.name}]([TenantId],[Owner])`);
  });

  test('has the digest of its text without its name at the end of its name', () => {
    const text = made.create.replaceAll(`[${made.name}]`, '');
    const digest = createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex').slice(0, 32);
    expect(made).toMatchObject({ digest, name: `rows_dbo.Samples_${digest}` });
  });

  test('has a name that fits, and no two tables the same', () => {
    const { policies } = onReading(admin);
    const names = ['a', 'b'].map((last) => {
      const place = { schema: 'dbo', table: `${'x'.repeat(127)}${last}` };
      const [filter] = slotPredicates({ ...place, tenantColumn: 'TenantId', policies });
      const found = [{ ...place, columns: policyTables[0]!.columns }];
      return rowFunction({ ...place, tenantColumn: 'TenantId', policies }, filter!.conditions, found).name;
    });
    expect(names.map((name) => name.length)).toEqual([128, 128]);
    expect(new Set(names).size).toBe(2);
  });

  test.each(predicateKinds)('writes $name', ({ predicate, condition }) => {
    expect(conditionOf(predicate)).toBe(condition);
  });

  test('has a parameter for every column, whatever it is called, of its type, or of Unicode where it has a code page', () => {
    const columns = ['Owner', 'Wide', 'Login', 'Fixed', 'Long', 'Sample Id', 'Sample-Id', 'Größe', ']'];
    const raw: Predicate = { kind: 'raw', text: { mssql: '1 = 1' }, columns };
    expect(functionOf(onReading(raw)).create.split('\n')[0]).toContain(
      '(@TenantId [int], @Owner [nvarchar](50), @Wide [nchar](10), @Login [nvarchar](40), @Fixed [nvarchar](8), @Long [nvarchar](max), ' +
        '@Sample_Id [int], @Sample_Id_2 [bigint], @Gr__e [decimal](9, 2), @_ [uniqueidentifier]) RETURNS',
    );
  });

  test.each<[string, Predicate, string]>([
    ['a column that the table lacks', { ...owner, column: 'owners' }, 'the column owners, which dbo.Samples lacks'],
    ['raw words that this engine lacks', { kind: 'raw', text: { postgres: 'true' }, columns: [] }, 'A raw predicate has no file for mssql'],
  ])('is refused for %s', (_, predicate, reason) => {
    expect(() => functionOf(onReading(predicate))).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }) as Error);
    expect(() => functionOf(onReading(predicate))).toThrow(reason);
  });
});

describe('what the predicates of a table ask', () => {
  const asked = (conditions: RowPolicy['conditions']) =>
    slotPredicates(withPolicies({ name: 'own', conditions }))
      .filter((slot) => slot.conditions.length > 0)
      .map(({ kind, operation }) => (operation === null ? kind : operation));

  test('is asked of a row that is there only where the filter has not asked it', () => {
    expect(asked({ select: owner, insert: owner, update: owner, delete: owner })).toEqual(['FILTER', 'AFTER INSERT', 'AFTER UPDATE']);
    expect(asked({ select: owner, update: owner, delete: owner })).toEqual(['FILTER', 'AFTER UPDATE']);
    expect(asked({ insert: owner, update: owner, delete: owner })).toEqual([
      'AFTER INSERT',
      'AFTER UPDATE',
      'BEFORE UPDATE',
      'BEFORE DELETE',
    ]);
    expect(asked({ select: owner, update: owner, delete: admin })).toEqual(['FILTER', 'AFTER UPDATE', 'BEFORE DELETE']);
  });

  test('is known by marks that change with the policy and its words, and with nothing else', () => {
    const [mark] = policyMarks(onReading(owner));
    expect(mark).toEqual({ kind: 'FILTER', operation: null, marks: [expect.stringMatching(/^own [0-9a-f]{32}$/)] });
    expect(policyMarks({ ...onReading(owner), table: 'Others' })).toEqual([mark]);
    expect(policyMarks(onReading({ ...owner, column: 'Login' }))).not.toEqual([mark]);
    expect(policyMarks(withPolicies({ name: 'other', conditions: { select: owner } }))).not.toEqual([mark]);
    expect(functionOf(onReading(owner)).create).toContain(`\n-- ${(mark!['marks'] as string[])[0]}\n`);
  });
});
