import type { PolicyModel } from '../../../src/config/policy-model.ts';
import type { TableSettings } from '../../../src/config.ts';
import { compileSql } from '../../../src/core/compile-sql.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import type { PolicyTable } from '../../../src/engine/policy-renderer.ts';
import { postgresDialect } from '../../../src/engine/postgres/postgres-dialect.ts';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { everyPredicate, tablesOf } from '../every-predicate.ts';

type ColumnType = 'int' | 'uuid' | 'text' | 'flag';

const engines = {
  postgres: {
    renderer: postgresPolicyRenderer,
    dialect: postgresDialect,
    schema: 'public',
    types: { int: 'integer', uuid: 'uuid', text: 'text', flag: 'boolean' },
    ends: ';',
  },
  mssql: {
    renderer: mssqlPolicyRenderer,
    dialect: mssqlDialect,
    schema: 'dbo',
    types: { int: '[int]', uuid: '[uniqueidentifier]', text: '[nvarchar](40)', flag: '[bit]' },
    ends: '\nGO',
  },
} as const;

/** Columns of the model's tables, the key's first. */
const columns: Readonly<Record<string, Readonly<Record<string, ColumnType>>>> = {
  Blogs: { TenantId: 'int', BlogId: 'int' },
  Countries: { Id: 'int' },
  Members: { TenantId: 'int', ObjectId: 'uuid', OrganizationId: 'int' },
  Permissions: { TenantId: 'int', UserId: 'text', SampleId: 'int', HasAccess: 'flag' },
  Projects: { TenantId: 'int', Id: 'int', OrganizationId: 'int', Owner: 'text' },
  Samples: { TenantId: 'int', Id: 'int', ProjectId: 'int', Owner: 'text', Title: 'text' },
  'lab.Notes': { TenantId: 'int', Id: 'int', SampleId: 'int' },
};

/** `everyPredicate`, whose words of its own both engines have. */
const model: PolicyModel = {
  ...everyPredicate,
  policies: {
    ...everyPredicate.policies,
    loud: {
      on: ['Samples'],
      insert: {
        raw: {
          postgres: { sql: '"Samples"."Title" = upper("Samples"."Title") -- loud' },
          mssql: { sql: 'UPPER([Title]) = [Title] -- loud' },
        },
        columns: ['Title'],
      },
    },
  },
};

/** What stands between two statements of SQL Server's script. */
export const mssqlEnd = engines.mssql.ends;

/**
 * All that an engine would say to protect the tables of a model with every kind of predicate: an item after another, as a script. Rights
 * are the same for all tables of a role, and stand there once.
 */
export function renderedPolicies(name: keyof typeof engines): string {
  const { renderer, dialect, schema, types, ends } = engines[name];
  const found = tablesOf(model).map((table): PolicyTable => foundTable(table, schema, types));
  const said = found.flatMap((table) => {
    const isFirst = found.find(({ role }) => role === table.role) === table;
    const items = renderer.wanted(table, 'int', found).filter(({ item }) => isFirst || !item.startsWith('rights of '));
    return items.flatMap(({ item, statements }) =>
      statements.map((statement) => `-- ${table.schema}.${table.table}: ${item}\n${compileSql(statement, dialect).text}${ends}\n`),
    );
  });
  return said.join('\n');
}

function foundTable(settings: TableSettings, defaultSchema: string, types: Readonly<Record<ColumnType, string>>): PolicyTable {
  const { name, table, schema = defaultSchema, tenantColumn = null, policies = [], model: words } = settings;
  const declared = Object.entries(columns[name]!);
  return {
    schema,
    table,
    tenantColumn,
    role: tenantColumn === null ? 'reference' : 'routed',
    sequences: name === 'Samples' ? ['Samples_Id_seq'] : [],
    capturable: tenantColumn !== null,
    key: declared.slice(0, 2).map(([column]) => column),
    columns: declared.map(([column, type]) => ({ name: column, type: types[type] })),
    policies,
    ...(words === undefined ? {} : { model: words }),
  };
}
