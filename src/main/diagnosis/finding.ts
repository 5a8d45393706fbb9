import type { Finding } from '../../cli/services.ts';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Engines } from '../engines.ts';

/** What a diagnosis looks with. */
export interface DiagnosisParts {
  readonly engines: Engines;
  readonly clock: Clock;
  /** The time of day. */
  readonly now: () => Date;
}

/** What to run where a server does not answer: what shows the address that is meant. */
export function unreached(address: string): string {
  return `${address}; its server must run, and take connections from this machine`;
}

/** A failed look as a finding. */
export function failure(subject: string, error: unknown, remedy: string): Finding {
  const text = error instanceof TenantryError ? error.reason : 'An unexpected error occurred.';
  return { subject, level: 'problem', text, remedy };
}

/** A finding that does not keep anything from working. */
export function warning(subject: string, text: string, remedy: string): Finding {
  return { subject, level: 'warning', text, remedy };
}
