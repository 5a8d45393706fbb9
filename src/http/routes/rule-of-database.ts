import { TenantryError } from '../../core/errors.ts';
import { SqlFailure } from '../../engine/sql-failure.ts';

/**
 * What an error means to a caller: what a trigger, a default or a procedure raised in words of its own is a rule of the database that the
 * request breaks, CONSTRAINT_VIOLATION, since nothing else can have raised what a statement of the API met. Everything else is itself.
 */
export function ruleOfDatabase(error: unknown): unknown {
  const isRule =
    error instanceof TenantryError && error.code === 'STATEMENT_FAILED' && error.cause instanceof SqlFailure && error.cause.raised;
  return isRule ? new TenantryError('CONSTRAINT_VIOLATION', error.detail, { cause: error.cause }) : error;
}
