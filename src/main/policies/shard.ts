import type { ShardPolicies } from '../../cli/services.ts';
import type { Clock } from '../../core/clock.ts';
import type { ContextProtection } from '../../core/context-protection.ts';
import type { Settings } from '../../config.ts';
import { isSignedBy, signAgain } from '../../policy/acceptance.ts';
import { applyPolicies } from '../../policy/apply.ts';
import { compareSubjects } from '../../policy/compare-subjects.ts';
import { endOverride, findOverride, overrideGate } from '../../policy/override.ts';
import { createShardSigner } from '../../../shardmap/shard-signer.ts';
import { acceptingOn } from './accepting.ts';
import { engineOf, type Engines } from '../engines.ts';
import { inspectShard } from '../inspection/inspect-policies.ts';
import { tellLatest } from './tell-latest.ts';
import { testCases } from './cases.ts';
import { probingWith } from './probing.ts';
import { proveShard, requireAdmitted, requireServing } from './prove-shard.ts';
import { wantedPolicies } from './wanted.ts';
import { withShard } from './with-shard.ts';

/** What the policies of shards are reached with. */
interface ShardPoliciesParts {
  readonly engines: Engines;
  readonly clock: Clock;
}

/** The policies of one shard after another, each over connections of its own. */
export function createShardPolicies({ engines, clock }: ShardPoliciesParts): ShardPolicies {
  return {
    apply: (settings, shard, { actor, ...options }) =>
      withShard(engines, settings, shard, (admin) => {
        const engine = engineOf(engines, shard.address);
        const wanted = wantedPolicies(settings, shard, options, actor);
        return applyPolicies(admin, engine, { ...wanted, ...options, clock, probing: probingWith(engine, settings, clock) });
      }),
    compare: (settings, shard, map) =>
      withShard(engines, settings, shard, (admin) =>
        compareSubjects(admin, engineOf(engines, shard.address), wantedPolicies(settings, shard, map)),
      ),
    override: (settings, shard, override) =>
      withShard(engines, settings, shard, (admin) => overrideGate(admin, acceptingOn(settings, shard).signer, override)),
    requireAdmitted: (settings, shard) => requireAdmitted(engines, settings, shard),
    endOverride: (settings, shard, numbers) =>
      withShard(engines, settings, shard, (admin) =>
        endOverride(admin, acceptingOn(settings, shard).signer, (latest) => numbers.note(shard.shardId, latest)),
      ),
    tellLatest: (settings, shard, numbers) => withShard(engines, settings, shard, (admin) => tellLatest(admin, settings, shard, numbers)),
    requireServing: (settings, shard, map) => requireServing(engines, settings, shard, map),
    verify: (settings, shard, options) => proveShard(engines, settings, shard, options),
    signing: (settings, shard, work) =>
      withShard(engines, settings, shard, (admin) => {
        const { fleetKey } = settings;
        const { signer } = acceptingOn(settings, shard);
        const isOf = (keys: Settings['fleetKey']): Promise<boolean> => isSignedBy(admin, createShardSigner(keys, shard.shardId));
        return work({
          signedBy: async () => {
            if (await isOf({ current: fleetKey.current })) return 'current';
            // One part by each of them is to be signed again as well.
            return (await isOf(fleetKey)) ? 'previous' : 'neither';
          },
          override: () => findOverride(admin, signer),
          signAgain: () => signAgain(admin, signer),
        });
      }),
    protection: (settings, shard) =>
      withShard(engines, settings, shard, async (admin) => {
        const { rows } = await admin.run<{ contextProtection: ContextProtection | null }>('policy/shard-schema');
        return {
          contextProtection: rows[0]?.contextProtection ?? null,
          override: await findOverride(admin, acceptingOn(settings, shard).signer),
        };
      }),
    test: (settings, shard, run) =>
      withShard(engines, settings, shard, (admin) =>
        testCases(admin, engineOf(engines, shard.address), settings, { ...run, isScratch: false }),
      ),
    inspect: (settings, shard) =>
      withShard(engines, settings, shard, (admin) => inspectShard(admin, engineOf(engines, shard.address), shard.address.engine)),
  };
}
