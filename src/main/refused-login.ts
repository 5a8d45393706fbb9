import { TenantryError } from '../core/errors.ts';
import { SqlFailure } from '../engine/sql-failure.ts';

/** Whether a server did not let a login in, as it is now: its name, its password, or where it comes from. */
export function isRefusedLogin(error: unknown): boolean {
  return error instanceof TenantryError && error.cause instanceof SqlFailure && error.cause.loginRefused;
}
