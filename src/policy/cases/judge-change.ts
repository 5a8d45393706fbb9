import { clause } from '../../core/sentence.ts';
import { counted } from '../../core/counted.ts';
import type { TenantryError } from '../../core/errors.ts';
import type { CaseExpectation } from '../../core/policy-case.ts';
import type { CaseFailure } from './case-result.ts';

/** Rows of the file that a condition names: of everybody, and of whoever acts. */
export interface NamedRows {
  readonly ofAll: number;
  readonly ofActor: number;
}

/** What a change did, and what there was to change. */
export interface ChangeMade {
  /** Rows that it changed; undefined where it was refused. */
  readonly changed?: number;
  readonly error?: TenantryError;
  /** Undefined of a statement without a condition of the file's. */
  readonly named?: NamedRows;
}

/** Undefined where it is as expected. What was refused has changed nothing. */
export function judgeChange(expect: CaseExpectation, { changed = 0, error, named }: ChangeMade): CaseFailure | undefined {
  if (error !== undefined && error.code !== 'FORBIDDEN') return { message: failedOtherwise(error) };
  if (named?.ofAll === 0) return { message: 'No row of the file meets the condition, so that the case could not fail.' };
  const isRefused = error !== undefined;
  const was = isRefused ? `was refused: ${error.reason}` : `${counted(changed, 'row')} ${changed === 1 ? 'was' : 'were'} changed.`;
  if (expect.kind === 'denied') {
    // What a policy hides from an update or a delete is passed over: no engine refuses that.
    const isDenied = isRefused || (named !== undefined && changed === 0);
    return isDenied ? undefined : { message: `It should be denied, and ${was}` };
  }
  if (expect.kind === 'changed') {
    return changed === expect.count ? undefined : { message: `It should change ${counted(expect.count, 'row')}, and ${was}` };
  }
  const isAllowed = !isRefused && changed > 0 && changed === (named?.ofActor ?? changed);
  return isAllowed ? undefined : { message: `It should be allowed, and ${was}` };
}

/** Why a statement says nothing of policies: neither allowed nor denied. */
export function failedOtherwise({ code, reason }: TenantryError): string {
  return `It failed for another reason than a missing right: ${clause(reason)} (${code}).`;
}
