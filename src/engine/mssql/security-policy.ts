import { compileSql } from '../../core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { PolicyItem, PolicyTable, TableColumns } from '../policy-renderer.ts';
import type { LocatedTable } from '../verify-shard.ts';
import { mssqlDialect, textLiteral } from './mssql-dialect.ts';
import { rowFunction, slotPredicates, type RowFunction, type SlotPredicate } from './row-function.ts';

/** What a predicate calls, and how `policy/live-items` says it. */
interface Called {
  readonly call: Sql;
  readonly definition: string;
}

/**
 * What filters and blocks a table's rows: the security policy of its schema, the functions that its policies need, and its predicates. A
 * table takes one filter predicate, so principals are told apart, and policies combined, inside of a function.
 */
export function securityPolicy(table: PolicyTable & { readonly tenantColumn: string }, tables: readonly TableColumns[]): PolicyItem[] {
  const place = new Place(table, table.tenantColumn);
  const tenant: Called = { call: place.visible, definition: 'tenant' };
  const functions = new Map<string, RowFunction>();
  const called = (conditions: SlotPredicate['conditions']): Called => {
    if (conditions.length === 0) return tenant;
    const made = rowFunction(table, conditions, tables);
    functions.set(made.name, made);
    return { call: made.call, definition: `as rendered ${made.digest}` };
  };
  const slots = slotPredicates(table).map(({ kind, operation, conditions }) => ({ kind, operation, predicate: called(conditions) }));
  const filter = slots.find(({ kind }) => kind === 'FILTER')?.predicate ?? tenant;
  const blocks = slots.filter(({ kind }) => kind === 'BLOCK');
  return [
    place.switchedOn(),
    ...[...functions.values()].map((made) => place.functionItem(made)),
    place.filter(filter),
    functions.size === 0 ? place.block([{ operation: null, predicate: tenant }]) : place.block(blocks),
  ];
}

/** Removes a predicate, or a function that no predicate calls any more; null for what is none. */
export function removalFromPolicy({ schema, table }: Pick<LocatedTable, 'schema' | 'table'>, item: string): Sql | null {
  const place = sql.id(schema, table);
  if (item === 'filter predicate') return sql`ALTER SECURITY POLICY ${policyOf(schema)} DROP FILTER PREDICATE ON ${place}`;
  if (item === 'block predicate') return dropBlocks(schema, place);
  const name = /^function (rows_.*)$/.exec(item)?.[1];
  return name === undefined ? null : sql`DROP FUNCTION ${sql.id('tenantry', name)}`;
}

/** One for each schema of tables; schemas whose names begin alike for more than a name holds share one. */
function policyOf(schema: string): Sql {
  return sql.id('tenantry', `policy_${schema}`.slice(0, 128));
}

class Place {
  readonly visible: Sql;
  readonly #table: Sql;
  readonly #policy: Sql;
  readonly #schema: string;

  constructor({ schema, table }: PolicyTable, tenantColumn: string) {
    this.#schema = schema;
    this.#table = sql.id(schema, table);
    this.#policy = policyOf(schema);
    this.visible = sql`[tenantry].[visible](${sql.id(tenantColumn)})`;
  }

  switchedOn(): PolicyItem {
    return {
      item: 'security policy',
      definition: 'on',
      statements: [
        sql`IF ${idOf(this.#policy)} IS NULL
  CREATE SECURITY POLICY ${this.#policy} ADD FILTER PREDICATE ${this.visible} ON ${this.#table} WITH (STATE = ON, SCHEMABINDING = ON);
ELSE
  ALTER SECURITY POLICY ${this.#policy} WITH (STATE = ON);`,
      ],
    };
  }

  /**
   * A function's name says what is in it, so another text is another function, and this one is only ever made. One that somebody has
   * changed is bound by the predicates that call it: these go back to the tenant alone before it goes, and are set anew behind it, in
   * the same transaction.
   */
  functionItem({ name, create }: RowFunction): PolicyItem {
    const made = sql.id('tenantry', name);
    return {
      item: `function ${name}`,
      definition: 'as rendered',
      statements: [
        sql`DECLARE @back nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'ALTER ' AS nvarchar(max)), p.[predicate_type_desc], ${quoted(sql` PREDICATE ${this.visible} ON ${this.#table}`)}, N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE ${this.#own} AND CHARINDEX(${quoted(made)}, p.[predicate_definition]) > 0
);
IF @back IS NOT NULL
BEGIN
  SET @back = CONCAT(${quoted(sql`ALTER SECURITY POLICY ${this.#policy} `)}, @back);
  EXEC sys.sp_executesql @back;
END;
DROP FUNCTION IF EXISTS ${made};
EXEC sys.sp_executesql ${quoted(create)};`,
      ],
    };
  }

  filter({ call, definition }: Called): PolicyItem {
    const predicate = sql`FILTER PREDICATE ${call} ON ${this.#table}`;
    return {
      item: 'filter predicate',
      definition,
      statements: [
        sql`IF EXISTS (SELECT 1 FROM sys.security_predicates AS p WHERE ${this.#own} AND p.[predicate_type_desc] = N'FILTER')
  ALTER SECURITY POLICY ${this.#policy} ALTER ${predicate};
ELSE
  ALTER SECURITY POLICY ${this.#policy} ADD ${predicate};`,
      ],
    };
  }

  /** One without an operation is for all four, and there is none beside it: what is there goes first. */
  block(wanted: readonly { readonly operation: string | null; readonly predicate: Called }[]): PolicyItem {
    const said = wanted.map(({ operation, predicate }) =>
      operation === null ? predicate.definition : `${operation.toLowerCase()} ${predicate.definition}`,
    );
    const added = wanted.map(({ operation, predicate }) => {
      const add = sql`ADD BLOCK PREDICATE ${predicate.call} ON ${this.#table}`;
      return operation === null ? add : sql`${add} ${sqlText(operation)}`;
    });
    return {
      item: 'block predicate',
      definition: said.join(', '),
      statements: [
        sql`${dropBlocks(this.#schema, this.#table)}
ALTER SECURITY POLICY ${this.#policy} ${sql.join(added, sql`, `)};`,
      ],
    };
  }

  /** Predicates `p` of this table in the policy of its schema. */
  get #own(): Sql {
    return ownPredicates(this.#policy, this.#table);
  }
}

function dropBlocks(schema: string, table: Sql): Sql {
  const policy = policyOf(schema);
  return sql`DECLARE @drop nvarchar(max) = (
  SELECT STRING_AGG(CONCAT(CAST(N'DROP BLOCK PREDICATE ON ' AS nvarchar(max)), ${quoted(table)}, N' ' + p.[operation_desc]), N', ')
  FROM sys.security_predicates AS p
  WHERE ${ownPredicates(policy, table)} AND p.[predicate_type_desc] = N'BLOCK'
);
IF @drop IS NOT NULL
BEGIN
  SET @drop = CONCAT(${quoted(sql`ALTER SECURITY POLICY ${policy} `)}, @drop);
  EXEC sys.sp_executesql @drop;
END;`;
}

function ownPredicates(policy: Sql, table: Sql): Sql {
  return sql`p.[object_id] = ${idOf(policy)} AND p.[target_object_id] = ${idOf(table)}`;
}

function idOf(name: Sql): Sql {
  return sql`OBJECT_ID(${quoted(name)})`;
}

function quoted(statement: Sql): Sql {
  return sqlText(textLiteral(compileSql(statement, mssqlDialect).text));
}
