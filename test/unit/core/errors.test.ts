import { describe, expect, it } from 'vitest';
import { errorCatalogue, TenantryError, type ErrorCode } from '../../../src/core/errors.ts';

const codes = Object.keys(errorCatalogue) as ErrorCode[];

describe('a Tenantry error', () => {
  it('takes text and retryability from the catalogue', () => {
    const error = new TenantryError('TENANT_MOVING');
    expect(error).toMatchObject({
      name: 'TenantryError',
      code: 'TENANT_MOVING',
      retryable: true,
      outcome: 'not-run',
      message: errorCatalogue.TENANT_MOVING.text,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error.retryAfterMs).toBeUndefined();
    expect(error.cause).toBeUndefined();
  });

  it('adds the detail, the cause, the wait and the outcome that it is given', () => {
    const cause = new Error('socket closed');
    const error = new TenantryError('COMMIT_UNKNOWN', 'Shard a answered nothing.', { cause, retryAfterMs: 50, outcome: 'unknown' });
    expect(error.message).toBe(`${errorCatalogue.COMMIT_UNKNOWN.text} Shard a answered nothing.`);
    expect(error).toMatchObject({ cause, retryAfterMs: 50, outcome: 'unknown', retryable: false });
  });
});

describe('the error catalogue', () => {
  it.each(codes)('%s has a sentence and an HTTP status of an error', (code) => {
    const { status, text } = errorCatalogue[code];
    expect(text).toMatch(/^[A-Z].*\.$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  it('calls everything retryable that is answered with 503, and no client error but a conflict', () => {
    for (const code of codes) {
      const { status, retryable } = errorCatalogue[code];
      if (status === 503) expect(retryable, code).toBe(true);
      if (status < 500 && status !== 409) expect(retryable, code).toBe(false);
    }
  });

  it('never invites to repeat a change that may have happened', () => {
    expect(errorCatalogue.COMMIT_UNKNOWN.retryable).toBe(false);
  });
});
