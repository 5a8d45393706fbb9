import { describe, expect, test } from 'vitest';
import type { KeyType } from '../../../../src/core/key-type.ts';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { sql, type SqlValue } from '../../../../src/core/sql.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../../../src/engine/mssql/policy-renderer.ts';

describe('which rows are those of a range of keys', () => {
  const column = sql.id('TenantId');
  const within = (keyType: 'string' | 'bigint', low: SqlValue | undefined, high: SqlValue | undefined) =>
    compileSql(mssqlPolicyRenderer.within(column, keyType, { low, high }), mssqlDialect);

  test('is said of text in the order of its bytes, and beside it so that an index can answer', () => {
    const bytes = (of: string): string => `CAST(CAST(${of} COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(512)) AS varbinary(512))`;
    expect(within('string', 'b', 'd\u{10000}')).toEqual({
      text: `[TenantId] >= @p1 AND [TenantId] <= @p2 AND ${bytes('[TenantId]')} >= ${bytes('@p3')} AND ${bytes('[TenantId]')} < ${bytes('@p4')}`,
      values: ['b'.padEnd(128, '\u0001'), 'd'.padEnd(128, '\uffff'), 'b', 'd\u{10000}'],
    });
    expect(within('string', undefined, 'd').values).toEqual(['d', 'd']);
    expect(within('string', undefined, undefined).text).toBe('1 = 1');
  });

  test('is said of other keys in the type of the column', () => {
    expect(within('bigint', '1', '9')).toEqual({
      text: '[TenantId] >= CAST(@p1 AS bigint) AND [TenantId] < CAST(@p2 AS bigint)',
      values: ['1', '9'],
    });
  });
});

// "Row-Level Security": changes of a table fail for the columns that a schema-bound policy names.
test('a table gets the default of its tenant column before the policy is bound to that column', () => {
  const table = { schema: 'dbo', table: 'Blogs', tenantColumn: 'TenantId', role: 'routed', sequences: [] } as const;
  const items = mssqlPolicyRenderer.wanted(table, 'int').map(({ item }) => item);
  expect(items.slice(0, 4)).toEqual(['default', 'security policy', 'filter predicate', 'block predicate']);
});

describe('what the tenant column of a new row is', () => {
  const defaultOf = (table: string, keyType: KeyType) => {
    const items = mssqlPolicyRenderer.wanted({ schema: 'dbo', table, tenantColumn: 'Tenant]Id', role: 'routed', sequences: [] }, keyType);
    const found = items.find(({ item }) => item === 'default');
    return { definition: found?.definition, text: compileSql(found!.statements[0]!, mssqlDialect).text };
  };

  test.each<[KeyType, string]>([
    ['int', '[int]'],
    ['bigint', '[bigint]'],
    ['uuid', '[uniqueidentifier]'],
    ['string', '[nvarchar](128)'],
    ['bytes', '[varbinary](128)'],
  ])('for keys of type %s is the entered tenant in the words of the server, under a name', (keyType, type) => {
    const { definition, text } = defaultOf('Blogs', keyType);
    expect(definition).toBe('tenantry_default_Blogs: the entered tenant');
    expect(text.split('\n').at(-1)).toBe(
      `ALTER TABLE [dbo].[Blogs] ADD CONSTRAINT [tenantry_default_Blogs] DEFAULT (CONVERT(${type}, SESSION_CONTEXT(N'tenantry.tenant'))) FOR [Tenant]]Id];`,
    );
  });

  test('has a name that fits, and no two tables the same', () => {
    const names = ['a', 'b'].map((last) => defaultOf(`${'x'.repeat(127)}${last}`, 'int').definition?.split(':')[0]);
    expect(names.map((name) => name?.length)).toEqual([128, 128]);
    expect(new Set(names).size).toBe(2);
  });
});

test('a batch of rows that are purged gives way where it meets a tenant in a deadlock', () => {
  const { text } = compileSql(mssqlPolicyRenderer.deleteSome(sql.id('dbo', 'Blogs'), sql`1 = 1`, 10), mssqlDialect);
  expect(text).toBe('SET DEADLOCK_PRIORITY LOW;\nDELETE TOP (@p1) FROM [dbo].[Blogs] WHERE 1 = 1');
});
