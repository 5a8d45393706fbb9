import { asTenantryError, TenantryError } from '../src/core/errors.ts';
import type { AuditEvent } from './audit-trail.ts';

type Detail = AuditEvent['detail'];

/** How the audit trail tells of one piece of work. */
export interface Recording<T> {
  readonly record: (outcome: AuditEvent['outcome'], detail: Detail) => Promise<void>;
  readonly begun: Detail;
  readonly done: (result: T) => Detail;
  readonly failed: (error: TenantryError) => Detail;
}

/** What work came to. `unrecorded`: it is done, and why the audit trail has it only as begun. */
export interface Recorded<T> {
  readonly result: T;
  readonly unrecorded?: TenantryError;
}

/**
 * Does a piece of work that the audit trail has before and after it. Throws, with nothing done, what keeps its beginning from being
 * recorded; and what the work throws, with a word where that could not be recorded. What is done stays done, recorded or not.
 */
export async function recorded<T>({ record, begun, done, failed }: Recording<T>, work: () => Promise<T>): Promise<Recorded<T>> {
  await record('BEGUN', begun);
  let result: T;
  try {
    result = await work();
  } catch (thrown) {
    const error = asTenantryError(thrown);
    const unrecorded = await failureOf(record('FAILED', failed(error)));
    if (unrecorded === undefined) throw error;
    const detail = `${error.reason} That it failed could not be recorded: ${unrecorded.reason}`;
    throw new TenantryError(error.code, detail, { cause: error, outcome: error.outcome });
  }
  const unrecorded = await failureOf(record('DONE', done(result)));
  return unrecorded === undefined ? { result } : { result, unrecorded };
}

/** Why work that does not decide what became of the rest has failed; undefined: it has not. */
export async function failureOf(work: Promise<void>): Promise<TenantryError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return asTenantryError(error);
  }
}
