import type { SqlDatabase } from '../core/session.ts';
import { qualifiedProcedures } from '../engine/qualified-procedures.ts';
import type { DifferingObject } from '../engine/verification.ts';
import { qualifiedTables } from '../engine/qualified-tables.ts';
import { compareShard, type ShardComparison } from './shard-comparison.ts';
import { lockPolicies } from './lock.ts';
import type { ShardTables } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { partsOf, type Probing } from './probe-change.ts';
import { probe, type ProbeReport } from './probes.ts';
import { rehearse } from './rehearse.ts';
import type { WantedPolicies } from './wanted-policies.ts';

/** How a shard's protection stands to the configuration. */
export interface PolicyState {
  /** Tables and procedures whose protection is not what the configuration says. */
  readonly different: readonly string[];
  /** Why what protects it is not what was accepted; undefined where it is. */
  readonly objection: string | undefined;
  /** Objects that are not as they were accepted, where that is why. */
  readonly differing: readonly DifferingObject[];
}

/** Compares alone. `shard` is the database as admin. */
export async function policyState(shard: SqlDatabase, engine: PolicyEngine, request: WantedPolicies): Promise<PolicyState> {
  return await shard.transaction(async (session) => {
    await lockPolicies(session);
    return stateOf(await compareShard(session, engine, located(engine, request), request.accepting));
  });
}

/** Compares, and tries what the shard's logins may, in one transaction that is undone. */
export async function verifyPolicies(
  shard: SqlDatabase,
  engine: PolicyEngine,
  request: WantedPolicies,
  { rehearsals, users }: Pick<Probing, 'rehearsals' | 'users'>,
): Promise<PolicyState & ProbeReport & Pick<ShardComparison, 'fingerprint'>> {
  const shardTables = located(engine, request);
  return await rehearse(shard, { rehearsals }, { users, keyType: request.keyType }, async (stage) => {
    const found = await compareShard(stage.session, engine, shardTables, request.accepting);
    const { fingerprint } = found;
    return { fingerprint, ...(await probe(stage, { tables: shardTables.tables, parts: partsOf(found) })), ...stateOf(found) };
  });
}

function located({ dialect }: PolicyEngine, { tables, procedures, keyType }: WantedPolicies): ShardTables {
  return { tables: qualifiedTables(tables, dialect), procedures: qualifiedProcedures(procedures, dialect), keyType };
}

function stateOf({ pending, objection, differing }: Awaited<ReturnType<typeof compareShard>>): PolicyState {
  return { different: [...new Set(pending.map(({ object }) => object))], objection, differing };
}
