import { describe, expect, it } from 'vitest';
import { TenantryError, type ErrorCode } from '../../../src/core/errors.ts';
import { problemAnswer } from '../../../src/http/problem.ts';
import { InvalidRequest, MethodNotAllowed } from '../../../src/http/request-problem.ts';

const context = { traceId: 'a'.repeat(32), hasCredentials: false };
const documentOf = (error: unknown): Record<string, unknown> => JSON.parse(problemAnswer(error, context).text) as Record<string, unknown>;

describe('a problem document', () => {
  it('says in its title what the code means, and in its detail only what is particular to the case', () => {
    expect(documentOf(new TenantryError('UNAUTHENTICATED', 'The token is malformed.'))).toEqual({
      type: 'urn:tenantry:error:UNAUTHENTICATED',
      title: 'The request carries no valid credentials.',
      status: 401,
      code: 'UNAUTHENTICATED',
      detail: 'The token is malformed.',
      traceId: context.traceId,
    });
    expect(documentOf(new MethodNotAllowed(['GET', 'POST']))).toMatchObject({ detail: 'Allowed are GET, POST.' });
    expect(documentOf(new TenantryError('UNAUTHENTICATED'))).not.toHaveProperty('detail');
  });

  it.each<[status: number, codes: readonly ErrorCode[]]>([
    [400, ['INVALID_REQUEST']],
    [401, ['UNAUTHENTICATED']],
    [403, ['FORBIDDEN', 'UNKNOWN_TENANT']],
    [404, ['NOT_FOUND']],
    [409, ['CONFLICT']],
    [413, ['BODY_TOO_LARGE']],
    [415, ['UNSUPPORTED_MEDIA_TYPE']],
    [422, ['CONSTRAINT_VIOLATION']],
    [500, ['INTERNAL', 'COMMIT_UNKNOWN']],
    [503, ['TENANT_OFFLINE', 'TENANT_MOVING', 'SHARD_UNAVAILABLE', 'SHARD_UNVERIFIED', 'CATALOG_UNAVAILABLE', 'OVERLOADED']],
    [504, ['TIMEOUT']],
  ])('has status %i for %j, with Retry-After where it is 503 and a challenge where it is 401', (status, codes) => {
    for (const code of codes) {
      const error = code === 'INVALID_REQUEST' ? new InvalidRequest([]) : new TenantryError(code, undefined, { retryAfterMs: 1_500 });
      const answer = problemAnswer(error, context);
      expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } });
      expect(documentOf(error)).toMatchObject({ type: `urn:tenantry:error:${code}`, status, code, traceId: context.traceId });
      expect(answer.headers['retry-after']).toBe(status === 503 ? '2' : undefined);
      expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401 || status === 403);
    }
  });

  it('asks to wait a second where a 503 does not say how long', () => {
    expect(problemAnswer(new TenantryError('OVERLOADED'), context).headers['retry-after']).toBe('1');
  });

  it('has no detail where that could tell of servers or rows', () => {
    for (const code of ['SHARD_UNAVAILABLE', 'CONFLICT', 'STATEMENT_FAILED'] as const)
      expect(documentOf(new TenantryError(code, 'shard b at 10.0.0.1'))).not.toHaveProperty('detail');
  });
});
