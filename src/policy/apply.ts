import { systemClock, type Clock } from '../core/clock.ts';
import type { SqlDatabase, SqlSession } from '../core/session.ts';
import { compileSql } from '../core/compile-sql.ts';
import { digest } from '../core/digest.ts';
import { TenantryError } from '../core/errors.ts';
import type { SqlDialect } from '../core/sql.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';
import { requireCapabilities } from '../engine/capabilities.ts';
import { endOf, refuseOutlived } from './accepted-drift.ts';
import { changeShard } from './change-shard.ts';
import { changedInPlace } from './changed-in-place.ts';
import { compareShard, isAsItMustBe, type ShardComparison } from './shard-comparison.ts';
import type { Difference } from './diff.ts';
import { memberWarnings, unprovenFinding, warningsOf } from './findings.ts';
import { lockPolicies } from './lock.ts';
import type { PlannedChange, PolicyChange, PolicyFinding, PolicyResult, ShardTables, SignedChange } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';
import type { Probing } from './probes/change.ts';
import { refuseLeaks, withAcceptedLeaks } from './leaks.ts';
import { refuseUnfit, shardFindings } from './shard-findings.ts';
import { located, type WantedPolicies } from './wanted-policies.ts';

/** Which policies a shard must have, and how they come there. */
export interface PolicyRequest extends WantedPolicies {
  /** How what then is there is tried before it counts; undefined: it is not. */
  readonly probing?: Probing | undefined;
  /** Nothing is changed; the result says what would be. */
  readonly dryRun: boolean;
  /** Nothing but this is changed. */
  readonly planned?: PlannedChange | undefined;
  /** Milliseconds for which tables in use are tried again; a minute by default. */
  readonly withinMs?: number;
  /** Aborted: tables in use are not tried again. */
  readonly stop?: AbortSignal | undefined;
  /** The machine's by default. */
  readonly clock?: Clock;
}

const defaultWithinMs = 60_000;

/**
 * Makes the policies of one shard what the configuration says, in one transaction (docs/decisions/016-one-transaction-for-each-shard.md); a
 * second time changes nothing. `shard` is the database as admin. Throws INVALID_CONFIGURATION where the tables or the server do not fit, or
 * admin may not set all of it, CONFLICT where a drift is there whose time is over, or a leak that no drift accepts would be accepted, and
 * TIMEOUT where a table is in use for too long: the shard is as it was then.
 */
export async function applyPolicies(shard: SqlDatabase, engine: PolicyEngine, request: PolicyRequest): Promise<PolicyResult> {
  const { accepting, planned, logins } = request;
  if (request.dryRun) {
    const preview = await previewPolicies(shard, engine, request);
    refuseLeaks(preview.changes, preview.warnings);
    requirePlanned(planned, preview);
    return preview;
  }
  const wanted = located(engine, request);
  await requireCapabilities(shard, engine.capabilitiesOf, request.capabilities ?? {}, 'INVALID_CONFIGURATION');
  const examine = (session: SqlSession): Promise<readonly PolicyFinding[]> => examined(session, engine, wanted, logins);
  const permit = (found: ShardComparison, warnings: readonly PolicyFinding[]): void => {
    refuseOutlived(found.drift.outlived);
    const result = resultOf(found, warnings, engine);
    refuseLeaks(result.changes, result.warnings);
    requirePlanned(planned, result);
  };
  const { clock = systemClock, withinMs = defaultWithinMs, stop, probing } = request;
  const found = await changeShard(shard, engine, wanted, { clock, withinMs, stop, examine, permit, accepting, probing });
  return { ...resultOf(found, [...found.warnings, ...found.unproven.map(unprovenFinding)], engine), applied: true };
}

/** What would be done, and what is to be minded, also what `applyPolicies` refuses to accept. Throws as it does besides. */
export async function previewPolicies(shard: SqlDatabase, engine: PolicyEngine, request: WantedPolicies): Promise<PolicyResult> {
  const wanted = located(engine, request);
  await requireCapabilities(shard, engine.capabilitiesOf, request.capabilities ?? {}, 'INVALID_CONFIGURATION');
  return await shard.transaction(async (session) => {
    await lockPolicies(session);
    const warnings = await examined(session, engine, wanted, request.logins);
    const found = await compareShard(session, engine, wanted, request.accepting);
    refuseOutlived(found.drift.outlived);
    return { ...resultOf(found, [...warnings, ...changedInPlace(found.pending)], engine), applied: isAsItMustBe(found) };
  });
}

/** What is not compared: what may undo what is set. Throws what does not fit. */
async function examined(
  session: SqlSession,
  engine: PolicyEngine,
  wanted: ShardTables,
  logins: WantedPolicies['logins'],
): Promise<readonly PolicyFinding[]> {
  const found = await shardFindings(session, engine, wanted);
  refuseUnfit(found);
  const members = logins === undefined ? [] : await memberWarnings(session, logins);
  return [...Object.values(found).flat(), ...(await warningsOf(session, wanted.tables)), ...members];
}

function resultOf(
  found: ShardComparison,
  warnings: readonly PolicyFinding[],
  { renderer, dialect }: PolicyEngine,
): Omit<PolicyResult, 'applied'> {
  const { pending, state, fingerprint, drift } = found;
  return {
    changes: [...pending.map((difference) => changeOf(difference, dialect)), ...signed(found, renderer)],
    state: digest([state, fingerprint]),
    warnings: withAcceptedLeaks(warnings, drift.present),
    drift: drift.present,
  };
}

/** What would be signed by the program, for what is there then. */
function signed(found: ShardComparison, renderer: PolicyRenderer): SignedChange[] {
  const { objection, renewal } = found;
  if (objection !== undefined) return acceptances(objection, found, renderer);
  if (renewal === undefined) return [];
  return [signedChange('renew', 'end of what was accepted', accepted(renewal.untilMs), accepted(renewal.wantedMs))];
}

/**
 * Each object that would be accepted as it is now, or as it is with what is set of it; what is about to be set whole is shown as that
 * alone.
 */
function acceptances(objection: string, { differing, pending, drift }: ShardComparison, renderer: PolicyRenderer): SignedChange[] {
  const after = accepted(endOf(drift.present));
  if (differing.length === 0) return [signedChange('accept', objection, null, after)];
  return differing
    .filter((object) => !pending.some((difference) => difference.of === 'table' && renderer.sets(difference, object)))
    .map(({ kind, object, change: how }) => signedChange('accept', `${kind} ${object}`, `${how} since it was accepted`, after));
}

/** No statement says it. */
function signedChange(kind: SignedChange['kind'], item: string, before: string | null, after: string): SignedChange {
  return { kind, of: 'shard', object: null, item, before, after, statements: [] };
}

function accepted(untilMs: number | null): string {
  return untilMs === null ? 'accepted' : `accepted until ${new Date(untilMs).toISOString()}`;
}

/** Throws CONFLICT where a shard is not as it was when its change was planned; one where nothing is left to do is as the plan wants it. */
function requirePlanned(planned: PlannedChange | undefined, found: PlannedChange): void {
  if (planned === undefined || found.changes.length === 0) return;
  if (planned.state !== found.state)
    throw new TenantryError('CONFLICT', 'The shard has been changed since the plan was made: make another one (`tenantry policy plan`).');
  if (digest(planned.changes) !== digest(found.changes))
    throw new TenantryError(
      'CONFLICT',
      'The plan has other statements than the configuration now makes: make another one (`tenantry policy plan`).',
    );
}

function changeOf({ of, object, item, before, after, statements }: Difference, dialect: SqlDialect): PolicyChange {
  return { kind: 'set', of, object, item, before, after, statements: statements.map((statement) => compileSql(statement, dialect).text) };
}
