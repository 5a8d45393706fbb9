import fc from 'fast-check';
import type { PolicySetting, PredicateSetting } from '../../../src/config/policy-schema.ts';
import { context, type ColumnType, type Shape, type ShapeTable } from './model.ts';
import type { RawMeanings } from './reference.ts';

/** Columns and values of one family compare. */
const families: Readonly<Record<ColumnType, readonly string[]>> = {
  int: ['number', 'big'],
  bigint: ['number', 'big'],
  uuid: ['id'],
  text: ['name', "the role's"],
  varchar: ['name', "the role's"],
  flag: [],
};

/** Raw predicates by their words on PostgreSQL, which name columns that what people look at has in every shape. */
export const rawMeanings: RawMeanings = new Map([
  ['"Owner" is null', (row) => row['Owner'] === null],
  [`"Login" = 'bob' or "Number" > 2 -- the last line is a comment`, (row) => row['Login'] === 'bob' || Number(row['Number']) > 2],
]);

/** Policies over a shape's tables: up to five, each on one or two tables. */
export function arbitraryPolicies(shape: Shape): fc.Arbitrary<Readonly<Record<string, PolicySetting>>> {
  const looked = shape.tables.filter(({ isMember }) => !isMember);
  const members = shape.tables.filter(({ isMember, settings }) => isMember && settings.tenantColumn !== undefined);
  const onLooked = fc
    .oneof(
      { weight: 5, arbitrary: fc.constantFrom(...looked).map((table) => [table]) },
      fc.shuffledSubarray([...looked], { minLength: 2, maxLength: 2 }),
    )
    .chain((on) => policyOn(shape, on, 'of every kind'));
  const onMember = fc.constantFrom(...members).chain((table) => policyOn(shape, [table], 'on writing'));
  return fc
    .array(fc.oneof({ weight: 6, arbitrary: onLooked }, onMember), { minLength: 1, maxLength: 4 })
    .map((policies) => Object.fromEntries(policies.map((policy, index) => [`policy${index}`, policy])));
}

function policyOn(shape: Shape, on: readonly ShapeTable[], parts: 'of every kind' | 'on writing'): fc.Arbitrary<PolicySetting> {
  const predicate = arbitraryPredicate(shape, on, 3);
  const names = { on: fc.constant(on.map(({ settings }) => settings.name)) };
  const writing = { write: predicate, insert: predicate, update: predicate, delete: predicate };
  const some = fc
    .record({ ...names, ...(parts === 'on writing' ? {} : { read: predicate }), ...writing }, { requiredKeys: ['on'] })
    .filter((policy) => Object.keys(policy).length > 1);
  return parts === 'on writing' ? some : fc.oneof(fc.record({ ...names, rows: predicate }), some);
}

/** A predicate that fits all the tables. */
function arbitraryPredicate(shape: Shape, on: readonly ShapeTable[], depth: number): fc.Arbitrary<PredicateSetting> {
  const leaves = [...owners(on), ...memberships(shape, on), role(), ...raws(on)];
  if (depth === 0) return fc.oneof(...leaves);
  const parts = fc.array(fc.oneof(...leaves, arbitraryPredicate(shape, on, depth - 1)), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    ...leaves,
    ...parents(shape, on, depth),
    parts.map((all) => ({ all })),
    parts.map((any) => ({ any })),
  );
}

function owners(on: readonly ShapeTable[]): fc.Arbitrary<PredicateSetting>[] {
  const pairs = shared(on).flatMap(([owner, type]) => families[type].map((is) => ({ owner, is })));
  return pairs.length === 0 ? [] : [fc.constantFrom(...pairs)];
}

/** Everything that may be read, by every column and value that fit. */
function memberships(shape: Shape, on: readonly ShapeTable[]): fc.Arbitrary<PredicateSetting>[] {
  // A table whose own policy read it would be the policy's own subject.
  const read = shape.tables.filter((table) => table.isMember && !on.includes(table));
  return read.flatMap((table) => {
    const columns = Object.entries(table.columns);
    const keys = columns.flatMap(([key, type]) => families[type].map((is) => ({ key, is })));
    const given = columns.flatMap(([gives, type]) =>
      shared(on)
        .filter(
          ([, other]) => families[other] === families[type] || (families[other][0] === families[type][0] && families[type].length > 0),
        )
        .map(([of]) => ({ gives, of })),
    );
    if (keys.length === 0 || given.length === 0) return [];
    const accesses = columns.filter(([name, type]) => type === 'flag' || /access|granted/i.test(name)).map(([name]) => name);
    const [key, gives] = [fc.constantFrom(...keys), fc.constantFrom(...given)];
    const permission = fc
      .tuple(key, gives, fc.constantFrom(undefined, ...accesses))
      .map(([by, { gives: resource, of }, access]) =>
        Object.assign({ permission: table.settings.name, user: by.key, is: by.is, resource, of }, access === undefined ? {} : { access }),
      );
    const lookup = fc.tuple(key, gives).map((parts) => Object.assign({ lookup: table.settings.name }, ...parts) as PredicateSetting);
    return (accesses.length === 0 ? [permission, lookup] : [permission, permission, lookup]).map(ofFewOrMany);
  });
}

function role(): fc.Arbitrary<PredicateSetting> {
  return fc.record({ role: fc.constantFrom('admin', "o'admin", 'Admin'), in: fc.constantFrom("the role's", 'roles') });
}

function raws(on: readonly ShapeTable[]): fc.Arbitrary<PredicateSetting>[] {
  if (on.some(({ isMember }) => isMember)) return [];
  return [fc.constantFrom(...rawMeanings.keys()).map((postgres) => ({ raw: { postgres }, columns: ['Owner', 'Login', 'Number'] }))];
}

function parents(shape: Shape, on: readonly ShapeTable[], depth: number): fc.Arbitrary<PredicateSetting>[] {
  const [first] = on;
  const parent = shape.tables.find(({ settings }) => settings.name === first?.settings.parent?.table);
  if (parent === undefined || on.length > 1) return [];
  const within = arbitraryPredicate(shape, [parent], depth - 1).map((predicate) => ({ parent: predicate }));
  return [fc.constant({ parent: 'visible' as const }), within].map(ofFewOrMany);
}

/** It changes how an engine goes about it, and nothing of what it admits. */
function ofFewOrMany(predicate: fc.Arbitrary<PredicateSetting>): fc.Arbitrary<PredicateSetting> {
  return fc
    .tuple(predicate, fc.constantFrom({}, { few: true }, { few: false }))
    .map((parts) => Object.assign({}, ...parts) as PredicateSetting);
}

/** Columns that all the tables have. */
function shared(on: readonly ShapeTable[]): [string, ColumnType][] {
  const [first, ...rest] = on;
  return Object.entries(first?.columns ?? {}).filter(([name, type]) => rest.every(({ columns }) => columns[name] === type));
}

/** The types of the values that predicates of a shape go by. */
export const contextTypes: ReadonlyMap<string, (typeof context)[number]['type']> = new Map(context.map(({ name, type }) => [name, type]));
