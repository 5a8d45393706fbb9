import { describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';

const refused = (detail: RegExp) => expect.objectContaining({ code: 'INVALID_REQUEST', detail: expect.stringMatching(detail) });

describe('a uuid', () => {
  test('is taken in either case', () => {
    expect(sql.uuid('0B5E9C1A-0000-4000-8000-00000000abcd')).toMatchObject({
      type: { name: 'uuid' },
      text: '0B5E9C1A-0000-4000-8000-00000000abcd',
    });
  });

  test.each([
    '',
    '0b5e9c1a',
    '{0b5e9c1a-0000-4000-8000-00000000abcd}',
    '0b5e9c1a-0000-4000-8000-00000000abcd ',
    '0b5e9c1a00004000800000000000abcd',
  ])('is not %j', (text) => {
    expect(() => sql.uuid(text)).toThrow(refused(/^A uuid is 32 hexadecimal digits/));
  });
});

describe('a decimal', () => {
  test.each([
    ['12.5', 3, 1],
    ['-0.0001', 4, 4],
    ['007.10', 2, 1],
    ['99999999999999999999999999999999999999', 38, 0],
    ['0', 1, 1],
  ])('%s is one of %i digits, %i of them after the point', (text, precision, scale) => {
    expect(sql.decimal(text, precision, scale)).toMatchObject({ type: { name: 'decimal', precision, scale }, text });
  });

  test.each([
    ['100', 2, 0],
    ['1.25', 3, 1],
    ['10', 3, 2],
  ])('%s is no decimal(%i, %i): it would be rounded or cut, and the error does not say it', (text, precision, scale) => {
    expect(() => sql.decimal(text, precision, scale)).toThrow(
      refused(new RegExp(`^The number does not fit decimal\\(${precision}, ${scale}\\) as it is\\.$`)),
    );
  });

  test.each(['', '.', '.5', '5.', '1e3', '+1', ' 1', 'NaN', '1,5', '٣'])('%j is no number', (text) => {
    expect(() => sql.decimal(text, 18, 4)).toThrow(refused(/^A decimal is given as text/));
  });

  test.each([
    [0, 0],
    [39, 0],
    [4, 5],
    [4, -1],
    [4.5, 1],
    [Number.NaN, 0],
  ])('%d digits, %d of them after the point, are no type', (precision, scale) => {
    expect(() => sql.decimal('1', precision, scale)).toThrow(refused(/^A decimal has 1 to 38 digits/));
  });
});

test('a list holds texts, not typed values', () => {
  expect(() => sql`select ${[sql.decimal('1', 1, 0)]}`).toThrow(refused(/^Value 1 of a statement is a list with typed values/));
});
