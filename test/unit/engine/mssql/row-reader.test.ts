import mssql from 'mssql';
import { describe, expect, test } from 'vitest';
import { RowReader } from '../../../../src/engine/mssql/row-reader.ts';

const read = (type: unknown, value: unknown, scale?: number, form: 'text' | 'number' = 'text'): unknown =>
  new RowReader([{ name: 'value', type, scale }], form).read([value])['value'];

describe('values of an answer of SQL Server', () => {
  test.each([
    ['0.0000', mssql.Decimal, 0, 4],
    ['12345678901.2345', mssql.Decimal, 12345678901.2345, 4],
    ['-0.10', mssql.Numeric, -0.1, 2],
    ['922337203.6854', mssql.Money, 922337203.6854, undefined],
  ])('%s is a decimal with its digits', (text, type, value, scale) => {
    expect(read(type, value, scale)).toBe(text);
  });

  test('a decimal that the driver has rounded is an error, not another number', () => {
    expect(() => read(mssql.Decimal, Number('12345678901234.5678'), 4)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  test("64-bit integers are text for callers and safe numbers for the program's own queries", () => {
    expect(read(mssql.BigInt, '9007199254740993')).toBe('9007199254740993');
    expect(read(mssql.BigInt, '5', undefined, 'number')).toBe(5);
    expect(() => read(mssql.BigInt, '9007199254740993', undefined, 'number')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  test('a time of day is text with the digits of its scale', () => {
    const value = Object.assign(new Date('1970-01-01T10:20:30.123Z'), { nanosecondsDelta: 0.0004567 });
    expect(read(mssql.Time, value, 7)).toBe('10:20:30.1234567');
    expect(read(mssql.Time, value, 0)).toBe('10:20:30');
  });

  test('null stays null, and a column may have any name', () => {
    expect(read(mssql.Decimal, null, 2)).toBeNull();
    const row = new RowReader([{ name: '__proto__' }], 'text').read([1]);
    expect(Object.entries(row)).toEqual([['__proto__', 1]]);
  });
});
