import { digest } from '../core/digest.ts';
import type { SqlSession } from '../core/session.ts';
import type { Sql } from '../core/sql.ts';
import { isPartOfAnother, type FoundTable, type PolicyItem, type PolicyRenderer, type PolicyTable } from '../engine/policy-renderer.ts';
import { nameOf } from '../engine/qualified-tables.ts';
import type { ConfiguredTable, ShardTables } from './model.ts';

/** A difference with the statements that remove it. */
export interface Difference {
  /** `schema.table`. */
  readonly table: string;
  readonly on: PolicyTable;
  readonly item: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly statements: readonly Sql[];
  /** What an administrator runs instead, where admin may not. */
  readonly byAdministrator: readonly Sql[];
}

interface LiveItem extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
  readonly item: string;
  readonly definition: string;
}

/** What was found on a shard, compared with what must be there. */
export interface Comparison {
  /** The configured tables that exist, with their parts, in the order in which they are to be changed. */
  readonly tables: readonly PolicyTable[];
  /** Item by item, in the same order. */
  readonly pending: readonly Difference[];
  /** A digest of all that was found: the same as long as nobody changes any of it. */
  readonly state: string;
}

/** Compares what protects a shard's tables with what must. */
export async function compare(session: SqlSession, renderer: PolicyRenderer, configured: ShardTables): Promise<Comparison> {
  const located = JSON.stringify(configured.tables);
  const found = (await session.run<FoundTable & Record<string, unknown>>('policy/tables', { tables: located })).rows;
  const configuredAs = new Map(configured.tables.map((table) => [nameOf(table), table]));
  const tables = partsFirst(found.map((table) => withPolicies(table, configuredAs.get(nameOf(table)))));
  const live = (await session.run<LiveItem>('policy/live-items', { tables: JSON.stringify(tables) })).rows;
  const pending = tables.flatMap((table) => {
    const present = new Map(
      live.filter((row) => row.schema === table.schema && row.table === table.table).map((row) => [row.item, row.definition]),
    );
    return tableDifferences(renderer.wanted(table, configured.keyType, tables), renderer, table, present);
  });
  return { tables, pending, state: digest([found, live].map((rows) => rows.map((row) => JSON.stringify(row)).toSorted())) };
}

/** Nobody but through its table reaches the rows of a part, and a reference table's are everybody's. */
function withPolicies(table: FoundTable, configured: ConfiguredTable | undefined): PolicyTable {
  if (table.role !== 'routed' || configured === undefined) return { ...table, policies: [] };
  const { policies = [], model } = configured;
  return { ...table, policies, ...(model === undefined ? {} : { model }) };
}

/** The rows of a part are its table's: nobody may reach them beside it once the table is open to tenants. */
function partsFirst(tables: readonly PolicyTable[]): PolicyTable[] {
  return [...tables.filter(isPartOfAnother), ...tables.filter((table) => !isPartOfAnother(table))];
}

function tableDifferences(
  wanted: readonly PolicyItem[],
  renderer: PolicyRenderer,
  table: PolicyTable,
  present: ReadonlyMap<string, string>,
): Difference[] {
  const name = nameOf(table);
  const known = new Set(wanted.map(({ item }) => item));
  const toSet = wanted
    .map(({ item, definition, statements, byAdministrator = statements }) => ({
      table: name,
      on: table,
      item,
      before: present.get(item) ?? null,
      after: definition,
      statements,
      byAdministrator,
    }))
    .filter(({ before, after }) => before !== after);
  const toRemove = [...present].flatMap(([item, before]) => {
    const removal = known.has(item) ? null : renderer.removal(table, item);
    return removal === null
      ? []
      : [{ table: name, on: table, item, before, after: null, statements: [removal], byAdministrator: [removal] }];
  });
  return [...toSet, ...toRemove];
}
