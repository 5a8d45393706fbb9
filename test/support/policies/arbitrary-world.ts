import fc from 'fast-check';
import { arbitraryPolicies } from './arbitrary-model.ts';
import {
  columnsOf,
  type Caller,
  type Cell,
  type ColumnType,
  type Row,
  type Shape,
  type ShapeTable,
  type Where,
  type World,
  type Write,
} from './model.ts';

/** All that may ask; the last has no rows. */
export const tenants = [1, 2, 3, 4] as const;

const uuids = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-0000000000ab', 'ffffffff-ffff-4fff-bfff-ffffffffffff'];
/** Few, so that they meet; some differ by what only a careless comparison passes over. */
const domains: Readonly<Record<ColumnType, readonly string[]>> = {
  int: ['1', '2', '3', '-2147483648'],
  bigint: ['9007199254740993', '9007199254740992', '1', '2'],
  uuid: uuids,
  text: ['ann', 'Ann', 'ann ', 'bob', "o'b", ''],
  varchar: ['ann', 'bob', 'Bob', 'bob '],
  flag: ['0', '1'],
};

/** A world, who asks, and what each does. */
export interface Case {
  readonly world: World;
  readonly callers: readonly Caller[];
  readonly writes: readonly { readonly caller: number; readonly write: Write }[];
}

/** Random cases over a shape. */
export function arbitraryCase(shape: Shape): fc.Arbitrary<Case> {
  const callers = fc.array(arbitraryCaller, { minLength: 2, maxLength: 3 });
  // What fails is told without the shape's every column.
  const named = fc.constant({ ...shape, [fc.toStringMethod]: () => shape.name });
  const world = fc.record({ shape: named, policies: arbitraryPolicies(shape), rows: arbitraryRows(shape) });
  const writes = fc.array(fc.record({ caller: fc.nat(1), write: arbitraryWrite(shape) }), { minLength: 4, maxLength: 8 });
  return fc.record({ world, callers, writes });
}

const arbitraryCaller: fc.Arbitrary<Caller> = fc.record({
  tenant: often(1, fc.constantFrom(...tenants)),
  values: fc
    .record(
      {
        name: seldomMissing(often('ann', fc.constantFrom('bob', 'Bob', "o'b", 'nobody'))),
        number: seldomMissing(often('1', fc.constantFrom('2', '3', '77', '-2147483648'))),
        big: seldomMissing(often('9007199254740993', fc.constantFrom('1', '2', '9007199254740992'))),
        id: seldomMissing(often(uuids[0] ?? '', fc.constantFrom(...uuids))),
        "the role's": seldomMissing(often('admin', fc.constantFrom("o'admin", 'bob', 'nobody'))),
        roles: seldomMissing(fc.subarray(['admin', "o'admin", 'standard', 'Admin'])),
      },
      { noNullPrototype: true },
    )
    .map((values) =>
      Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined)),
    ),
});

/** One value that most cases share, so that what they say of each other meets. */
function often<Value>(value: Value, others: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, others);
}

function seldomMissing<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(value, { nil: undefined, freq: 7 });
}

function arbitraryRows(shape: Shape): fc.Arbitrary<World['rows']> {
  return fc.record(Object.fromEntries(shape.tables.map((table) => [table.settings.name, rowsOf(table)])));
}

function rowsOf(table: ShapeTable): fc.Arbitrary<Row[]> {
  const { tenantColumn } = table.settings;
  const row = fc.record({
    ...(tenantColumn === undefined ? {} : { [tenantColumn]: often('1', fc.constantFrom('1', '2', '3')) }),
    [table.key]: keys,
    ...cellsOf(table),
  });
  return fc.uniqueArray(row, {
    minLength: 2,
    maxLength: table.isMember ? 10 : 7,
    selector: (one) => JSON.stringify([tenantColumn === undefined ? null : one[tenantColumn], one[table.key]]),
  });
}

const keys = fc.constantFrom('1', '2', '3', '4');

function cellsOf({ columns }: ShapeTable): Record<string, fc.Arbitrary<Cell>> {
  return Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, cell(type)]));
}

function cell(type: ColumnType): fc.Arbitrary<Cell> {
  const [first = ''] = domains[type];
  return often<Cell>(type === 'flag' ? '1' : first, fc.constantFrom(...domains[type], null));
}

function arbitraryWrite(shape: Shape): fc.Arbitrary<Write> {
  const tables = shape.tables.filter(({ settings }) => settings.tenantColumn !== undefined);
  return fc.constantFrom(...tables).chain((table) => {
    const { name } = table.settings;
    const base = { table: fc.constant(name), answers: fc.boolean() };
    const where = fc.option(whereOf(table), { nil: undefined, freq: 1 });
    const [row, set] = [newRow(table), changes(table)];
    const matched = fc.oneof(set, fc.constantFrom('delete' as const, 'nothing' as const));
    return fc.oneof(
      fc.record({ ...base, kind: fc.constant('insert' as const), row }),
      fc.record({ ...base, kind: fc.constant('update' as const), set, where }),
      fc.record({ ...base, kind: fc.constant('delete' as const), where }),
      fc.record({ table: base.table, kind: fc.constant('upsert' as const), row, set: fc.option(set) }),
      fc.record({ table: base.table, kind: fc.constant('merge' as const), row, matched, inserts: fc.boolean() }),
    );
  });
}

/** Its tenant is mostly left to the default. */
function newRow(table: ShapeTable): fc.Arbitrary<Row> {
  const { tenantColumn = '' } = table.settings;
  const plain = { [table.key]: fc.oneof(keys, fc.constantFrom('5', '6', '7')), ...cellsOf(table) };
  return fc.oneof({ weight: 6, arbitrary: fc.record(plain) }, fc.record({ [tenantColumn]: fc.constantFrom('1', '2', '3'), ...plain }));
}

/** One or two columns, seldom the tenant's. */
function changes(table: ShapeTable): fc.Arbitrary<Row> {
  const { tenantColumn = '' } = table.settings;
  const some = fc
    .subarray(Object.keys(table.columns), { minLength: 1, maxLength: 2 })
    .chain((columns) =>
      fc.record(Object.fromEntries(columns.map((name) => [name, fc.constantFrom(...domains[table.columns[name] ?? 'int'], null)]))),
    );
  return fc.oneof(
    { weight: 9, arbitrary: some },
    fc.constantFrom('2', '3').map((tenant) => ({ [tenantColumn]: tenant })),
  );
}

function whereOf(table: ShapeTable): fc.Arbitrary<Where> {
  return fc.constantFrom(...columnsOf(table)).chain((column) => {
    const type = table.columns[column];
    return fc.record({
      column: fc.constant(column),
      equals: type === undefined ? fc.constantFrom('1', '2', '3') : fc.constantFrom(...domains[type]),
    });
  });
}
