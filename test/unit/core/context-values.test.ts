import { describe, expect, test } from 'vitest';
import {
  contextText,
  type ContextTypes,
  type ContextValue,
  type ContextValues,
  type ContextValueType,
} from '../../../src/core/context-values.ts';
import type { TenantryError } from '../../../src/core/errors.ts';

const types: ContextTypes = new Map<string, ContextValueType>([
  ['userId', 'string'],
  ['team', 'int'],
  ['account', 'bigint'],
  ['device', 'uuid'],
  ['roles', 'strings'],
]);

function refusal(given: Record<string, ContextValue>, declared = types): string {
  try {
    contextText(declared, given);
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' });
    return (error as TenantryError).message;
  }
  throw new Error('It was taken.');
}

describe('the values of a context as a shard keeps them', () => {
  test('are one JSON object of texts, in the order of their declaration', () => {
    const given = { roles: ['b', 'a'], device: 'ABCDEF01-0000-4000-8000-00000000000E', account: -(2n ** 63n), team: 7, userId: 'é"\\' };
    expect(contextText(types, given)).toBe(
      '{"userId":"é\\"\\\\","team":"7","account":"-9223372036854775808","device":"abcdef01-0000-4000-8000-00000000000e","roles":["b","a"]}',
    );
    expect(contextText(types, { roles: [] })).toBe('{"roles":[]}');
  });

  test('are nothing where there is none', () => {
    expect(contextText(types, {})).toBeUndefined();
    expect(contextText(new Map(), {})).toBeUndefined();
    expect(contextText(new Map([['constructor', 'string']]), {})).toBeUndefined();
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['userId', ''],
    ['userId', 'half \ud800'],
    ['userId', 'NUL \0'],
    ['userId', 7],
    ['userId', null],
    ['team', 0],
    ['team', 2 ** 31],
    ['team', 1.5],
    ['team', '7'],
    ['account', 2n ** 63n],
    ['account', 2 ** 53],
    ['account', 0n],
    ['device', 'abcdef01'],
    ['roles', 'admin'],
    ['userId', 'ann '],
    ['userId', ' '],
    ['roles', ['admin', '']],
    ['roles', ['admin ']],
    ['roles', Array(2)],
    ['roles', ['admin', 7]],
  ];
  test.each(wrong)('%s cannot be %s', (name, value) => {
    const message = refusal({ [name]: value as ContextValue });
    expect(message).toContain(`The value ${name} of the context must be `);
    if (typeof value === 'string' && value.length > 1) expect(message).not.toContain(value);
  });

  test('are what the object itself has, whatever its kind inherits', () => {
    expect(contextText(types, Object.create({ roles: ['admin'] }) as ContextValues)).toBeUndefined();
    expect(contextText(new Map([['constructor', 'string']]), {})).toBeUndefined();
    class Roles extends Array<string> {
      toJSON(): string {
        return 'admin';
      }
    }
    expect(contextText(types, { roles: Roles.of('guest') })).toBe('{"roles":["guest"]}');
  });

  test('are those that were declared, and no others', () => {
    expect(refusal({ userid: 'ann' })).toContain(
      'The context has no value userid; the configuration declares userId, team, account, device, roles.',
    );
    expect(refusal({ userId: 'ann' }, new Map())).toContain('The context has no value userId; the configuration declares none.');
    expect(refusal({ "x'; drop": 'ann' })).toContain('The context has no value of that name;');
    expect(refusal({ toString: 'ann' })).toContain('The context has no value toString;');
  });

  test('are 4,000 characters together at most', () => {
    const longest = 4_000 - '{"userId":""}'.length;
    expect(contextText(types, { userId: 'x'.repeat(longest) })).toHaveLength(4_000);
    expect(refusal({ userId: 'x'.repeat(longest + 1) })).toContain('The values of the context are longer than 4000 characters together.');
  });
});
