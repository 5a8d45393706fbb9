import type { Deadline } from '../core/deadline.ts';
import { TenantryError } from '../core/errors.ts';
import { sql, type Sql } from '../core/sql.ts';
import type { RowOperation } from '../core/predicate.ts';
import type { PolicyTable } from '../engine/policy-renderer.ts';
import { nameOf } from '../engine/qualified-tables.ts';
import type { PointedRow, SampledValue } from '../engine/sample-words.ts';
import type { LocatedTable } from './model.ts';
import { isForbidden, reaches, reachesNothing, type Expectation, type ProbeOutcome } from './probe-expectations.ts';
import type { Stage, StageAttempt, StageCaller } from './rehearse.ts';
import { rowKey, SampleRows, UnfitSample, type SampleRow } from './sample-rows.ts';
import { needsValue } from './value-needs.ts';

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

interface Probe extends StageAttempt {
  readonly table: string;
  readonly what: string;
  readonly expect: Expectation;
}

/** What is tried, and of which row, where it names one by no column. */
type TriedStatement = readonly [what: string, statement: Sql, expect: Expectation, row?: PointedRow];

/** Statements between two looks at the clock. */
const triedAtOnce = 64;
/** What a deadline bounds, in its words. */
const work = 'Trying what the logins may';

const noTenant: StageCaller = { principal: 'app' };
const tenant: StageCaller = { principal: 'app', tenant: 'a' };

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
  for (const table of tables.filter(only)) {
    deadline?.check(work);
    try {
      probes.push(
        ...(table.tenantColumn === undefined
          ? await referenceProbes(stage, samples, table)
          : await routedProbes(stage, samples, table, table.tenantColumn)),
      );
    } catch (error) {
      if (!(error instanceof UnfitSample)) throw error;
      const where = error.table === nameOf(table) ? '' : `${error.table}: `;
      findings.push({ table: nameOf(table), probe: 'sample row', outcome: 'unproven', text: `${where}${error.reason}` });
    }
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

function triedBy(as: StageCaller, table: string, list: readonly TriedStatement[]): Probe[] {
  return list.map(([what, statement, expect, row]) => ({ table, as, what, statement, expect, before: row?.before }));
}

function callerName({ principal, tenant: entered }: StageCaller): string {
  if (principal !== 'app') return principal;
  return entered === undefined ? 'app without a tenant' : 'tenant';
}

async function routedProbes(stage: Stage, samples: SampleRows, table: LocatedTable, tenantColumn: string): Promise<Probe[]> {
  const name = nameOf(table);
  const { a, b } = stage.tenants;
  const own = await samples.keep(name, { tenant: a, number: 1 });
  const other = await samples.keep(name, { tenant: b, number: 1 });
  const [newOwn, newOther] = [await samples.compose(name, { tenant: a, number: 3 }), await samples.compose(name, { tenant: b, number: 2 })];
  const [at, column] = [sql.id(table.schema, table.table), sql.id(tenantColumn)];
  const asTenant = (row: SampleRow): Sql => row.values.find((value) => value.column.name === tenantColumn)?.value ?? sql`null`;
  const both = sql`${column} in (${asTenant(own)}, ${asTenant(other)})`;
  const keyed = (row: SampleRow): Sql => rowKey(row, tenantColumn);
  const words = stage.samples;
  const take = sql`update ${at} set ${column} = ${asTenant(own)}`;
  const [thatOwn, thatOther] = [words.row(at, keyed(own)), words.row(at, keyed(other))];
  const another = thatOther ?? { condition: keyed(other) };
  const probes = (as: StageCaller, list: readonly TriedStatement[]): Probe[] => triedBy(as, name, list);
  const { policies = [] } = table;
  const expectedOfOwn = ownExpectations(policies);
  return [
    ...probes(noTenant, [
      ['select', sql`select 1 as found where exists (select 1 from ${at})`, reachesNothing],
      ['insert', words.insert(at, given(newOwn)), isForbidden],
      ['update', sql`${take} where ${another.condition}`, reachesNothing, another],
      ['delete', sql`delete from ${at} where ${another.condition}`, reachesNothing, another],
    ]),
    ...probes(tenant, [
      ["select of another tenant's row", sql`select 1 as found from ${at} where ${keyed(other)}`, reachesNothing],
      [
        'select of all that there is',
        sql`select 1 as found where exists (select 1 from ${at} where ${column} <> ${asTenant(own)})`,
        reachesNothing,
      ],
      ['insert for another tenant', words.insert(at, given(newOther)), isForbidden],
      ['insert for another tenant, whose row is asked back', words.insertReturning(at, given(newOther)), isForbidden],
      ...words
        .upserts(at, given(other), insertedKey(other))
        .map(({ name: upsert, statement }): readonly [string, Sql, Expectation] => [
          `${upsert} of another tenant's row`,
          statement,
          isForbidden,
        ]),
      ["update of another tenant's row", sql`${take} where ${keyed(other)}`, reachesNothing],
      [
        'update of an own row into another tenant',
        sql`update ${at} set ${column} = ${asTenant(other)} where ${keyed(own)}`,
        reachesNothing,
      ],
      ...unread(thatOwn, 'update into another tenant', (row) => sql`update ${at} set ${column} = ${asTenant(other)} where ${row}`),
      ["delete of another tenant's row", sql`delete from ${at} where ${keyed(other)}`, reachesNothing],
      ['select of an own row', sql`select 1 as found from ${at} where ${keyed(own)}`, expectedOfOwn('select', reaches(1), reachesNothing)],
      ['insert of an own row', words.insert(at, given(newOwn)), expectedOfOwn('insert', reaches(1), isForbidden)],
      ['update of an own row', sql`${take} where ${keyed(own)}`, expectedOfOwn('update', reaches(1), reachesNothing)],
      ['delete of an own row', sql`delete from ${at} where ${keyed(own)}`, expectedOfOwn('delete', reaches(1), reachesNothing)],
    ]),
    ...probes(tenant, [
      ...unread(thatOther, 'update', (row) => sql`${take} where ${row}`),
      ...unread(thatOther, 'delete', (row) => sql`delete from ${at} where ${row}`),
    ]),
    ...probes({ principal: 'superuser' }, [
      ['select', sql`select 1 as found from ${at} where ${both}`, reaches(2)],
      ['insert', words.insert(at, given(newOther)), isForbidden],
      ['update', sql`${take} where ${both}`, isForbidden],
      ['delete', sql`delete from ${at} where ${both}`, isForbidden],
    ]),
    ...probes({ principal: 'mover' }, [
      ['select', sql`select 1 as found from ${at} where ${both}`, reaches(2)],
      ['insert', words.insert(at, given(newOther)), reaches(1)],
      ['update', sql`update ${at} set ${column} = ${column} where ${both}`, reaches(2)],
      ['delete', sql`delete from ${at} where ${both}`, reaches(2)],
    ]),
    ...probes({ principal: 'admin' }, [['update', sql`update ${at} set ${column} = ${column} where ${both}`, reaches(2)]]),
  ];
}

/** What is tried where the engine makes a difference of such a row. */
function unread(row: PointedRow | undefined, what: string, change: (condition: Sql) => Sql): TriedStatement[] {
  return row === undefined ? [] : [[`${what} by a condition that reads no column`, change(row.condition), reachesNothing, row]];
}

/**
 * What must become of an own row of a tenant whose call has brought no values: where a policy stands between, only what it forbids for
 * certain is known.
 */
function ownExpectations(
  policies: LocatedTable['policies'] & {},
): (operation: RowOperation, free: Expectation, closed: Expectation) => Expectation {
  return (operation, free, closed) => {
    const asked: readonly RowOperation[] = operation === 'select' || operation === 'insert' ? [operation] : ['select', operation];
    if (asked.some((each) => needsValue(policies, each))) return closed;
    return asked.some((each) => policies.some(({ conditions }) => conditions[each] !== undefined)) ? () => undefined : free;
  };
}

async function referenceProbes(stage: Stage, samples: SampleRows, table: LocatedTable): Promise<Probe[]> {
  const name = nameOf(table);
  const row = await samples.keep(name, { number: 1 });
  const another = await samples.compose(name, { number: 2 });
  const at = sql.id(table.schema, table.table);
  const [first] = row.values;
  const that = stage.samples.row(at, rowKey(row)) ?? { condition: rowKey(row) };
  const set = first === undefined ? undefined : sql`${sql.id(first.column.name)} = ${first.value}`;
  const update: readonly TriedStatement[] =
    set === undefined ? [] : [['update', sql`update ${at} set ${set} where ${that.condition}`, isForbidden, that]];
  return triedBy(tenant, name, [
    ['select of a reference table', sql`select 1 as found from ${at} where ${rowKey(row)}`, reaches(1)],
    ['insert', stage.samples.insert(at, given(another)), isForbidden],
    ...update,
    ['delete', sql`delete from ${at} where ${that.condition}`, isForbidden, that],
  ]);
}

function partProbe({ schema, table }: Pick<PolicyTable, 'schema' | 'table'>): Probe {
  const statement = sql`select 1 as found where exists (select 1 from ${sql.id(schema, table)})`;
  return { table: nameOf({ schema, table }), as: noTenant, what: 'select of a part beside its table', statement, expect: isForbidden };
}

/** What an insert of somebody who does not own the table may give. */
function given({ values }: SampleRow): SampledValue[] {
  return values.filter(({ column }) => !column.identity);
}

/** The primary key, where an insert can give all of it. */
function insertedKey(row: SampleRow): readonly string[] {
  const names = new Set(given(row).map(({ column }) => column.name));
  return row.table.primaryKey.every((name) => names.has(name)) ? row.table.primaryKey : [];
}
