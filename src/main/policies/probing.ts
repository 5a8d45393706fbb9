import type { Settings } from '../../config.ts';
import type { Clock } from '../../core/clock.ts';
import type { Probing } from '../../policy/probes/change.ts';
import type { FullEngine } from '../engines.ts';

type RehearsingEngine = Pick<FullEngine, 'rehearsals'>;

/** With what an engine acts as the configured logins on its shards. */
export function rehearsingWith(
  { rehearsals }: RehearsingEngine,
  { logins: { app, superuser, mover } }: Pick<Settings, 'logins'>,
): Pick<Probing, 'rehearsals' | 'users'> {
  return { rehearsals, users: { app: app.user, superuser: superuser.user, mover: mover.user } };
}

/** The same for a change, which waits for what is tried no longer than the configuration says. */
export function probingWith(engine: RehearsingEngine, settings: Pick<Settings, 'logins' | 'limits'>, clock: Clock): Probing {
  return { ...rehearsingWith(engine, settings), withinMs: settings.limits.changeProbeMs, clock };
}
