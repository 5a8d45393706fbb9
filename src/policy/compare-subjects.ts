import { driftOfItem, isOfFingerprint, type AcceptedDrift } from '../core/accepted-drift.ts';
import { sentence } from '../core/sentence.ts';
import type { SqlDatabase } from '../core/session.ts';
import { requireCapabilities } from '../engine/capabilities.ts';
import type { LocatedProcedure } from '../engine/qualified-procedures.ts';
import { nameOf } from '../engine/qualified-tables.ts';
import type { DifferingObject } from '../engine/verification.ts';
import { compareShard, type ShardComparison } from './shard-comparison.ts';
import type { Comparison, Difference } from './diff.ts';
import type { NamedSubject, PolicyFinding, WholeShard } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { refusedAmong, shardFindings } from './shard-findings.ts';
import { located, type WantedPolicies } from './wanted-policies.ts';

/** How something on a shard stands to the model. */
type State = 'missing' | 'different' | 'extra';

/** An item of a table that is not as the model has it, or an object of a shard that is not as it was accepted. */
export interface ItemComparison {
  /** `policy tenantry_tenant`, `rights of tenantry_app`, `view public.totals`... */
  readonly item: string;
  readonly state: State;
  /** What the shard has; null: nothing, or what was taken away since it was accepted. */
  readonly before: string | null;
  /** What the model has, or that it was accepted; null: nothing. */
  readonly after: string | null;
  /** It may stay so until then, and why. */
  readonly accepted?: { readonly until: string; readonly reason: string };
}

interface Compared {
  /** `missing`, `extra`: all that is not the same lacks on the shard, or in the model; `accepted`: it may be so for a while. */
  readonly state: 'same' | 'accepted' | State;
  readonly items: readonly ItemComparison[];
  /** Why it could not be what the model says, or what makes it look routed. */
  readonly reasons: readonly string[];
}

/** A table or procedure of a shard beside the model. */
type NamedComparison = NamedSubject & Compared;

/** A shard beside what was accepted of it. */
type ShardAcceptance = WholeShard & Compared;

/** One line of what `compareSubjects` gives. */
export type SubjectComparison = NamedComparison | ShardAcceptance;

interface ExtraTable extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
  readonly hasPolicies: boolean;
  readonly tenantColumn: string | null;
}

/**
 * Compares a shard with the model, table by table, by name, and last with what was accepted of it; changes nothing and waits for no table.
 * `shard` is the database as admin. Throws SHARD_UNVERIFIED where it cannot tell what protects its tenants.
 */
export async function compareSubjects(shard: SqlDatabase, engine: PolicyEngine, request: WantedPolicies): Promise<SubjectComparison[]> {
  await requireCapabilities(shard, engine.capabilitiesOf, request.capabilities ?? {}, 'INVALID_CONFIGURATION');
  const configured = located(engine, request);
  const { procedures } = configured;
  return await shard.transaction(async (session) => {
    const shardFound = await compareShard(session, engine, configured, request.accepting);
    const found = { ...shardFound, pending: [...shardFound.pending, ...shardFound.drift.kept] };
    const findings = await shardFindings(session, engine, configured);
    const known = JSON.stringify(
      [...configured.tables, ...found.tables].map(({ schema, table, tenantColumn }) => ({ schema, table, tenantColumn })),
    );
    const drift = new Map(found.drift.inForce.map((accepted) => [accepted.object, accepted]));
    const extra = (await session.run<ExtraTable>('policy/extra-tables', { tables: known })).rows;
    const reasonsOf = (table: string): string[] =>
      findings.tables.filter(({ object }) => object === table).map(({ text }) => sentence(`It ${text}`));
    const present = new Set(found.tables.map(nameOf));
    const ofShard = refusedAmong(findings.functions).map(({ object, text }) => sentence(`${object} ${text}`));
    const subjects = [
      ...found.tables.map(nameOf).map((object) => compared('table', object, found, reasonsOf(object), drift)),
      ...configured.tables
        .map(nameOf)
        .filter((object) => !present.has(object))
        .map((object): NamedComparison => ({ of: 'table', object, state: 'missing', items: [], reasons: reasonsOf(object) })),
      ...procedures.map(({ schema, routine }) => comparedProcedure(nameOf({ schema, table: routine }), found, findings.procedures, drift)),
      ...exposed(found, procedures).map((object) => compared('procedure', object, found, [], drift)),
      ...extra.map(asExtra),
    ];
    return [...subjects.toSorted((one, other) => (one.object < other.object ? -1 : 1)), comparedAcceptance(found, ofShard)];
  });
}

const stateOfChange = { added: 'extra', removed: 'missing', changed: 'different' } as const satisfies Record<
  DifferingObject['change'],
  State
>;

/** What is of no configured table, or is of one and was changed: whether all is as it was accepted, and what is there that may not be. */
function comparedAcceptance(
  { objection, differing, drift }: Pick<ShardComparison, 'objection' | 'differing' | 'drift'>,
  problems: readonly string[],
): ShardAcceptance {
  if (objection !== undefined) {
    const items = differing.map(({ kind, object, change }) => ({
      item: `${kind} ${object}`,
      state: stateOfChange[change],
      before: change === 'removed' ? null : `${change} since it was accepted`,
      after: change === 'added' ? null : 'accepted',
    }));
    return { of: 'shard', object: null, state: 'different', items, reasons: [`It may serve no tenants: ${objection}.`, ...problems] };
  }
  const items = drift.present.filter(isOfFingerprint).map(({ object, untilMs, reason }) => ({
    item: object,
    state: 'extra' as const,
    before: 'there',
    after: null,
    accepted: { until: new Date(untilMs).toISOString(), reason },
  }));
  const state = problems.length > 0 ? 'different' : items.length === 0 ? 'same' : 'accepted';
  return { of: 'shard', object: null, state, items, reasons: problems };
}

/** Names of procedures that are configured no more, and that app may call as if they were. */
function exposed({ pending }: Comparison, procedures: readonly LocatedProcedure[]): string[] {
  const configured = new Set(procedures.map(({ schema, routine }) => nameOf({ schema, table: routine })));
  return [...new Set(pending.flatMap(({ of, object }) => (of === 'procedure' && !configured.has(object) ? [object] : [])))];
}

function comparedProcedure(
  object: string,
  found: Comparison,
  findings: readonly PolicyFinding[],
  drift: ReadonlyMap<string, AcceptedDrift>,
): NamedComparison {
  const refused = refusedAmong(findings).filter((finding) => finding.object === object);
  const reasons = refused.map(({ text }) => sentence(`It ${text}`));
  const isMissing = refused.some(({ code }) => code === 'missing-procedure');
  return isMissing
    ? { of: 'procedure', object, state: 'missing', items: [], reasons }
    : compared('procedure', object, found, reasons, drift);
}

function compared(
  of: 'table' | 'procedure',
  object: string,
  { pending }: Comparison,
  reasons: readonly string[],
  drift: ReadonlyMap<string, AcceptedDrift>,
): NamedComparison {
  const items = pending
    .filter((difference) => difference.of === of && difference.object === object)
    .map((difference) => itemOf(difference, drift.get(driftOfItem(object, difference.item))));
  const states = new Set(items.filter(({ accepted }) => accepted === undefined).map(({ state }) => state));
  const [only = items.length > 0 ? 'accepted' : 'same'] = states;
  return { of, object, state: reasons.length > 0 || states.size > 1 ? 'different' : only, items, reasons };
}

function itemOf({ item, before, after }: Difference, drift: AcceptedDrift | undefined): ItemComparison {
  const state = before === null ? 'missing' : after === null ? 'extra' : 'different';
  if (drift === undefined) return { item, state, before, after };
  return { item, state, before, after, accepted: { until: new Date(drift.untilMs).toISOString(), reason: drift.reason } };
}

function asExtra({ schema, table, hasPolicies, tenantColumn }: ExtraTable): NamedComparison {
  const looks = [...(hasPolicies ? ["policies of Tenantry's"] : []), ...(tenantColumn === null ? [] : [`a column ${tenantColumn}`])];
  const reasons = [`It is not in the configuration, and has ${looks.join(' and ')}.`];
  return { of: 'table', object: nameOf({ schema, table }), state: 'extra', items: [], reasons };
}
