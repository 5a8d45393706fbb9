import type { RowOperation } from '../../core/predicate.ts';
import { sql, type Sql } from '../../core/sql.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { PointedRow, SampleWords } from '../../engine/sample-words.ts';
import type { LocatedTable } from '../model.ts';
import { isForbidden, reaches, reachesNothing, type Expectation } from './expectations.ts';
import type { Stage } from './rehearse.ts';
import { rowKey, type SampleRow, type SampleRows } from './sample-rows.ts';
import { roomFor } from './room.ts';
import { admin, given, inTurn, noTenant, tenant, triedBy, type Prepared, type Probe, type TriedStatement } from './tried-statements.ts';
import { needsValue } from '../value-needs.ts';

/** A routed table with made-up rows of two tenants, as statements name them. */
interface TriedTable {
  readonly words: SampleWords;
  readonly at: Sql;
  /** The tenant's. */
  readonly column: Sql;
  /** Of the other tenant. */
  readonly other: SampleRow;
  /** Rows that are not there yet. */
  readonly newOwn: SampleRow;
  readonly newOther: SampleRow;
  /** What makes room for a row of the tenant, of the other one, where it cannot stand beside the one that is there. */
  readonly ownRoom: Prepared;
  readonly otherRoom: Prepared;
  /** The values of the tenants. */
  readonly ownTenant: Sql;
  readonly otherTenant: Sql;
  /** Conditions: by the key of a row, and of the rows of both. */
  readonly isOwn: Sql;
  readonly isOther: Sql;
  readonly isOfBoth: Sql;
  /** Rows without a condition that reads a column, where the engine makes a difference of such. */
  readonly thatOwn: PointedRow | undefined;
  readonly thatOther: PointedRow | undefined;
  /** An update that makes rows the tenant's own. */
  readonly take: Sql;
}

/** What each login may with a routed table, and with another tenant's rows of it. */
export async function routedProbes(stage: Stage, samples: SampleRows, table: LocatedTable, tenantColumn: string): Promise<Probe[]> {
  const name = nameOf(table);
  const tried = await triedTable(stage, samples, table, tenantColumn);
  return [
    ...triedBy(noTenant, name, beforeEntry(tried)),
    ...triedBy(tenant, name, [...acrossTenants(tried), ...withOwnRows(tried, table.policies ?? []), ...withoutReading(tried)]),
    ...triedBy({ principal: 'superuser' }, name, byReports(tried)),
    ...triedBy({ principal: 'mover' }, name, byMover(tried)),
    ...triedBy(admin, name, byAdmin(tried)),
  ];
}

async function triedTable(stage: Stage, samples: SampleRows, table: LocatedTable, tenantColumn: string): Promise<TriedTable> {
  const {
    tenants: { a, b },
    samples: words,
  } = stage;
  const name = nameOf(table);
  const own = await samples.keep(name, { tenant: a, number: 1 });
  const other = await samples.keep(name, { tenant: b, number: 1 });
  const [newOwn, newOther] = [await samples.compose(name, { tenant: a, number: 3 }), await samples.compose(name, { tenant: b, number: 2 })];
  const [at, column] = [sql.id(table.schema, table.table), sql.id(tenantColumn)];
  const room = await roomFor(stage, samples, { a: newOwn, b: newOther });
  const tenantOf = (row: SampleRow): Sql => row.values.find((value) => value.column.name === tenantColumn)?.value ?? sql`null`;
  const [ownTenant, otherTenant] = [tenantOf(own), tenantOf(other)];
  const [isOwn, isOther] = [rowKey(own, tenantColumn), rowKey(other, tenantColumn)];
  return {
    words,
    at,
    column,
    other,
    newOwn,
    newOther,
    ownRoom: room.a,
    otherRoom: room.b,
    ownTenant,
    otherTenant,
    isOwn,
    isOther,
    isOfBoth: sql`${column} in (${ownTenant}, ${otherTenant})`,
    thatOwn: words.row(at, isOwn),
    thatOther: words.row(at, isOther),
    take: sql`update ${at} set ${column} = ${ownTenant}`,
  };
}

function beforeEntry({ words, at, newOwn, ownRoom, take, isOther, thatOther }: TriedTable): TriedStatement[] {
  const another = thatOther ?? { condition: isOther };
  return [
    ['select', sql`select 1 as found where exists (select 1 from ${at})`, reachesNothing],
    ['insert', words.insert(at, given(newOwn)), isForbidden, ownRoom],
    ['update', sql`${take} where ${another.condition}`, reachesNothing, another],
    ['delete', sql`delete from ${at} where ${another.condition}`, reachesNothing, another],
  ];
}

function acrossTenants(tried: TriedTable): TriedStatement[] {
  const { words, at, column, other, newOther, otherRoom, ownTenant, otherTenant, isOwn, isOther, thatOwn, take } = tried;
  const give = sql`update ${at} set ${column} = ${otherTenant}`;
  return [
    ["select of another tenant's row", sql`select 1 as found from ${at} where ${isOther}`, reachesNothing],
    [
      'select of all that there is',
      sql`select 1 as found where exists (select 1 from ${at} where ${column} <> ${ownTenant})`,
      reachesNothing,
    ],
    ['insert for another tenant', words.insert(at, given(newOther)), isForbidden, otherRoom],
    ['insert for another tenant, whose row is asked back', words.insertReturning(at, given(newOther)), isForbidden, otherRoom],
    ...words
      .upserts(at, given(other), insertedKey(other))
      .map(({ name, statement }): TriedStatement => [`${name} of another tenant's row`, statement, isForbidden]),
    ["update of another tenant's row", sql`${take} where ${isOther}`, reachesNothing],
    ['update of an own row into another tenant', sql`${give} where ${isOwn}`, reachesNothing, otherRoom],
    ...unread(thatOwn, 'update into another tenant', (row) => sql`${give} where ${row}`, otherRoom),
    ["delete of another tenant's row", sql`delete from ${at} where ${isOther}`, reachesNothing],
  ];
}

function withOwnRows({ words, at, newOwn, ownRoom, isOwn, take }: TriedTable, policies: LocatedTable['policies'] & {}): TriedStatement[] {
  const expected = ownExpectations(policies);
  return [
    ['select of an own row', sql`select 1 as found from ${at} where ${isOwn}`, expected('select', reaches(1), reachesNothing)],
    ['insert of an own row', words.insert(at, given(newOwn)), expected('insert', reaches(1), isForbidden), ownRoom],
    ['update of an own row', sql`${take} where ${isOwn}`, expected('update', reaches(1), reachesNothing)],
    ['delete of an own row', sql`delete from ${at} where ${isOwn}`, expected('delete', reaches(1), reachesNothing)],
  ];
}

function withoutReading({ at, take, thatOther }: TriedTable): TriedStatement[] {
  return [
    ...unread(thatOther, 'update', (row) => sql`${take} where ${row}`),
    ...unread(thatOther, 'delete', (row) => sql`delete from ${at} where ${row}`),
  ];
}

function byReports({ words, at, newOther, otherRoom, isOfBoth, take }: TriedTable): TriedStatement[] {
  return [
    ['select', sql`select 1 as found from ${at} where ${isOfBoth}`, reaches(2)],
    ['insert', words.insert(at, given(newOther)), isForbidden, otherRoom],
    ['update', sql`${take} where ${isOfBoth}`, isForbidden],
    ['delete', sql`delete from ${at} where ${isOfBoth}`, isForbidden],
  ];
}

function byMover({ words, at, column, newOther, otherRoom, isOfBoth }: TriedTable): TriedStatement[] {
  return [
    ['select', sql`select 1 as found from ${at} where ${isOfBoth}`, reaches(2)],
    ['insert', words.insert(at, given(newOther)), reaches(1), otherRoom],
    ['update', sql`update ${at} set ${column} = ${column} where ${isOfBoth}`, reaches(2)],
    ['delete', sql`delete from ${at} where ${isOfBoth}`, reaches(2)],
  ];
}

function byAdmin({ at, column, isOfBoth }: TriedTable): TriedStatement[] {
  return [['update', sql`update ${at} set ${column} = ${column} where ${isOfBoth}`, reaches(2)]];
}

/** What is tried where the engine makes a difference of such a row. */
function unread(row: PointedRow | undefined, what: string, change: (condition: Sql) => Sql, room: Prepared = {}): TriedStatement[] {
  if (row === undefined) return [];
  const prepared = { before: inTurn(room.before, row.before) };
  return [[`${what} by a condition that reads no column`, change(row.condition), reachesNothing, prepared]];
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

/** The primary key, where an insert can give all of it. */
function insertedKey(row: SampleRow): readonly string[] {
  const names = new Set(given(row).map(({ column }) => column.name));
  return row.table.primaryKey.every((name) => names.has(name)) ? row.table.primaryKey : [];
}
