import type { CapabilitySettings } from '../../src/core/capability-settings.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits, type RouterLimits } from '../../src/router/limits.ts';
import type { Router } from '../../src/router/router.ts';
import type { RouterDependencies } from '../../src/router/router-dependencies.ts';
import { entryOf, epoch, type ScriptedShard, shardId } from './scripted-shard.ts';
import { tellingInto } from './told-events.ts';

/** The router before a scripted shard. */
export interface ScriptedRouter extends AsyncDisposable {
  readonly router: Router;
  /** What it told of, as text, but for how long calls waited. */
  readonly events: string[];
}

/** The first connection of a process waits for the driver to be loaded, which takes seconds where much else runs. */
const patient = { connectTimeoutMs: 30_000, waitMs: 30_000 } as const;

/** The ways of a router to a scripted shard: every tenant has a route to it. */
export function waysTo(
  shard: ScriptedShard,
  capabilities: CapabilitySettings = {},
): Pick<RouterDependencies, 'keyType' | 'routes' | 'connect' | 'tokens'> {
  return {
    keyType: 'int',
    routes: {
      peek: (tenant) => ({ mappingId: Number(tenant), shardId, epoch }),
      find: () => Promise.reject(new Error('Every tenant has a route.')),
      learn: () => undefined,
      forget: () => undefined,
    },
    connect: (_shardId, signal) => shard.open({ signal, capabilities }),
    tokens: [(mappingId) => entryOf(mappingId).token],
  };
}

/** Pauses between attempts have no length. `capabilities`: what the configuration says. */
export function scriptedRouter(
  shard: ScriptedShard,
  limits: Partial<RouterLimits> = {},
  capabilities: CapabilitySettings = {},
  clock: Clock = systemClock,
): ScriptedRouter {
  const events: string[] = [];
  const router = createRouter({
    ...waysTo(shard, capabilities),
    limits: { ...defaultRouterLimits, ...patient, ...limits },
    clock,
    random: () => 0,
    observer: { ...tellingInto(events), callEnded: (kind, outcome) => events.push(`${kind} ${outcome}`) },
  });
  return { router, events, [Symbol.asyncDispose]: () => router.close() };
}
