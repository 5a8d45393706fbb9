import { describe, expect, test } from 'vitest';
import type { KeyType } from '../../../../src/core/key-type.ts';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { sql, type SqlValue } from '../../../../src/core/sql.ts';
import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPurgeStatements } from '../../../../src/engine/mssql/purge-statements.ts';

describe('which rows are those of a range of keys', () => {
  const column = sql.id('TenantId');
  const within = (keyType: KeyType, low: SqlValue | undefined, high: SqlValue | undefined) =>
    compileSql(mssqlPurgeStatements.within(column, keyType, { low, high }), mssqlDialect);

  test('is said of text in the order of its bytes, and beside it so that an index can answer', () => {
    const bytes = (of: string): string => `CAST(CAST(${of} COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(512)) AS varbinary(512))`;
    expect(within('string', 'b', 'd\u{10000}')).toEqual({
      text: `[TenantId] >= @p1 AND [TenantId] <= @p2 AND ${bytes('[TenantId]')} >= ${bytes('@p3')} AND ${bytes('[TenantId]')} < ${bytes('@p4')}`,
      values: ['b'.padEnd(128, '\u0001'), 'd'.padEnd(128, '\uffff'), 'b', 'd\u{10000}'],
    });
    expect(within('string', undefined, 'd').values).toEqual(['d', 'd']);
    expect(within('string', undefined, undefined).text).toBe('1 = 1');
  });

  test.each([
    ['int', 'int'],
    ['bigint', 'bigint'],
    ['uuid', 'uniqueidentifier'],
    ['bytes', 'varbinary(128)'],
  ] as const)('is said of keys of type %s in the type of the column', (keyType, type) => {
    expect(within(keyType, '1', '9')).toEqual({
      text: `[TenantId] >= CAST(@p1 AS ${type}) AND [TenantId] < CAST(@p2 AS ${type})`,
      values: ['1', '9'],
    });
  });
});

test('a batch of rows that are purged gives way where it meets a tenant in a deadlock', () => {
  const { text } = compileSql(mssqlPurgeStatements.deleteSome(sql.id('dbo', 'Blogs'), sql`1 = 1`, 10), mssqlDialect);
  expect(text).toBe('SET DEADLOCK_PRIORITY LOW;\nDELETE TOP (@p1) FROM [dbo].[Blogs] WHERE 1 = 1');
});
