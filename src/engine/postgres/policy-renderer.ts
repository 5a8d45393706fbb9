import { createHash } from 'node:crypto';
import { compileSql } from '../../core/compile-sql.ts';
import { rowOperations, type RowOperation, type RowPolicy } from '../../core/predicate.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { PolicyItem, PolicyRenderer } from '../policy-renderer.ts';
import type { GivenProcedure } from '../qualified-procedures.ts';
import { captureItems, captureRemoval } from './capture-triggers.ts';
import { tableRights } from '../table-rights.ts';
import type { LocatedTable, PolicyMark } from '../verify-shard.ts';
import { fingerprintFunction } from './fingerprint-function.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { literal } from './literal.ts';
import { predicateSql } from './predicate-sql.ts';
import { procedureRisks } from './procedure-risks.ts';
import { setsObject, tableOf, touchesObject } from './fingerprint-objects.ts';

type Place = Pick<LocatedTable, 'schema' | 'table'>;

interface Policy {
  readonly name: string;
  readonly kind: 'restrictive' | 'permissive';
  readonly command: 'all' | 'select';
  readonly to: string;
  readonly rows: 'tenant' | 'true';
}

/** Permissive policies add up by OR, so the tenant's is restrictive and a base admits what it leaves. */
const policies: readonly Policy[] = [
  { name: 'tenantry_tenant', kind: 'restrictive', command: 'all', to: 'tenantry_app', rows: 'tenant' },
  { name: 'tenantry_base', kind: 'permissive', command: 'all', to: 'tenantry_app', rows: 'true' },
  { name: 'tenantry_superuser', kind: 'permissive', command: 'select', to: 'tenantry_superuser', rows: 'true' },
  { name: 'tenantry_mover', kind: 'permissive', command: 'all', to: 'tenantry_mover', rows: 'true' },
  { name: 'tenantry_admin', kind: 'permissive', command: 'all', to: 'tenantry_admin', rows: 'true' },
];

/** Row-level security of PostgreSQL: policies for each group role, forced on the owner too. */
export const postgresPolicyRenderer: PolicyRenderer = {
  fingerprintFunction,
  wanted(table) {
    const name = sql.id(table.schema, table.table);
    const column = table.tenantColumn === null ? undefined : sql.id(table.tenantColumn);
    return [
      ...(column === undefined ? [] : [rowSecurity(name), ...policies.map((policy) => policyItem(name, column, policy))]),
      ...table.policies.flatMap((policy) => rowPolicies(table, policy)).map((policy) => rowPolicyItem(table, policy)),
      ...(table.model === undefined ? [] : [modelItem(table, table.model)]),
      ...(table.tenantColumn === null ? [] : captureItems({ ...table, tenantColumn: table.tenantColumn })),
      ...(column === undefined || table.role !== 'routed' ? [] : [tenantDefault(name, column)]),
      ...(table.role === 'routed' || table.role === 'reference' ? schemaRights(table.schema) : []),
      ...Object.entries(tableRights[table.role]).map(([group, privileges]) => rightsItem(name, group, privileges)),
      ...(table.role === 'routed' ? table.sequences.flatMap((sequence) => sequenceRights(table.schema, sequence)) : []),
    ];
  },
  procedureRights: ({ schema, routine }) => [
    ...schemaRights(schema).filter(({ item }) => item === 'rights of tenantry_app on its schema'),
    ...procedureRightsItems(schema, routine),
  ],
  withdrawal: ({ schema, routine, arguments: taken, given }) => ({
    item: 'rights of tenantry_app',
    definition: null,
    statements: [sql`revoke all on routine ${sql.id(schema, routine)}(${sqlText(taken)}) from tenantry_app`, forgetting(given)],
  }),
  forgetting,
  procedureRisks,
  locking(items) {
    // Rights are given beside whoever uses the table.
    const changed = items.find(({ item }) => item !== 'model' && !item.startsWith('rights of '));
    return changed === undefined ? null : sql`lock table only ${sql.id(changed.on.schema, changed.on.table)} in access exclusive mode`;
  },
  messages: (statements) => [sql.join(statements, sql`;\n`)],
  // In a deadlock the server ends whoever finds it out, and no setting of ours says who that is.
  patiently: (statement, lockTimeoutMs) => sql`set local lock_timeout = ${sqlText(String(lockTimeoutMs))};\n${statement}`,
  inScript: (statement) => `${statement.replace(/;$/, '')};`,
  sets: setsObject,
  touches: touchesObject,
  tableOf,
  removal(table, item) {
    if (item === 'model')
      return sql`delete from tenantry.policy_model where schema_name = ${literal(table.schema)} and table_name = ${literal(table.table)}`;
    const policy = /^policy (tenantry_.*)$/.exec(item)?.[1];
    return policy === undefined ? captureRemoval(table, item) : sql`drop policy ${sql.id(policy)} on ${sql.id(table.schema, table.table)}`;
  },
};

function rowSecurity(table: Sql): PolicyItem {
  return {
    item: 'row security',
    definition: 'forced',
    statements: [sql`alter table ${table} enable row level security`, sql`alter table ${table} force row level security`],
  };
}

function policyItem(table: Sql, column: Sql, { name, kind, command, to, rows }: Policy): PolicyItem {
  // The sub-select makes the server ask for the tenant once a statement; a bare call would run for every row.
  const test = rows === 'tenant' ? sql`${column} = (select tenantry.current_tenant())` : sql`true`;
  const head = sql`create policy ${sql.id(name)} on ${table} as ${sqlText(kind)} for ${sqlText(command)} to ${sqlText(to)} using (${test})`;
  return {
    item: `policy ${name}`,
    definition: `${kind} ${command} to ${to} using ${rows} check ${command === 'select' ? 'none' : rows}`,
    statements: [sql`drop policy if exists ${sql.id(name)} on ${table}`, command === 'select' ? head : sql`${head} with check (${test})`],
  };
}

/** By what the gate knows the policies of a table besides the tenant's. */
export function policyMarks(table: LocatedTable): PolicyMark[] {
  return table.policies
    .flatMap((policy) => rowPolicies(table, policy))
    .map(({ policy, command, rendered }) => ({ policy, command, rendered }));
}

interface RenderedPolicy {
  readonly policy: string;
  readonly command: RowOperation | 'all';
  readonly create: Sql;
  /** Digest of the statement. */
  readonly rendered: string;
}

/** One policy for all operations where they ask the same, else one for each that asks anything. */
function rowPolicies(table: Place, { name, conditions }: RowPolicy): RenderedPolicy[] {
  const asked = rowOperations.flatMap((operation) => {
    const condition = conditions[operation];
    return condition === undefined
      ? []
      : [{ operation, condition: predicateSql(condition, (column) => sql.id(table.schema, table.table, column)) }];
  });
  const texts = new Set(asked.map(({ condition }) => compileSql(condition, postgresDialect).text));
  const [first] = asked;
  if (first !== undefined && asked.length === rowOperations.length && texts.size === 1)
    return [rowPolicy(table, `tenantry_rows_${name}`, 'all', first.condition)];
  return asked.map(({ operation, condition }) => rowPolicy(table, `tenantry_rows_${name}_${operation}`, operation, condition));
}

function rowPolicy({ schema, table }: Place, policy: string, command: RowOperation | 'all', condition: Sql): RenderedPolicy {
  const place = sql.id(schema, table);
  const asked = {
    all: sql`using (${condition}) with check (${condition})`,
    select: sql`using (${condition})`,
    insert: sql`with check (${condition})`,
    update: sql`using (${condition}) with check (${condition})`,
    delete: sql`using (${condition})`,
  }[command];
  const create = sql`create policy ${sql.id(policy)} on ${place} as restrictive for ${sqlText(command)} to tenantry_app ${asked}`;
  const rendered = createHash('sha256').update(compileSql(create, postgresDialect).text).digest('hex').slice(0, 32);
  return { policy, command, create, rendered };
}

/**
 * The server writes an expression back in words of its own. What it wrote when the policy was made is kept as a comment on it, beside
 * what was said: one by which a change of the policy is seen, the other by which a change of the configuration is.
 */
function rowPolicyItem({ schema, table }: Place, { policy, command, create, rendered }: RenderedPolicy): PolicyItem {
  const place = sql.id(schema, table);
  return {
    item: `policy ${policy}`,
    definition: `restrictive ${command} to tenantry_app as rendered ${rendered}`,
    statements: [
      sql`drop policy if exists ${sql.id(policy)} on ${place}`,
      create,
      sql`select tenantry.mark_policy(${literal(compileSql(place, postgresDialect).text)}, ${literal(policy)}, ${literal(rendered)})`,
    ],
  };
}

function modelItem({ schema, table }: Place, model: string): PolicyItem {
  return {
    item: 'model',
    definition: model,
    statements: [
      sql`insert into tenantry.policy_model (schema_name, table_name, model) values (${literal(schema)}, ${literal(table)}, ${literal(model)}) on conflict (schema_name, table_name) do update set model = excluded.model`,
    ],
  };
}

function tenantDefault(table: Sql, column: Sql): PolicyItem {
  return {
    item: 'default',
    definition: 'tenantry.current_tenant()',
    statements: [sql`alter table ${table} alter column ${column} set default tenantry.current_tenant()`],
  };
}

function rightsItem(table: Sql, group: string, privileges: string | null): PolicyItem {
  return {
    item: `rights of ${group}`,
    definition: privileges,
    statements: [
      sql`revoke all on table ${table} from ${sqlText(group)}`,
      ...(privileges === null ? [] : [sql`grant ${sqlText(privileges)} on table ${table} to ${sqlText(group)}`]),
    ],
  };
}

function procedureRightsItems(schema: string, routine: string): PolicyItem[] {
  const name = sql.id(schema, routine);
  return [
    {
      item: 'rights of tenantry_app',
      definition: 'execute',
      statements: [
        sql`revoke all on routine ${name} from tenantry_app`,
        sql`grant execute on routine ${name} to tenantry_app`,
        sql`insert into tenantry.exposed_procedure select ${literal(schema)}, proname, pg_get_function_identity_arguments(oid), oid from pg_proc where oid = ${literal(compileSql(name, postgresDialect).text)}::regproc on conflict do nothing`,
      ],
    },
    { item: 'rights of public', definition: null, statements: [sql`revoke all on routine ${name} from public`] },
  ];
}

function forgetting({ schema, routine, arguments: taken, id }: GivenProcedure): Sql {
  return sql`delete from tenantry.exposed_procedure where schema_name = ${literal(schema)} and routine_name = ${literal(routine)} and arguments = ${literal(taken)} and routine_id = ${literal(id)}`;
}

/** A name in a schema is found by USAGE; who may CREATE there could put another table or function before a tenant's. */
function schemaRights(schema: string): PolicyItem[] {
  return ['tenantry_app', 'tenantry_superuser', 'tenantry_mover'].map((group) => ({
    item: `rights of ${group} on its schema`,
    definition: 'usage',
    statements: [
      sql`revoke create on schema ${sql.id(schema)} from ${sqlText(group)}, public`,
      sql`grant usage on schema ${sql.id(schema)} to ${sqlText(group)}`,
    ],
  }));
}

/** What `serial` columns need; the last value, which tells of other tenants, stays unreadable. */
function sequenceRights(schema: string, sequence: string): PolicyItem[] {
  return ['tenantry_app', 'tenantry_mover'].map((group) => ({
    item: `rights of ${group} on sequence ${sequence}`,
    definition: 'usage',
    statements: [
      sql`revoke all on sequence ${sql.id(schema, sequence)} from ${sqlText(group)}`,
      sql`grant usage on sequence ${sql.id(schema, sequence)} to ${sqlText(group)}`,
    ],
  }));
}
