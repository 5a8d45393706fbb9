import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../core/deadline.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Predicate } from '../../core/predicate.ts';
import type { SqlSession } from '../../core/session.ts';
import { isPartOfAnother } from '../../engine/policy-renderer.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { Rehearsals } from '../../engine/rehearsal.ts';
import type { Verified } from '../../engine/verification.ts';
import type { DriftComparison } from '../accepted-drift.ts';
import type { Comparison } from '../diff.ts';
import type { LocatedTable, ShardTables } from '../model.ts';
import { probe, type ProbeFinding } from './probe.ts';
import { rehearseWithin, type RehearsalRequest } from './rehearse.ts';

/** Milliseconds that a statement waits for what another transaction holds. */
const longestLockMs = 1_000;

/** With what the logins of a shard are rehearsed. */
export interface Probing {
  /** Milliseconds that it may take within a change, whose locks are held meanwhile. */
  readonly withinMs: number;
  readonly clock: Clock;
  readonly rehearsals: Rehearsals;
  readonly users: RehearsalRequest['users'];
}

/**
 * Tries within a change what the logins may with the tables that it concerns, and with those whose policies read them; with all of them
 * where what protected the shard was not what was accepted. Throws CONFLICT, naming each, where somebody reached what he must not, or did
 * not reach what he must, and TIMEOUT where it takes too long; what cannot be tried is given.
 */
export async function probeChange(
  session: SqlSession,
  { tables, keyType }: ShardTables,
  found: Comparison & Pick<Verified, 'objection'> & { readonly drift: Pick<DriftComparison, 'kept'> },
  { rehearsals, users, withinMs, clock }: Probing,
): Promise<readonly ProbeFinding[]> {
  const kept = new Set(found.drift.kept.map(({ object }) => object));
  const changed = new Set([...found.pending.map(({ object }) => object), ...kept]);
  const isConcerned = (table: LocatedTable): boolean =>
    found.objection !== undefined || changed.has(nameOf(table)) || reads(table, tables).some((name) => changed.has(name));
  const bounds = { withinMs, lockMs: Math.min(withinMs, longestLockMs) };
  const deadline = new Deadline(clock, withinMs);
  const probing = rehearseWithin(session, { rehearsals }, { users, keyType, bounds }, (stage) =>
    probe(stage, {
      deadline,
      tables,
      parts: partsOf(found).filter((part) => found.objection !== undefined || changed.has(nameOf(part))),
      only: isConcerned,
    }),
  );
  const { findings } = await probing.catch(tooLong(withinMs));
  // Drift that is accepted may keep from somebody what he should reach; it may let nobody reach more.
  const failed = findings.filter(({ outcome, table }) => (kept.has(table) ? outcome === 'leaked' : outcome !== 'unproven'));
  if (failed.length === 0) return findings;
  const list = failed.map(({ table, probe: what, text }) => `${table}: ${what} ${text}`);
  throw new TenantryError('CONFLICT', `With these policies the tables are not protected, so nothing was changed:\n- ${list.join('\n- ')}`);
}

function tooLong(withinMs: number): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof TenantryError) || error.code !== 'TIMEOUT') throw error;
    const detail = `What the logins may could not be tried within ${withinMs} ms, in which tenants wait for the changed tables, so nothing was changed: ${error.reason} Run it again when the server has less to do, or give it longer (limits.changeProbeMs).`;
    throw new TenantryError('TIMEOUT', detail, { cause: error });
  };
}

/** Those that SQL can name beside the tables that they are parts of. */
export function partsOf({ tables }: Comparison): Comparison['tables'] {
  return tables.filter(isPartOfAnother);
}

/** The tables that the policies of a table ask. */
function reads({ policies = [] }: LocatedTable, tables: readonly LocatedTable[]): string[] {
  const named = policies.flatMap(({ conditions }) => Object.values(conditions).flatMap(tablesIn));
  return tables.filter(({ schema, table }) => named.some((read) => read.table === table && (read.schema ?? schema) === schema)).map(nameOf);
}

function tablesIn(predicate: Predicate): { readonly schema?: string; readonly table: string }[] {
  switch (predicate.kind) {
    case 'member':
      return [predicate.table];
    case 'parent':
      return [predicate.table, ...tablesIn(predicate.rows)];
    case 'all':
    case 'any':
      return predicate.of.flatMap(tablesIn);
    case 'owner':
    case 'role':
    case 'raw':
      return [];
  }
}
