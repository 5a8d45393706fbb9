import { digest } from '../core/digest.ts';
import type { SqlSession } from '../core/session.ts';
import type { Sql } from '../core/sql.ts';
import { isPartOfAnother, type FoundTable, type PolicyItem, type PolicyRenderer, type PolicyTable } from '../engine/policy-renderer.ts';
import type { GivenProcedure, LocatedProcedure } from '../engine/qualified-procedures.ts';
import { nameOf } from '../engine/qualified-tables.ts';
import type { ConfiguredTable, ShardTables } from './model.ts';

/** What differs is of a table, for whose users a change waits, or of a procedure, where nobody has to. */
type DifferenceSubject = { readonly object: string } & ({ readonly of: 'table'; readonly on: PolicyTable } | { readonly of: 'procedure' });

/** Of a table. */
export type TableDifference = Extract<Difference, { readonly of: 'table' }>;

/** A difference with the statements that remove it. */
export type Difference = DifferenceSubject & {
  readonly item: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly statements: readonly Sql[];
  /** What an administrator runs instead, where admin may not. */
  readonly byAdministrator: readonly Sql[];
};

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
  /** Statements that forget what app was given of procedures which are gone. They are no difference of their own, and run with the next change. */
  readonly forgetting: readonly Sql[];
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
  const calls = await compareProcedures(session, renderer, configured.procedures);
  return {
    tables,
    pending: [...pending, ...calls.pending],
    forgetting: calls.forgetting,
    state: digest([found, live, calls.found].map((rows) => rows.map((row) => JSON.stringify(row)).toSorted())),
  };
}

interface LiveRight extends Record<string, unknown> {
  readonly schema: string;
  readonly routine: string;
  readonly item: string;
  readonly definition: string;
  readonly arguments: string | null;
  /** Whether app may call it still; null of one that is configured. */
  readonly callable: boolean | null;
  /** Not null: of a procedure that was configured, and is no more. */
  readonly given: GivenProcedure | null;
}

/** Who may call the configured procedures, compared with who shall; and what was given to call those that are configured no more. */
async function compareProcedures(
  session: SqlSession,
  renderer: PolicyRenderer,
  procedures: readonly LocatedProcedure[],
): Promise<{ readonly pending: Difference[]; readonly found: readonly LiveRight[] } & Pick<Comparison, 'forgetting'>> {
  const places = procedures.map(({ schema, routine }) => ({ schema, routine }));
  const { rows } = await session.run<LiveRight>('policy/live-procedures', { procedures: JSON.stringify(places) });
  const pending = procedures.flatMap((procedure) => {
    const { schema, routine } = procedure;
    const present = new Map(
      rows.filter((row) => row.schema === schema && row.routine === routine).map(({ item, definition }) => [item, definition]),
    );
    return differences(procedureSubject(procedure), renderer.procedureRights(procedure), present);
  });
  const left = rows.flatMap((row) => (row.given !== null && row.callable ? [withdrawn(renderer, row, row.given)] : []));
  const forgetting = rows.flatMap(({ given, callable }) => (given === null || callable ? [] : [renderer.forgetting(given)]));
  return { pending: [...pending, ...left], forgetting, found: rows };
}

function withdrawn(
  renderer: PolicyRenderer,
  { schema, routine, arguments: taken, definition }: LiveRight,
  given: GivenProcedure,
): Difference {
  const { item, statements, byAdministrator = statements } = renderer.withdrawal({ schema, routine, arguments: taken ?? '', given });
  return { ...procedureSubject({ schema, routine }), item, before: definition, after: null, statements, byAdministrator };
}

function procedureSubject({ schema, routine }: Pick<LocatedProcedure, 'schema' | 'routine'>): DifferenceSubject {
  return { of: 'procedure', object: nameOf({ schema, table: routine }) };
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
  const subject = { of: 'table', object: nameOf(table), on: table } as const;
  const known = new Set(wanted.map(({ item }) => item));
  const toSet = differences(subject, wanted, present);
  const toRemove = [...present].flatMap(([item, before]) => {
    const removal = known.has(item) ? null : renderer.removal(table, item);
    return removal === null ? [] : [{ ...subject, item, before, after: null, statements: [removal], byAdministrator: [removal] }];
  });
  return [...toSet, ...toRemove];
}

/** What is to be set of it. */
function differences(subject: DifferenceSubject, wanted: readonly PolicyItem[], present: ReadonlyMap<string, string>): Difference[] {
  return wanted
    .map(({ item, definition, statements, byAdministrator = statements }) => ({
      ...subject,
      item,
      before: present.get(item) ?? null,
      after: definition,
      statements,
      byAdministrator,
    }))
    .filter(({ before, after }) => before !== after);
}
