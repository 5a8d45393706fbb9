import { requireOwnShard } from '../../shardmap/own-shard.ts';
import type { KeepsNumbers, ShardPolicies } from '../cli/services.ts';
import type { Clock } from '../core/clock.ts';
import type { ContextProtection } from '../core/context-protection.ts';
import { TenantryError } from '../core/errors.ts';
import { NotAccepted } from '../engine/verify-shard.ts';
import type { Settings } from '../config.ts';
import type { SqlDatabase, SqlSession } from '../core/session.ts';
import { isSignedBy, signAgain, signedNumbers } from '../policy/acceptance.ts';
import { applyPolicies } from '../policy/apply.ts';
import type { ProbeReport } from '../policy/probes.ts';
import { tryUnentered } from '../policy/unentered.ts';
import { qualifiedTables } from '../engine/qualified-tables.ts';
import { policyState, verifyPolicies } from '../policy/verify.ts';
import { compareTables } from '../policy/compare-tables.ts';
import { endOverride, findOverride, overrideGate } from '../policy/override.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import type { Shard } from '../../shardmap/shard.ts';
import { adminBounds } from './admin-bounds.ts';
import { openAppConnection } from './app-connection.ts';
import { acceptingOn } from './accepting.ts';
import { engineOf, type Engines, type FullEngine } from './engines.ts';
import { inspectPolicies } from './inspection/inspect-policies.ts';
import { testCases } from './policy-cases.ts';
import { probingWith } from './probing.ts';
import { createShardAccess } from './shard-access.ts';
import { wantedPolicies } from './wanted-policies.ts';

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
        return applyPolicies(admin, engine, { ...wanted, ...options, clock, probing: probingWith(engine, settings) });
      }),
    compare: (settings, shard, map) =>
      withShard(engines, settings, shard, (admin) =>
        compareTables(admin, engineOf(engines, shard.address), wantedPolicies(settings, shard, map)),
      ),
    override: (settings, shard, override) =>
      withShard(engines, settings, shard, (admin) => overrideGate(admin, acceptingOn(settings, shard).signer, override)),
    endOverride: (settings, shard, numbers) =>
      withShard(engines, settings, shard, (admin) =>
        endOverride(admin, acceptingOn(settings, shard).signer, (overridden) => numbers.note(shard.shardId, { accepted: 0, overridden })),
      ),
    tellLatest: (settings, shard, numbers) => withShard(engines, settings, shard, (admin) => tellLatest(admin, settings, shard, numbers)),
    requireServing: async (settings, shard, map) => {
      const { different, objection, differing } = await withShard(engines, settings, shard, (admin) =>
        policyState(admin, engineOf(engines, shard.address), wantedPolicies(settings, shard, map)),
      );
      if (different.length > 0)
        throw new TenantryError('CONFLICT', `The protection of ${different.join(', ')} is not, or no more, what the configuration says.`);
      if (objection !== undefined) throw new NotAccepted(objection, differing);
      const refused = await refusalOfApp(engines, settings, shard);
      if (refused !== undefined) throw refused;
    },
    verify: async (settings, shard, { numbers, ...map }) => {
      const engine = engineOf(engines, shard.address);
      const found = await withShard(engines, settings, shard, async (admin) => {
        await tellLatest(admin, settings, shard, numbers);
        return verifyPolicies(admin, engine, wantedPolicies(settings, shard, map), probingWith(engine, settings));
      });
      const refusal = await refusalOfApp(engines, settings, shard);
      // What a connection would say of it is known already.
      const isKnown = refusal instanceof NotAccepted && found.objection !== undefined;
      const unentered = await triedUnentered(engine, settings, shard);
      return {
        ...found,
        tried: found.tried + unentered.tried,
        findings: [...found.findings, ...unentered.findings],
        refused: isKnown ? undefined : refusal?.reason,
      };
    },
    signing: (settings, shard, work) =>
      withShard(engines, settings, shard, (admin) => {
        const { fleetKey } = settings;
        const isOf = (keys: Settings['fleetKey']): Promise<boolean> => isSignedBy(admin, createShardSigner(keys, shard.shardId));
        return work({
          signedBy: async () => {
            if (await isOf({ current: fleetKey.current })) return 'current';
            // One part by each of them is to be signed again as well.
            return (await isOf(fleetKey)) ? 'previous' : 'neither';
          },
          signAgain: () => signAgain(admin, acceptingOn(settings, shard).signer),
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
      withShard(engines, settings, shard, (admin) => inspectPolicies(admin, engineOf(engines, shard.address), shard.address.engine)),
  };
}

/** Has the catalog know what is signed on a shard by a key of the fleet, so that nothing older is believed there. */
async function tellLatest(admin: SqlSession, { fleetKey }: Settings, { shardId }: Shard, numbers: KeepsNumbers): Promise<void> {
  await numbers.note(shardId, await signedNumbers(admin, createShardSigner(fleetKey, shardId)));
}

/** Why a connection of app is not let in, opened as the router does; undefined where it is. */
async function refusalOfApp(engines: Engines, settings: Settings, shard: Shard): Promise<TenantryError | undefined> {
  try {
    const connection = await openAppConnection(engines, settings, shard);
    await connection.close();
    return undefined;
  } catch (error) {
    if (error instanceof TenantryError && error.code === 'SHARD_UNVERIFIED') return error;
    throw error;
  }
}

/** What app reads in a session of its own login before it has entered. */
async function triedUnentered(engine: FullEngine, { logins, tables, limits }: Settings, { address }: Shard): Promise<ProbeReport> {
  const app = engine.open(address, logins.app, { ...adminBounds(limits), connections: 1 });
  try {
    return await tryUnentered(app, qualifiedTables(tables, engine.dialect));
  } finally {
    await app.close();
  }
}

/** The database of a shard as admin, once it is known to be that shard. */
async function withShard<T>(engines: Engines, settings: Settings, shard: Shard, work: (admin: SqlDatabase) => Promise<T>): Promise<T> {
  const access = createShardAccess(engines, settings);
  try {
    await requireOwnShard(access, shard);
    return await work(access.open(shard));
  } finally {
    await access.close();
  }
}
