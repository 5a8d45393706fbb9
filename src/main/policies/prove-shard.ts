import type { Shard } from '../../../shardmap/shard.ts';
import type { KeepsNumbers, MapKeys, ShardVerification } from '../../cli/services.ts';
import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import { NotAccepted } from '../../engine/verify-shard.ts';
import type { ProbeReport } from '../../policy/probes/probe.ts';
import { tryUnentered } from '../../policy/probes/unentered.ts';
import { policyState, verifyPolicies, type TriedPolicies } from '../../policy/verify.ts';
import { adminBounds } from '../admin-bounds.ts';
import { openAppConnection } from '../app-connection.ts';
import { engineOf, type Engines, type FullEngine } from '../engines.ts';
import { tellLatest } from './tell-latest.ts';
import { rehearsingWith } from './probing.ts';
import { wantedPolicies } from './wanted.ts';
import { withShard } from './with-shard.ts';

/** `ShardPolicies.requireServing`. */
export async function requireServing(engines: Engines, settings: Settings, shard: Shard, map: MapKeys): Promise<void> {
  const { different, objection, differing } = await withShard(engines, settings, shard, (admin) =>
    policyState(admin, engineOf(engines, shard.address), wantedPolicies(settings, shard, map)),
  );
  if (different.length > 0)
    throw new TenantryError('CONFLICT', `The protection of ${different.join(', ')} is not, or no more, what the configuration says.`);
  if (objection !== undefined) throw new NotAccepted(objection, differing);
  await requireAdmitted(engines, settings, shard);
}

/** `ShardPolicies.verify`. */
export async function proveShard(
  engines: Engines,
  settings: Settings,
  shard: Shard,
  { numbers, ...map }: MapKeys & { readonly numbers: KeepsNumbers },
): Promise<ShardVerification> {
  const engine = engineOf(engines, shard.address);
  const { tables, ...found } = await withShard(engines, settings, shard, async (admin) => {
    await tellLatest(admin, settings, shard, numbers);
    return verifyPolicies(admin, engine, wantedPolicies(settings, shard, map), rehearsingWith(engine, settings));
  });
  const refusal = await refusalOfApp(engines, settings, shard);
  // What a connection would say of it is known already.
  const isKnown = refusal instanceof NotAccepted && found.objection !== undefined;
  const unentered = await triedUnentered(engine, settings, shard, tables);
  return {
    ...found,
    tried: found.tried + unentered.tried,
    findings: [...found.findings, ...unentered.findings],
    refused: isKnown ? undefined : refusal?.reason,
  };
}

/** `ShardPolicies.requireAdmitted`. */
export async function requireAdmitted(engines: Engines, settings: Settings, shard: Shard): Promise<void> {
  const connection = await openAppConnection(engines, settings, shard);
  await connection.close();
}

/** Why a connection of app is not let in; undefined where it is. */
async function refusalOfApp(engines: Engines, settings: Settings, shard: Shard): Promise<TenantryError | undefined> {
  try {
    await requireAdmitted(engines, settings, shard);
    return undefined;
  } catch (error) {
    if (error instanceof TenantryError && error.code === 'SHARD_UNVERIFIED') return error;
    throw error;
  }
}

/** What app reads in a session of its own login before it has entered. */
async function triedUnentered(
  engine: FullEngine,
  { logins, limits }: Settings,
  { address }: Shard,
  tables: TriedPolicies['tables'],
): Promise<ProbeReport> {
  const app = engine.open(address, logins.app, { ...adminBounds(limits), connections: 1 });
  try {
    return await tryUnentered(app, tables);
  } finally {
    await app.close();
  }
}
