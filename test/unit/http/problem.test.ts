import { describe, expect, it } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { problemAnswer } from '../../../src/http/problem.ts';
import { MethodNotAllowed } from '../../../src/http/request-problem.ts';

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

  it('has no detail where that could tell of servers or rows', () => {
    for (const code of ['SHARD_UNAVAILABLE', 'CONFLICT', 'STATEMENT_FAILED'] as const)
      expect(documentOf(new TenantryError(code, 'shard b at 10.0.0.1'))).not.toHaveProperty('detail');
  });
});
