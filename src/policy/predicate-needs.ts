import type { Membership, Predicate, ReadTable } from '../core/predicate.ts';
import type { LocatedTable } from './model.ts';

/** A table as `policy/predicate-problems` is told it; without a schema it is of the engine's default one. */
type Place = Pick<ReadTable, 'schema' | 'table'>;

/** What a predicate, or a sample row, needs of a column, or of a table's rows. */
export interface PredicateNeed extends Place {
  /** Where the configuration says it. */
  readonly at: string;
  /** `unique`: of the rows of a tenant at most one has this `key` and `column`. */
  readonly use: 'named' | 'value' | 'pair' | 'access' | 'unique';
  readonly column: string;
  /** Of the value that the column is compared with. */
  readonly type?: string;
  /** The column that it is compared with. */
  readonly otherSchema?: string;
  readonly otherTable?: string;
  readonly otherColumn?: string;
  readonly key?: string;
  readonly tenantColumn?: string;
}

/** What the policies and the sample rows of tables need of a shard's columns, each once. */
export function predicateNeeds(tables: readonly LocatedTable[]): PredicateNeed[] {
  const needs = tables.flatMap(({ schema, table, name: called = table, sample = {}, policies = [] }) => [
    ...Object.keys(sample).map((column): PredicateNeed => ({ at: `tables.${called}.sample`, use: 'named', schema, table, column })),
    ...policies.flatMap(({ name, conditions }) =>
      Object.values(conditions).flatMap((condition) => needsOf(condition, { schema, table }, `policies.${name}`)),
    ),
  ]);
  return [...new Map(needs.map((need) => [JSON.stringify(need), need])).values()];
}

/** `policy` is said where a predicate does not know its own place. */
function needsOf(predicate: Predicate, row: Place, policy: string): PredicateNeed[] {
  switch (predicate.kind) {
    case 'owner':
      return [{ at: predicate.at?.column ?? policy, use: 'value', ...row, column: predicate.column, type: predicate.value.type }];
    case 'role':
      return [];
    case 'member':
      return needsOfMember(predicate, row, policy);
    case 'parent': {
      const parent = placeOf(predicate.table);
      const pairs = predicate.columns.map(({ child, parent: key }) => {
        const at = predicate.at === undefined ? policy : `${predicate.at.columns}.${child}`;
        return pair(at, { ...row, column: child }, { ...parent, column: key });
      });
      return [...pairs.flat(), ...needsOf(predicate.rows, parent, policy)];
    }
    case 'all':
    case 'any':
      return predicate.of.flatMap((each) => needsOf(each, row, policy));
    case 'raw':
      return predicate.columns.map((column) => ({ at: predicate.at?.columns ?? policy, use: 'named', ...row, column }));
  }
}

function needsOfMember({ of, table, gives, key, value, access, at }: Membership, row: Place, policy: string): PredicateNeed[] {
  const place = placeOf(table);
  const { tenantColumn } = table;
  return [
    ...pair(at?.of ?? policy, { ...row, column: of }, { ...place, column: gives }, at?.gives),
    { at: at?.key ?? policy, use: 'value', ...place, column: key, type: value.type },
    ...(access === undefined
      ? []
      : [
          { at: at?.access ?? policy, use: 'access' as const, ...place, column: access },
          {
            at: at?.access ?? policy,
            use: 'unique' as const,
            ...place,
            column: gives,
            key,
            ...(tenantColumn === undefined ? {} : { tenantColumn }),
          },
        ]),
  ];
}

type Column = Place & { readonly column: string };

/** Both columns, and that one may be compared with the other. */
function pair(at: string, one: Column, other: Column, atOther = at): PredicateNeed[] {
  const { schema, table, column } = other;
  return [
    { at, use: 'pair', ...one, ...(schema === undefined ? {} : { otherSchema: schema }), otherTable: table, otherColumn: column },
    { at: atOther, use: 'named', ...other },
  ];
}

function placeOf({ schema, table }: ReadTable): Place {
  return schema === undefined ? { table } : { schema, table };
}
