import { expect } from 'vitest';
import { TenantryError } from '../../src/core/errors.ts';

/** The error that work ends with, which is Tenantry's own; fails the test where there is none, or another. */
export async function failureOf(work: Promise<unknown>): Promise<TenantryError> {
  const failure: unknown = await work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TenantryError);
  return failure as TenantryError;
}
