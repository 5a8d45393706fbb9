import { contextText, requireContextValues, type ContextTypes } from '../core/context-values.ts';
import { TenantryError } from '../core/errors.ts';
import type { Isolation } from '../engine/engine.ts';
import type { CallOptions, TransactionOptions } from './router.ts';

const isolations: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable'];
/** The longest time that a timer can hold, about 24 days. */
const longestMs = 2 ** 31 - 1;

/** The time limit of a call. Throws INVALID_REQUEST where it is none, CANCELLED where its signal has been aborted. */
export function timeoutOf({ timeoutMs, signal }: CallOptions, defaultMs: number): number {
  if (signal?.aborted === true) throw new TenantryError('CANCELLED', 'The call had not started.', { cause: signal.reason });
  if (timeoutMs === undefined) return defaultMs;
  if (typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= longestMs) return timeoutMs;
  throw new TenantryError('INVALID_REQUEST', `timeoutMs must be a number of milliseconds above 0 and at most ${longestMs}.`);
}

/** The isolation of a transaction. Throws INVALID_REQUEST where it is not one of the three. */
export function isolationOf({ isolation }: TransactionOptions): Isolation {
  if (isolation === undefined) return 'read committed';
  if (isolations.includes(isolation)) return isolation;
  throw new TenantryError('INVALID_REQUEST', `isolation must be one of ${isolations.join(', ')}.`);
}

/** What a shard is given for the values of a call. Throws INVALID_REQUEST where they are not as declared. */
export function contextValuesOf({ context, userId }: CallOptions, declared: ContextTypes): string | undefined {
  if (context === undefined) return userId === undefined ? undefined : contextText(declared, { userId });
  const values = requireContextValues(context);
  if (userId === undefined) return contextText(declared, values);
  if (Object.hasOwn(values, 'userId'))
    throw new TenantryError('INVALID_REQUEST', 'userId is given twice; once in the context, or beside it, is enough.');
  return contextText(declared, { ...values, userId });
}
