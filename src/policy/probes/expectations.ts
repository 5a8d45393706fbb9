import { clause } from '../../core/sentence.ts';
import type { TenantryError } from '../../core/errors.ts';
import type { AttemptOutcome } from '../../engine/rehearsal.ts';

/**
 * `leaked`: somebody reached what he must not. `blocked`: somebody did not reach what he must. `unproven`: neither was seen, since
 * something else was in the way.
 */
export type ProbeOutcome = 'leaked' | 'blocked' | 'unproven';

/** What is wrong with what came of a statement; undefined: it is as it must be. */
export type Expectation = (attempt: AttemptOutcome) => { readonly outcome: ProbeOutcome; readonly text: string } | undefined;

/** No row is seen or changed, or it is forbidden. */
export const reachesNothing: Expectation = (attempt) => {
  if (attempt.outcome === 'refused') return unlessForbidden(attempt.error);
  return attempt.rowCount === 0 ? undefined : { outcome: 'leaked', text: `reached ${rows(attempt.rowCount)}` };
};

/** It is forbidden: not even that nothing was done may be learnt. */
export const isForbidden: Expectation = (attempt) => {
  if (attempt.outcome === 'refused') return unlessForbidden(attempt.error);
  return { outcome: 'leaked', text: `was not refused (${rows(attempt.rowCount)})` };
};

/** So many rows. A foreign key that keeps a row tells that it was reached. */
export function reaches(count: number): Expectation {
  return (attempt) => {
    if (attempt.outcome === 'done')
      return attempt.rowCount === count ? undefined : { outcome: 'blocked', text: `reached ${rows(attempt.rowCount)} of ${count}` };
    if (attempt.error.code === 'CONSTRAINT_VIOLATION') return undefined;
    if (attempt.error.code === 'FORBIDDEN') return { outcome: 'blocked', text: 'is forbidden' };
    return unproven(attempt.error);
  };
}

/** A duplicate key tells of the row that has it, and a constraint is asked of rows that the policy has let through. */
function unlessForbidden(error: TenantryError): ReturnType<Expectation> {
  if (error.code === 'FORBIDDEN') return undefined;
  if (error.code === 'CONFLICT' || error.code === 'CONSTRAINT_VIOLATION')
    return { outcome: 'leaked', text: `got as far as the table's constraints: ${clause(error.reason)}` };
  return unproven(error);
}

function unproven(error: TenantryError): ReturnType<Expectation> {
  return { outcome: 'unproven', text: `was refused for another reason: ${clause(error.reason)}` };
}

function rows(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`;
}
