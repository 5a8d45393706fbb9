import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tenantKey } from '../../../../shardmap/key.ts';
import { atLeast, atMost } from '../../../../src/engine/mssql/text-bounds.ts';

/** How a binary collation of UTF-16 compares: unit by unit, the shorter text filled up with spaces. */
function compared(left: string, right: string): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [a = 0x20, b = 0x20] = [left[index], right[index]].map((unit) => unit?.charCodeAt(0));
    if (a !== b) return a - b;
  }
  return 0;
}

const byKey = (left: string, right: string): number => Buffer.compare(tenantKey('string', left).bytes, tenantKey('string', right).bytes);

// Few characters, on every side of what the two orders and the padding disagree about.
const character = fc.constantFrom('\u0001', '\u001f', ' ', 'a', 'b', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}');
const key = fc
  .array(character, { minLength: 1, maxLength: 6 })
  .map((characters) => characters.join(''))
  .filter((text) => !text.endsWith(' '));

test('every key of a range is between the bounds, as the server compares them', () => {
  fc.assert(
    fc.property(key, key, (bound, text) => {
      if (byKey(text, bound) >= 0) expect(compared(text, atLeast(bound))).toBeGreaterThanOrEqual(0);
      else expect(compared(text, atMost(bound))).toBeLessThanOrEqual(0);
    }),
    { numRuns: 20_000 },
  );
});

test.each([
  ['a', 'a'.padEnd(128, '\u0001'), 'a'],
  ['shop-7', 'shop-7'.padEnd(128, '\u0001'), 'shop-7'],
  ['a\ue000b', 'a'.padEnd(128, '\u0001'), 'a\ue000b'],
  ['a\u{10000}b', 'a\u{10000}b'.padEnd(128, '\u0001'), 'a'.padEnd(128, '\uffff')],
  ['a\u0001b', 'a\u0001b'.padEnd(128, '\u0001'), 'a'.padEnd(128, '\uffff')],
])('the bounds of %j are no wider than they have to be', (text, low, high) => {
  expect([atLeast(text), atMost(text)]).toEqual([low, high]);
});
