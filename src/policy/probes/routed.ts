import type { RowOperation } from '../../core/predicate.ts';
import { sql, type Sql } from '../../core/sql.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { PointedRow, SampleWords } from '../../engine/sample-words.ts';
import type { LocatedTable } from '../model.ts';
import { isForbidden, reaches, reachesNothing, type Expectation } from './expectations.ts';
import type { Stage } from './rehearse.ts';
import { rowKey, type SampleRow, type SampleRows } from './sample-rows.ts';
import type { Room } from './room.ts';
import { admin, given, inTurn, noTenant, tenant, triedBy, type Prepared, type Probe, type TriedStatement } from './tried-statements.ts';
import { needsValue } from '../value-needs.ts';

/** A routed table with made-up rows of two tenants, as statements name them. */
export interface TriedTable {
  readonly table: LocatedTable;
  readonly words: SampleWords;
  readonly at: Sql;
  /** The tenant's. */
  readonly column: Sql;
  /** Of the other tenant. */
  readonly other: SampleRow;
  /** Rows that are not there yet. */
  readonly newOwn: SampleRow;
  readonly newOther: SampleRow;
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
export function routedProbes(tried: TriedTable, room: Room): Probe[] {
  const { table } = tried;
  const name = nameOf(table);
  return [
    ...triedBy(noTenant, name, beforeEntry(tried, room)),
    ...triedBy(tenant, name, [...acrossTenants(tried, room), ...withOwnRows(tried, room), ...withoutReading(tried)]),
    ...triedBy({ principal: 'superuser' }, name, byReports(tried, room)),
    ...triedBy({ principal: 'mover' }, name, byMover(tried, room)),
    ...triedBy(admin, name, byAdmin(tried)),
  ];
}

/** Makes up its rows. Throws UnfitSample. */
export async function triedTable(stage: Stage, samples: SampleRows, table: LocatedTable, tenantColumn: string): Promise<TriedTable> {
  const {
    tenants: { a, b },
    samples: words,
  } = stage;
  const name = nameOf(table);
  const own = await samples.keep(name, { tenant: a, number: 1 });
  const other = await samples.keep(name, { tenant: b, number: 1 });
  const [newOwn, newOther] = [await samples.compose(name, { tenant: a, number: 3 }), await samples.compose(name, { tenant: b, number: 2 })];
  const [at, column] = [sql.id(table.schema, table.table), sql.id(tenantColumn)];
  const tenantOf = (row: SampleRow): Sql => row.values.find((value) => value.column.name === tenantColumn)?.value ?? sql`null`;
  const [ownTenant, otherTenant] = [tenantOf(own), tenantOf(other)];
  const [isOwn, isOther] = [rowKey(own, tenantColumn), rowKey(other, tenantColumn)];
  return {
    table,
    words,
    at,
    column,
    other,
    newOwn,
    newOther,
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

function beforeEntry({ words, at, newOwn, take, isOther, thatOther }: TriedTable, room: Room): TriedStatement[] {
  const another = thatOther ?? { condition: isOther };
  return [
    ['select', sql`select 1 as found where exists (select 1 from ${at})`, reachesNothing],
    ['insert', words.insert(at, given(newOwn)), isForbidden, room.a],
    ['update', sql`${take} where ${another.condition}`, reachesNothing, another],
    ['delete', sql`delete from ${at} where ${another.condition}`, reachesNothing, another],
  ];
}

function acrossTenants(tried: TriedTable, room: Room): TriedStatement[] {
  const { words, at, column, other, newOther, ownTenant, otherTenant, isOwn, isOther, thatOwn, take } = tried;
  const give = sql`update ${at} set ${column} = ${otherTenant}`;
  return [
    ["select of another tenant's row", sql`select 1 as found from ${at} where ${isOther}`, reachesNothing],
    [
      'select of all that there is',
      sql`select 1 as found where exists (select 1 from ${at} where ${column} <> ${ownTenant})`,
      reachesNothing,
    ],
    ['insert for another tenant', words.insert(at, given(newOther)), isForbidden, room.b],
    ['insert for another tenant, whose row is asked back', words.insertReturning(at, given(newOther)), isForbidden, room.b],
    ...words
      .upserts(at, given(other), insertedKey(other))
      .map(({ name, statement }): TriedStatement => [`${name} of another tenant's row`, statement, isForbidden]),
    ["update of another tenant's row", sql`${take} where ${isOther}`, reachesNothing],
    ['update of an own row into another tenant', sql`${give} where ${isOwn}`, reachesNothing, room.b],
    ...unread(thatOwn, 'update into another tenant', (row) => sql`${give} where ${row}`, room.b),
    ["delete of another tenant's row", sql`delete from ${at} where ${isOther}`, reachesNothing],
  ];
}

function withOwnRows({ table, words, at, newOwn, isOwn, take }: TriedTable, room: Room): TriedStatement[] {
  const expected = ownExpectations(table.policies ?? []);
  return [
    ['select of an own row', sql`select 1 as found from ${at} where ${isOwn}`, expected('select', reaches(1), reachesNothing)],
    ['insert of an own row', words.insert(at, given(newOwn)), expected('insert', reaches(1), isForbidden), room.a],
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

function byReports({ words, at, newOther, isOfBoth, take }: TriedTable, room: Room): TriedStatement[] {
  return [
    ['select', sql`select 1 as found from ${at} where ${isOfBoth}`, reaches(2)],
    ['insert', words.insert(at, given(newOther)), isForbidden, room.b],
    ['update', sql`${take} where ${isOfBoth}`, isForbidden],
    ['delete', sql`delete from ${at} where ${isOfBoth}`, isForbidden],
  ];
}

function byMover({ words, at, column, newOther, isOfBoth }: TriedTable, room: Room): TriedStatement[] {
  return [
    ['select', sql`select 1 as found from ${at} where ${isOfBoth}`, reaches(2)],
    ['insert', words.insert(at, given(newOther)), reaches(1), room.b],
    ['update', sql`update ${at} set ${column} = ${column} where ${isOfBoth}`, reaches(2)],
    ['delete', sql`delete from ${at} where ${isOfBoth}`, reaches(2)],
  ];
}

function byAdmin({ at, column, isOfBoth }: TriedTable): TriedStatement[] {
  return [['update', sql`update ${at} set ${column} = ${column} where ${isOfBoth}`, reaches(2)]];
}

/** What is tried where the engine makes a difference of such a row. */
function unread(row: PointedRow | undefined, what: string, change: (condition: Sql) => Sql, prepared: Prepared = {}): TriedStatement[] {
  if (row === undefined) return [];
  return [
    [`${what} by a condition that reads no column`, change(row.condition), reachesNothing, { before: inTurn(prepared.before, row.before) }],
  ];
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
