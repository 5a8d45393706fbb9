import { describe, expect, test } from 'vitest';
import { sql, type SqlValue } from '../../../../src/core/sql.ts';
import { declaredType, typedValue } from '../../../../src/engine/mssql/parameter-types.ts';

const described = (value: SqlValue): unknown => {
  const { type, value: sent } = typedValue(value);
  return [type.text, sent];
};

describe("types of callers' values", () => {
  test.each<[SqlValue, unknown]>([
    [0, ['int', 0]],
    [-2147483648, ['int', -2147483648]],
    [2147483648, ['bigint', '2147483648']],
    [9007199254740991, ['bigint', '9007199254740991']],
    [9223372036854775807n, ['bigint', '9223372036854775807']],
    [0.5, ['float', 0.5]],
    [true, ['bit', true]],
    [null, ['nvarchar(40)', null]],
    ['', ['nvarchar(40)', '']],
    ['a'.repeat(41), ['nvarchar(400)', 'a'.repeat(41)]],
    ['a'.repeat(4000), ['nvarchar(4000)', 'a'.repeat(4000)]],
    ['a'.repeat(4001), ['nvarchar(max)', 'a'.repeat(4001)]],
    [Uint8Array.of(1), ['varbinary(16)', Buffer.from([1])]],
    [new Uint8Array(8001), ['varbinary(max)', Buffer.alloc(8001)]],
    [new Date(0), ['datetime2(3)', new Date(0)]],
    [sql.uuid('0b5e9c1a-0000-4000-8000-00000000abcd'), ['uniqueidentifier', '0b5e9c1a-0000-4000-8000-00000000abcd']],
    [sql.decimal('-12345678901234.5678', 18, 4), ['decimal(18, 4)', -123456789012345678n]],
    [sql.decimal('-0.5', 3, 2), ['decimal(3, 2)', -50n]],
    [
      [1, 'a', 2n, null],
      ['nvarchar(40)', '[1,"a","2",null]'],
    ],
  ])('%#: the value travels as its type', (value, expected) => {
    expect(described(value)).toEqual(expected);
  });

  test.each<SqlValue>([Number.NaN, Infinity, 2n ** 63n, new Date(Number.NaN), [Uint8Array.of(1)]])(
    '%#: what SQL Server has no type for is refused',
    (value) => {
      expect(() => typedValue(value)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
    },
  );
});

describe('types that query files declare', () => {
  test.each<[string, SqlValue, unknown]>([
    ['int', 5, 5],
    ['bigint', 5, '5'],
    ['bit', false, false],
    ['nvarchar(3)', 'abc', 'abc'],
    ['nvarchar(max)', [1, 2], '[1,2]'],
    ['varbinary(2)', Uint8Array.of(1, 2), Buffer.from([1, 2])],
    ['uniqueidentifier', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001'],
    ['datetime2(3)', new Date(5), new Date(5)],
    ['int', null, null],
  ])('%s takes %j', (type, value, sent) => {
    expect(declaredType(type)?.('name', value)).toMatchObject({ name: 'name', value: sent });
  });

  test.each<[string, SqlValue]>([
    ['int', 'five'],
    ['int', 0.5],
    ['bit', 1],
    ['nvarchar(3)', 'abcd'],
    ['varbinary(2)', Uint8Array.of(1, 2, 3)],
    ['uniqueidentifier', 'not one'],
  ])('%s does not take %j, and the error does not say it', (type, value) => {
    expect(() => declaredType(type)?.('name', value)).toThrow(
      expect.objectContaining({ code: 'INTERNAL', detail: `The value of @name does not fit its type ${type}.` }),
    );
  });

  test.each(['text', 'int(4)', 'nvarchar', 'nvarchar(x)', ''])('%j is no type of a parameter', (type) => {
    expect(declaredType(type)).toBeUndefined();
  });
});
