import { expect, test } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { errorFields } from '../../../src/http/observe/error-fields.ts';

const secret = 'a value of a row';

test('an error of Tenantry’s own is logged with its code, its message, and what its causes may say', () => {
  const socket = Object.assign(new Error(secret), { code: 'ECONNRESET' });
  const inner = new TenantryError('TIMEOUT', 'It took too long.', { cause: socket });
  const outer = new TenantryError('SHARD_UNAVAILABLE', 'Nothing answers.', { cause: inner });
  expect(errorFields(outer)).toEqual({
    code: 'SHARD_UNAVAILABLE',
    message: outer.message,
    cause: { code: 'TIMEOUT', message: inner.message, cause: { name: 'Error', code: 'ECONNRESET' } },
  });
  expect(errorFields(new TenantryError('FORBIDDEN'))).toEqual({ code: 'FORBIDDEN', message: new TenantryError('FORBIDDEN').message });
});

test.each([
  [new TypeError(secret), { name: 'TypeError' }],
  [Object.assign(new Error(secret), { code: [secret] }), { name: 'Error' }],
  [secret, { name: 'string' }],
])('of a cause that is another error nothing is logged that could repeat a row', (cause, logged) => {
  expect(errorFields(new TenantryError('INTERNAL', 'It failed.', { cause }))['cause']).toEqual(logged);
});

test('of any other error its name and where it was thrown are logged, and not its message, of however many lines', () => {
  const { name, stack, ...more } = errorFields(new RangeError(`${secret}\n${secret}`));
  expect([name, more]).toEqual(['RangeError', {}]);
  expect(stack).toEqual(expect.arrayContaining([expect.stringContaining('error-fields.test.ts')]));
  for (const frame of stack as string[]) expect(frame).toMatch(/^at /);
  expect(JSON.stringify(stack)).not.toContain(secret);
});

test('of what is no error its type is logged', () => {
  expect(errorFields(secret)).toEqual({ name: 'string' });
});
