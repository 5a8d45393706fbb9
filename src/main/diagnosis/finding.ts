import type { Finding } from '../../cli/services.ts';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import { helpOf, type Help, type HelpRow } from '../../core/help.ts';
import type { Row } from '../../core/session.ts';
import type { Engines } from '../engines.ts';

/** What a diagnosis looks with. */
export interface DiagnosisParts {
  readonly engines: Engines;
  readonly clock: Clock;
  /** The time of day. */
  readonly now: () => Date;
}

/** What helps where a server does not answer: `shows` is the command that says which address is meant, and `where` it says so. */
export function unreached(shows: string, where = ''): Help {
  return { remedy: shows, advice: `its server must run${where === '' ? '' : ` (${where})`}, and take connections from this machine` };
}

/** What a database says of itself that is not as it should be (`doctor/server`, `doctor/catalog`). */
export type DatabaseDanger = Row & HelpRow & { readonly level: 'warning' | 'problem'; readonly text: string };

/** The same as a finding. */
export function danger(subject: string, row: DatabaseDanger): Finding {
  return { subject, level: row.level, text: `${row.text}.`, ...helpOf(row) };
}

/** A failed look as a finding. */
export function failure(subject: string, error: unknown, help: Help): Finding {
  const text = error instanceof TenantryError ? error.reason : 'An unexpected error occurred.';
  return problem(subject, text, help);
}

/** A finding that keeps something from working, or from being safe. */
export function problem(subject: string, text: string, help: Help): Finding {
  return { subject, level: 'problem', text, ...help };
}

/** A finding that does not keep anything from working. */
export function warning(subject: string, text: string, help: Help): Finding {
  return { subject, level: 'warning', text, ...help };
}
