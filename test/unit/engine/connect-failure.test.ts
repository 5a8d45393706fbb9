import { describe, expect, test } from 'vitest';
import { TenantryError, type ErrorCode } from '../../../src/core/errors.ts';
import { connectFailure } from '../../../src/engine/connect-failure.ts';

describe('why a connection could not be opened', () => {
  test.each<[ErrorCode, ErrorCode]>([
    ['SHARD_UNAVAILABLE', 'SHARD_UNAVAILABLE'],
    ['SHARD_UNVERIFIED', 'SHARD_UNVERIFIED'],
    ['OVERLOADED', 'OVERLOADED'],
    ['INVALID_CONFIGURATION', 'INVALID_CONFIGURATION'],
    ['INTERNAL', 'INTERNAL'],
    ['TIMEOUT', 'SHARD_UNAVAILABLE'],
    ['CANCELLED', 'SHARD_UNAVAILABLE'],
    ['SERIALIZATION_FAILURE', 'SHARD_UNAVAILABLE'],
    ['FORBIDDEN', 'SHARD_UNVERIFIED'],
    ['STATEMENT_FAILED', 'SHARD_UNVERIFIED'],
    ['CONFLICT', 'SHARD_UNVERIFIED'],
  ])('%s of a check is told as %s, and nothing of a tenant’s has run', (code, told) => {
    const failure = connectFailure(new TenantryError(code, 'why', { retryAfterMs: 7_000, outcome: 'unknown' }), false);
    expect(failure).toMatchObject({ code: told, outcome: 'not-run', retryAfterMs: 7_000 });
    expect((failure as TenantryError).message).toContain('why');
  });

  test('who gave up is told that, whatever came of it', () => {
    const cause = new TenantryError('INTERNAL', 'why');
    expect(connectFailure(cause, true)).toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      detail: 'Connecting was given up.',
      outcome: 'not-run',
      cause,
    });
  });

  test('a fault of the program stays what it is', () => {
    const fault = new TypeError('no');
    expect(connectFailure(fault, false)).toBe(fault);
  });
});
