import { TYPES } from 'tedious';
import { describe, expect, test } from 'vitest';
import { RowReader } from '../../../../src/engine/mssql/row-reader.ts';

const read = (type: { readonly name: string }, value: unknown, scale?: number, form: 'text' | 'number' = 'text'): unknown =>
  new RowReader([{ colName: 'value', type, scale }], form).read([{ value }])['value'];

describe('values of an answer of SQL Server', () => {
  test.each([
    ['0.0000', TYPES.Decimal, 0, 4],
    ['12345678901.2345', TYPES.Decimal, 12345678901.2345, 4],
    ['-0.10', TYPES.Numeric, -0.1, 2],
    ['922337203.6854', TYPES.Money, 922337203.6854, undefined],
  ])('%s is a decimal with its digits', (text, type, value, scale) => {
    expect(read(type, value, scale)).toBe(text);
  });

  test('a decimal that the driver has rounded is an error, not another number', () => {
    expect(() => read(TYPES.Decimal, Number('12345678901234.5678'), 4)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  test("64-bit integers are text for callers and safe numbers for the program's own queries", () => {
    expect(read(TYPES.BigInt, '9007199254740993')).toBe('9007199254740993');
    expect(read(TYPES.BigInt, '5', undefined, 'number')).toBe(5);
    expect(() => read(TYPES.BigInt, '9007199254740993', undefined, 'number')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  test('a time of day is text with the digits of its scale', () => {
    const value = Object.assign(new Date('1970-01-01T10:20:30.123Z'), { nanosecondsDelta: 0.0004567 });
    expect(read(TYPES.Time, value, 7)).toBe('10:20:30.1234567');
    expect(read(TYPES.Time, value, 0)).toBe('10:20:30');
  });

  test('null stays null, and a column may have any name', () => {
    expect(read(TYPES.Decimal, null, 2)).toBeNull();
    const row = new RowReader([{ colName: '__proto__', type: TYPES.Int }], 'text').read([{ value: 1 }]);
    expect(Object.entries(row)).toEqual([['__proto__', 1]]);
  });
});
