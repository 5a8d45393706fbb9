import type { Deadline } from '../../core/deadline.ts';
import { TenantryError } from '../../core/errors.ts';
import { sql } from '../../core/sql.ts';
import type { PolicyTable } from '../../engine/policy-renderer.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { LocatedTable } from '../model.ts';
import { isForbidden, type ProbeOutcome } from './expectations.ts';
import { referenceProbes } from './reference.ts';
import type { Stage, StageCaller } from './rehearse.ts';
import { roomFor } from './room.ts';
import { routedProbes, triedTable, type TriedTable } from './routed.ts';
import { SampleRows } from './sample-rows.ts';
import { noTenant, type Probe } from './tried-statements.ts';
import { UnfitSample } from './unfit-sample.ts';

/** A probe that was not as it must be. */
export interface ProbeFinding {
  /** `schema.table`. */
  readonly table: string;
  /** As whom and what: `tenant: update of another tenant's row`. */
  readonly probe: string;
  readonly outcome: ProbeOutcome;
  readonly text: string;
}

/** What was tried on a shard. */
export interface ProbeReport {
  /** How many statements. */
  readonly tried: number;
  /** None: everything was as it must be. */
  readonly findings: readonly ProbeFinding[];
}

/** The tables of a shard: as they are configured, and those that are parts of others. */
export interface ProbedTables {
  readonly tables: readonly LocatedTable[];
  readonly parts: readonly Pick<PolicyTable, 'schema' | 'table'>[];
  /** The tables that are tried; all of them by default. */
  readonly only?: (table: LocatedTable) => boolean;
  /** By when all must have been tried; undefined: it takes as long as it takes. */
  readonly deadline?: Deadline | undefined;
}

/** Statements between two looks at the clock. */
const triedAtOnce = 64;
/** What a deadline bounds, in its words. */
const work = 'Trying what the logins may';

/**
 * Tries on every table what each principal may: a tenant without a context and against another tenant's rows, each by the row's key and
 * without reading a column; reports, moves and migrations across tenants. A table that has no sample row is told, and not tried. Throws
 * TIMEOUT where it is not done by the deadline, and INTERNAL where a statement has no answer. Whatever protects the tables, no statement
 * changes another row than those that were made up.
 */
export async function probe(stage: Stage, { tables, parts, only = () => true, deadline }: ProbedTables): Promise<ProbeReport> {
  const samples = await SampleRows.of(stage, tables);
  const findings: ProbeFinding[] = [];
  const probes: Probe[] = parts.map((part) => partProbe(part));
  const routed: TriedTable[] = [];
  for (const table of tables.filter(only)) {
    deadline?.check(work);
    try {
      if (table.tenantColumn === undefined) probes.push(...(await referenceProbes(stage, samples, table)));
      else routed.push(await triedTable(stage, samples, table, table.tenantColumn));
    } catch (error) {
      if (!(error instanceof UnfitSample)) throw error;
      const where = error.table === nameOf(table) ? '' : `${error.table}: `;
      findings.push({ table: nameOf(table), probe: 'sample row', outcome: 'unproven', text: `${where}${error.reason}` });
    }
  }
  for (const tried of routed) {
    deadline?.check(work);
    probes.push(...routedProbes(tried, await roomFor(stage, samples, { a: tried.newOwn, b: tried.newOther })));
  }
  const tryAll = async (some: readonly Probe[]): Promise<void> => {
    for (let from = 0; from < some.length; from += triedAtOnce) {
      deadline?.check(work);
      const next = some.slice(from, from + triedAtOnce);
      const outcomes = await stage.attemptAll(next);
      for (const [position, { table, as, what, expect }] of next.entries()) {
        const outcome = outcomes[position];
        if (outcome === undefined)
          throw new TenantryError('INTERNAL', `It is not known what became of a statement that was tried on ${table}.`);
        const found = expect(outcome);
        if (found !== undefined) findings.push({ table, probe: `${callerName(as)}: ${what}`, ...found });
      }
    }
  };
  // Some engines let only one tenant in, for good: whoever is none comes before it.
  await tryAll(probes.filter(({ as }) => as.tenant === undefined));
  await tryAll(probes.filter(({ as }) => as.tenant !== undefined));
  return { tried: probes.length, findings };
}

function callerName({ principal, tenant: entered }: StageCaller): string {
  if (principal !== 'app') return principal;
  return entered === undefined ? 'app without a tenant' : 'tenant';
}

function partProbe({ schema, table }: Pick<PolicyTable, 'schema' | 'table'>): Probe {
  const statement = sql`select 1 as found where exists (select 1 from ${sql.id(schema, table)})`;
  return { table: nameOf({ schema, table }), as: noTenant, what: 'select of a part beside its table', statement, expect: isForbidden };
}
