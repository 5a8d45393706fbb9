import { TenantryError } from '../../core/errors.ts';

/**
 * What a log may say of an error: codes, and messages of Tenantry's own, which name no values. Of any other error only
 * its name and where it was thrown: its message could repeat a row.
 */
export function errorFields(error: unknown): Record<string, unknown> {
  if (error instanceof TenantryError) {
    return { code: error.code, message: error.message, ...(error.cause === undefined ? {} : { cause: causeFields(error.cause) }) };
  }
  return error instanceof Error ? { name: error.name, stack: framesOf(error) } : { name: typeof error };
}

function causeFields(cause: unknown): Record<string, unknown> {
  if (cause instanceof TenantryError) return errorFields(cause);
  if (!(cause instanceof Error)) return { name: typeof cause };
  const code = (cause as { code?: unknown }).code;
  return { name: cause.name, ...(typeof code === 'string' ? { code } : {}) };
}

function framesOf(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map((line) => line.trim());
}
