import { TenantryError } from '../core/errors.ts';
import type { Predicate } from '../core/predicate.ts';
import type { SqlSession } from '../core/session.ts';
import { isPartOfAnother } from '../engine/policy-renderer.ts';
import { nameOf } from '../engine/qualified-tables.ts';
import type { Rehearsals } from '../engine/rehearsal.ts';
import type { Sorted } from './accepted-drift.ts';
import type { Comparison } from './diff.ts';
import type { LocatedTable, ShardTables } from './model.ts';
import { probe, type ProbeFinding } from './probes.ts';
import { rehearseWithin, type RehearsalRequest } from './rehearse.ts';

/** With what the logins of a shard are rehearsed. */
export interface Probing {
  readonly rehearsals: Rehearsals;
  readonly users: RehearsalRequest['users'];
}

/**
 * Tries within a change what the logins may with the tables that it concerns, and with those whose policies read them. Throws CONFLICT, naming
 * each, where somebody reached what he must not, or did not reach what he must; what cannot be tried is given.
 */
export async function probeChange(
  session: SqlSession,
  { tables, keyType }: ShardTables,
  found: Comparison & Sorted,
  { rehearsals, users }: Probing,
): Promise<readonly ProbeFinding[]> {
  const kept = new Set(found.kept.map(({ table }) => table));
  const changed = new Set([...found.pending.map(({ table }) => table), ...kept]);
  const isConcerned = (table: LocatedTable): boolean =>
    changed.has(nameOf(table)) || reads(table, tables).some((name) => changed.has(name));
  const { findings } = await rehearseWithin(session, { rehearsals }, { users, keyType }, (stage) =>
    probe(stage, { tables, parts: partsOf(found).filter((part) => changed.has(nameOf(part))), only: isConcerned }),
  );
  // Drift that is accepted may keep from somebody what he should reach; it may let nobody reach more.
  const failed = findings.filter(({ outcome, table }) => (kept.has(table) ? outcome === 'leaked' : outcome !== 'unproven'));
  if (failed.length === 0) return findings;
  const list = failed.map(({ table, probe: what, text }) => `${table}: ${what} ${text}`);
  throw new TenantryError('CONFLICT', `With these policies the tables are not protected, so nothing was changed:\n- ${list.join('\n- ')}`);
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
