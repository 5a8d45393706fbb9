import type { Settings } from '../../config.ts';
import { systemClock } from '../../core/clock.ts';
import type { Probing } from '../../policy/probes/change.ts';
import type { FullEngine } from '../engines.ts';

/** With what an engine tries what the configured logins may on its shards. */
export function probingWith(
  { rehearsals }: Pick<FullEngine, 'rehearsals'>,
  { logins: { app, superuser, mover }, limits }: Pick<Settings, 'logins' | 'limits'>,
): Probing {
  const users = { app: app.user, superuser: superuser.user, mover: mover.user };
  return { rehearsals, users, withinMs: limits.changeProbeMs, clock: systemClock };
}
