import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cacheKey,
  keyTypes,
  sentinelKeys,
  tenantKey,
  tenantKeyFromBytes,
  tenantKeyFromText,
  type KeyType,
  type TenantId,
} from '../../../shardmap/key.ts';
import { compareKeyBytes } from '../../../shardmap/key-encoding.ts';
import { checkProperty } from '../../support/random.ts';

const vectors = JSON.parse(readFileSync(new URL('../../../docs/key-vectors.json', import.meta.url), 'utf8')) as Record<
  KeyType,
  [text: string, hex: string][]
>;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const refusal = (type: KeyType): object =>
  expect.objectContaining({ code: 'INVALID_TENANT_ID', message: expect.stringContaining(`A key of type ${type} is `) as string });

/** Valid ids of each type. */
const ids: { readonly [T in KeyType]: fc.Arbitrary<TenantId> } = {
  int: fc.integer().filter((value) => value !== 0),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((value) => value !== 0n),
  uuid: fc.uuid(),
  string: fc
    .string({ unit: 'binary', minLength: 1, maxLength: 60 })
    .filter((value) => !value.endsWith(' ') && !value.includes('\0') && Buffer.byteLength(value) <= 128),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 128 }).filter((value) => value.at(-1) !== 0),
};

/**
 * SQL Server's order as its developers describe it (blogs.msdn.microsoft.com, "How are GUIDs compared in SQL Server 2005?"):
 * groups from right to left; the first three groups are stored little-endian.
 */
function compareAsSqlServer(left: string, right: string): number {
  const [left1 = '', left2 = '', left3 = '', left4 = '', left5 = ''] = left.split('-');
  const [right1 = '', right2 = '', right3 = '', right4 = '', right5 = ''] = right.split('-');
  const stored = (group: string): string => (group.match(/../g) ?? []).toReversed().join('');
  const pairs = [
    [left5, right5],
    [left4, right4],
    [stored(left3), stored(right3)],
    [stored(left2), stored(right2)],
    [stored(left1), stored(right1)],
  ] as const;
  for (const [a, b] of pairs) if (a !== b) return a < b ? -1 : 1;
  return 0;
}

function compareByCodePoints(left: string, right: string): number {
  const [a, b] = [Array.from(left), Array.from(right)].map((text) => text.map((character) => character.codePointAt(0)!)) as [
    number[],
    number[],
  ];
  const index = a.findIndex((point, position) => point !== b[position]);
  return index === -1 ? a.length - b.length : a[index]! - (b[index] ?? -1);
}

const valueOrder: { readonly [T in KeyType]: (left: never, right: never) => number } = {
  int: (left: number, right: number) => left - right,
  bigint: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
  uuid: compareAsSqlServer,
  string: compareByCodePoints,
  bytes: (left: Uint8Array, right: Uint8Array) => (hex(left) < hex(right) ? -1 : hex(left) > hex(right) ? 1 : 0),
};

describe.each(keyTypes)('a key of type %s', (type) => {
  it('has the published encodings, in ascending order', () => {
    expect(vectors[type].map(([text]) => [text, hex(tenantKeyFromText(type, text).bytes)])).toEqual(vectors[type]);
    const encodings = vectors[type].map(([, encoding]) => Buffer.from(encoding, 'hex'));
    expect(encodings.toSorted(compareKeyBytes)).toEqual(encodings);
  });

  it('comes back the same from its value, its text and its bytes', () => {
    checkProperty(
      fc.property(ids[type], (id) => {
        const key = tenantKey(type, id);
        expect(tenantKeyFromText(type, key.text)).toEqual(key);
        expect(tenantKeyFromBytes(type, key.bytes)).toEqual(key);
        expect(key.bytes.length).toBeGreaterThanOrEqual(1);
        expect(key.bytes.length).toBeLessThanOrEqual(128);
      }),
    );
  });

  it('sorts by its bytes as its values sort', () => {
    checkProperty(
      fc.property(ids[type], ids[type], (left, right) => {
        const bytes = compareKeyBytes(tenantKey(type, left).bytes, tenantKey(type, right).bytes);
        expect(Math.sign(bytes)).toBe(Math.sign(valueOrder[type](left as never, right as never)));
      }),
    );
  });

  it('shares its cache key with nothing but itself', () => {
    checkProperty(
      fc.property(ids[type], ids[type], (left, right) => {
        const same = tenantKey(type, left).text === tenantKey(type, right).text;
        expect(cacheKey(type, left) === cacheKey(type, right)).toBe(same);
      }),
    );
  });

  it('is refused to callers where policies are tried out in its name, and read back all the same', () => {
    const [one, other] = sentinelKeys(type);
    expect(one.text).not.toBe(other.text);
    for (const key of [one, other]) {
      const id = type === 'bytes' ? key.bytes : type === 'int' || type === 'bigint' ? BigInt(key.text) : key.text;
      expect(() => tenantKeyFromText(type, key.text)).toThrow('policies are tried out in its name');
      expect(() => tenantKey(type, id)).toThrow('policies are tried out in its name');
      expect(tenantKeyFromBytes(type, key.bytes)).toEqual(key);
    }
  });

  it('takes no text but the canonical one', () => {
    checkProperty(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        let key;
        try {
          key = tenantKeyFromText(type, text);
        } catch (error) {
          expect(error).toEqual(refusal(type));
          return;
        }
        expect(key.text).toBe(text);
      }),
    );
  });

  it('refuses values of every other kind, naming the kind and never the value', () => {
    const others: unknown[] = [
      null,
      undefined,
      true,
      false,
      Symbol('s'),
      {},
      [],
      [1],
      Number.NaN,
      Infinity,
      1.5,
      0,
      -0,
      0n,
      '',
      new Uint8Array(0),
    ];
    for (const value of others) expect(() => tenantKey(type, value)).toThrow(refusal(type));
    expect(() => tenantKey(type, [1])).toThrow('What was given (an array) is not.');
  });
});

describe('integer keys', () => {
  const texts = [' 1 ', '1 ', '0x1', '1e0', '[1]', 'true', '0', '-0', '+1', '01', '1.0', '', '１', '1n', '1_000'];
  it.each(texts)('refuse the text %j', (text) => {
    expect(() => tenantKeyFromText('int', text)).toThrow(refusal('int'));
    expect(() => tenantKeyFromText('bigint', text)).toThrow(refusal('bigint'));
    expect(() => tenantKey('int', text)).toThrow(refusal('int'));
    expect(() => tenantKey('bigint', text)).toThrow(refusal('bigint'));
  });

  it('refuse even canonical text where a value is expected', () => {
    expect(() => tenantKey('int', '1')).toThrow(refusal('int'));
  });

  it('refuse what lies outside their range', () => {
    for (const value of [2 ** 31, -(2 ** 31) - 1, 2n ** 31n]) expect(() => tenantKey('int', value)).toThrow(refusal('int'));
    for (const text of ['2147483648', '-2147483649', '9999999999999999999'])
      expect(() => tenantKeyFromText('int', text)).toThrow(refusal('int'));
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) expect(() => tenantKey('bigint', value)).toThrow(refusal('bigint'));
    expect(() => tenantKeyFromText('bigint', '9223372036854775808')).toThrow(refusal('bigint'));
  });

  it('refuse a number that was rounded before it came here', () => {
    expect(() => tenantKey('bigint', Number('9007199254740993'))).toThrow(refusal('bigint'));
    expect(tenantKey('bigint', 9007199254740993n).text).toBe('9007199254740993');
  });

  it('are the same key as number and as bigint', () => {
    expect(tenantKey('int', 7n)).toEqual(tenantKey('int', 7));
    expect(tenantKey('bigint', 7)).toEqual(tenantKey('bigint', 7n));
    expect(cacheKey('int', 7n)).toBe(cacheKey('int', 7));
    expect(cacheKey('bigint', 7n)).toBe(cacheKey('bigint', 7));
  });

  it('give a malformed id no cache key of a valid one', () => {
    expect(cacheKey('int', '7')).toBeUndefined();
    expect(cacheKey('bigint', '9007199254740993')).toBeUndefined();
    expect(cacheKey('int', true)).toBeUndefined();
  });
});

describe('uuid keys', () => {
  it.each([
    '00000000-0000-0000-0000-000000000000',
    '6F9619FF-8B86-D011-B42D-00C04FC964FF',
    '{6f9619ff-8b86-d011-b42d-00c04fc964ff}',
    '6f9619ff8b86d011b42d00c04fc964ff',
    ' 6f9619ff-8b86-d011-b42d-00c04fc964ff',
    '6f9619ff-8b86-d011-b42d-00c04fc964ff\n',
  ])('refuse %j', (text) => {
    expect(() => tenantKey('uuid', text)).toThrow(refusal('uuid'));
    expect(() => tenantKeyFromText('uuid', text)).toThrow(refusal('uuid'));
  });

  it('sort by single bytes as SQL Server was seen to sort them', () => {
    const ascending = [0, 1, 2, 3, 4, 5, 6, 7, 9, 8, 15, 14, 13, 12, 11, 10].map((position) => {
      const digits = hex(Uint8Array.from({ length: 16 }, (_, index) => (index === position ? 1 : 0)));
      return digits.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
    });
    const byBytes = ascending
      .toReversed()
      .toSorted((left, right) => compareKeyBytes(tenantKey('uuid', left).bytes, tenantKey('uuid', right).bytes));
    expect(byBytes).toEqual(ascending);
  });
});

describe('string keys', () => {
  it.each(['', 'a ', ' ', 'a\0b', '\ud800', 'a\udc00', 'x'.repeat(129), 'é'.repeat(65), '😀'.repeat(33)])('refuse %j', (text) => {
    expect(() => tenantKey('string', text)).toThrow(refusal('string'));
    expect(() => tenantKeyFromText('string', text)).toThrow(refusal('string'));
  });

  it('keep case, leading spaces, a byte order mark and unnormalized accents as they are', () => {
    const distinct = ['a', 'A', ' a', '\ufeffa', 'é', 'e\u0301'];
    expect(new Set(distinct.map((text) => hex(tenantKey('string', text).bytes))).size).toBe(distinct.length);
    for (const text of distinct) expect(tenantKeyFromBytes('string', tenantKey('string', text).bytes).text).toBe(text);
  });

  it('take 128 bytes', () => {
    expect(tenantKey('string', 'é'.repeat(64)).bytes).toHaveLength(128);
  });

  it('are not read from bytes that are not UTF-8', () => {
    for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff], [0x61, 0xc3]]) {
      expect(() => tenantKeyFromBytes('string', Uint8Array.from(bytes))).toThrow(refusal('string'));
    }
  });
});

describe('bytes keys', () => {
  it('refuse no bytes, a trailing zero and more than 128 bytes', () => {
    for (const value of [[], [0], [1, 0], Array<number>(129).fill(1)]) {
      expect(() => tenantKey('bytes', Uint8Array.from(value))).toThrow(refusal('bytes'));
    }
    expect(tenantKey('bytes', new Uint8Array(128).fill(1)).text).toHaveLength(256);
  });

  it.each(['', '0', 'AB', '0x01', '01 ', 'ab0g'])('refuse the text %j', (text) => {
    expect(() => tenantKeyFromText('bytes', text)).toThrow(refusal('bytes'));
  });

  it("do not follow later changes of the caller's array", () => {
    const given = Uint8Array.of(1, 2);
    const key = tenantKey('bytes', given);
    given[0] = 9;
    expect(hex(key.bytes)).toBe('0102');
  });
});

it('never repeats a value in a message', () => {
  const secret = 'hunter2-hunter2 ';
  for (const type of keyTypes) {
    for (const attempt of [() => tenantKey(type, secret), () => tenantKeyFromText(type, secret), () => tenantKey(type, [secret])]) {
      expect(attempt).toThrow(refusal(type));
      expect(attempt).not.toThrow('hunter2');
    }
  }
});

it.each(['int', 'bigint', 'uuid'] as const)('refuses bytes of another width as a key of type %s', (type) => {
  for (const length of [0, 1, 3, 5, 7, 9, 15, 17]) {
    expect(() => tenantKeyFromBytes(type, new Uint8Array(length).fill(1))).toThrow(refusal(type));
  }
});
