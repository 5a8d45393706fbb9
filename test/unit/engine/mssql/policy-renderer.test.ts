import { describe, expect, test } from 'vitest';
import { compileSql, sql, type SqlValue } from '../../../../src/core/sql.ts';
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
