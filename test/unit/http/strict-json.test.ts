import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../../../src/http/json/strict-json.ts';
import { checkProperty } from '../../support/random.ts';

describe('parseStrictJson', () => {
  it('reads what JSON.parse reads', () => {
    checkProperty(
      fc.property(fc.json({ maxDepth: 6, noUnicodeString: false }), fc.nat(4), (text, space) => {
        const spaced = JSON.stringify(JSON.parse(text), null, space);
        expect(parseStrictJson(spaced)).toEqual({ value: JSON.parse(spaced) });
      }),
      300,
    );
  });

  it.each([
    ['{"a":1,"a":2}', '/a'],
    ['{"a":1,"\\u0061":2}', '/a'],
    ['[{"x":{"b/c":1,"d":"\\"","b/c":[]}}]', '/0/x/b~1c'],
    ['{"a":[{"b":1},{"b":1,"b":1}]}', '/a/1/b'],
    ['{"":1,"":2}', '/'],
    ['{"__proto__":1,"__proto__":2}', '/__proto__'],
  ])('refuses the name that stands twice in %s', (text, pointer) => {
    expect(parseStrictJson(text)).toEqual({ pointer, problem: 'is named twice in one object' });
  });

  it('reads a string of many million characters', () => {
    const text = 'x'.repeat(16_000_000);
    expect(parseStrictJson(JSON.stringify({ text }))).toEqual({ value: { text } });
  });

  it('allows a name again in another object, and as a value', () => {
    expect(parseStrictJson('{"a":{"a":"a"},"b":["a","a",{"a":1}]}')).toHaveProperty('value');
  });

  it.each(['9007199254740993', '-9007199254740993', '123456789012345678901234567890', '1e999', '-1e400'])(
    'refuses the number %s',
    (text) => {
      expect(parseStrictJson(`{"a":[0,${text}]}`)).toMatchObject({
        pointer: '/a/1',
        problem: expect.stringContaining('would change') as string,
      });
    },
  );

  it.each(['0', '-0', '9007199254740991', '100000000000000000000', '1.5', '1e300', '0.1', '1E+2', '1e-400'])(
    'reads the number %s',
    (text) => {
      expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) });
    },
  );

  it('refuses nesting deeper than 64, long before it hurts', () => {
    expect(parseStrictJson('['.repeat(64) + ']'.repeat(64))).toHaveProperty('value');
    expect(parseStrictJson('['.repeat(65) + ']'.repeat(65))).toMatchObject({ problem: 'is nested deeper than 64 levels' });
  });

  it('says where the text stops being JSON, and nothing of it', () => {
    const refused = parseStrictJson('{"password": hunter2}');
    expect(refused).toEqual({ pointer: '', problem: expect.stringMatching(/^is not JSON/) as string });
    expect(JSON.stringify(refused)).not.toContain('hunter');
  });

  it('makes a plain member of __proto__', () => {
    const parsed = parseStrictJson('{"__proto__":{"admin":true}}') as { value: Record<string, unknown> };
    expect(Object.keys(parsed.value)).toEqual(['__proto__']);
    expect(parsed.value['admin']).toBeUndefined();
  });
});
