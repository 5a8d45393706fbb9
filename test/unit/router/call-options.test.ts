import { expect, test } from 'vitest';
import type { ContextTypes, ContextValues } from '../../../src/core/context-values.ts';
import { contextValuesOf } from '../../../src/router/call-options.ts';

const declared: ContextTypes = new Map([
  ['userId', 'string'],
  ['roles', 'strings'],
]);

test('values come from the context, the user from beside it too', () => {
  expect(contextValuesOf({}, declared)).toBeUndefined();
  expect(contextValuesOf({ userId: 'ann' }, declared)).toBe('{"userId":"ann"}');
  expect(contextValuesOf({ context: Object.assign(Object.create(null), { userId: 'ann' }) as ContextValues }, declared)).toBe(
    '{"userId":"ann"}',
  );
  expect(contextValuesOf({ context: { roles: ['admin'] }, userId: 'ann' }, declared)).toBe('{"userId":"ann","roles":["admin"]}');
});

class Session {
  readonly roles = ['admin'];
}
const noContexts: readonly unknown[] = [
  new Map([['userId', 'ann']]),
  new Session(),
  Object.create({ userId: 'ann' }),
  null,
  7,
  ['ann'],
  'ann',
];
test.each(noContexts)('what is no plain object is no context without values: %o', (context) => {
  for (const besides of [{}, { userId: 'eve' }])
    expect(() => contextValuesOf({ context: context as ContextValues, ...besides }, declared)).toThrow(
      'The context must be a plain object of values by their names.',
    );
});
