import type { SqlDatabase } from '../core/session.ts';
import { nameOf } from '../engine/qualified-tables.ts';
import type { DifferingObject } from '../engine/verification.ts';
import { compareShard } from './shard-comparison.ts';
import { warningsOf } from './findings.ts';
import { unacceptedLeaks, withAcceptedLeaks } from './leaks.ts';
import { lockPolicies } from './lock.ts';
import type { LocatedTable, PolicyFinding } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { partsOf, type Probing } from './probes/change.ts';
import { probe, type ProbeReport } from './probes/probe.ts';
import { rehearse } from './probes/rehearse.ts';
import { refusedAmong, shardFindings } from './shard-findings.ts';
import { located, type WantedPolicies } from './wanted-policies.ts';

/** How a shard's protection stands to the configuration. */
export interface PolicyState {
  /** Tables and procedures whose protection is not what the configuration says. */
  readonly different: readonly string[];
  /** Why what protects it is not what was accepted; undefined where it is. */
  readonly objection: string | undefined;
  /** Objects that are not as they were accepted, where that is why. */
  readonly differing: readonly DifferingObject[];
}

/** How a shard was found where all of it was tried. */
export interface PolicyProof extends PolicyState, ProbeReport {
  /** Of all that decided what app could see and do. */
  readonly fingerprint: string;
  /** Why what is configured cannot be served as it is there, however it is protected: `applyPolicies` refuses it. */
  readonly unfit: readonly PolicyFinding[];
  /** What leaks, and no drift accepts. */
  readonly leaks: readonly PolicyFinding[];
}

/** The same, with what of the configuration there was to try. */
export interface TriedPolicies extends PolicyProof {
  /** Those that are there. */
  readonly tables: readonly LocatedTable[];
}

/** Compares alone. `shard` is the database as admin. */
export async function policyState(shard: SqlDatabase, engine: PolicyEngine, request: WantedPolicies): Promise<PolicyState> {
  return await shard.transaction(async (session) => {
    await lockPolicies(session);
    return stateOf(await compareShard(session, engine, located(engine, request), request.accepting));
  });
}

/** Compares, asks what does not fit, and tries what the shard's logins may, in one transaction that is undone. */
export async function verifyPolicies(
  shard: SqlDatabase,
  engine: PolicyEngine,
  request: WantedPolicies,
  { rehearsals, users }: Pick<Probing, 'rehearsals' | 'users'>,
): Promise<TriedPolicies> {
  const shardTables = located(engine, request);
  return await rehearse(shard, { rehearsals }, { users, keyType: request.keyType }, async (stage) => {
    const found = await compareShard(stage.session, engine, shardTables, request.accepting);
    const { fingerprint } = found;
    const present = new Set(found.tables.map(nameOf));
    const tables = shardTables.tables.filter((table) => present.has(nameOf(table)));
    const unfit = refusedAmong(Object.values(await shardFindings(stage.session, engine, shardTables)).flat());
    const leaks = unacceptedLeaks(withAcceptedLeaks(await warningsOf(stage.session, tables), found.drift.present));
    return { tables, fingerprint, unfit, leaks, ...(await probe(stage, { tables, parts: partsOf(found) })), ...stateOf(found) };
  });
}

function stateOf({ pending, objection, differing }: Awaited<ReturnType<typeof compareShard>>): PolicyState {
  return { different: [...new Set(pending.map(({ object }) => object))], objection, differing };
}
