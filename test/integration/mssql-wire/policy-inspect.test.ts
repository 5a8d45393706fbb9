import { expect, test } from 'vitest';
import type { PolicyModel } from '../../../src/config/policy-model.ts';
import { readPolicyModel } from '../../../src/config/read-policy-model.ts';
import { mssqlPolicyRenderer } from '../../../src/engine/mssql/policy-renderer.ts';
import { inspectDatabase, inspectShard } from '../../../src/main/inspection/inspect-policies.ts';
import { administered } from '../../support/administered.ts';
import { answerFile, askedFile, columnsOf, policyAnswers, type Said } from '../../support/library-answers.ts';
import { startTdsServer } from '../../support/tds/server.ts';

const text = 'nvarchar(400)';
const files = [
  ...(Object.keys(policyAnswers) as (keyof typeof policyAnswers)[]),
  'policy/inspect',
  'policy/models',
  'policy/shard-schema',
] as const;
const inspected = { schema: text, table: text, part: text, name: text, item: text, details: text, statement: text } as const;

/** What is inspected on a server that says this, and everything that it was asked. */
async function inspect(said: Partial<Record<(typeof files)[number], Said>>, inspecting = inspectShard) {
  const asked: string[] = [];
  const answers: Partial<Record<(typeof files)[number], Said>> = { ...policyAnswers, ...said };
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(files, request);
      asked.push(file ?? request.text);
      return answerFile(file === undefined ? undefined : answers[file], request, answer);
    },
  });
  const { engine, database } = administered(server);
  return { ...(await inspecting(database, engine, 'mssql')), asked };
}

const schema = (installed: boolean): Said => ({
  columns: { prepared: 'bit', installed: 'bit', keyType: text, contextProtection: text },
  rows: [[installed, installed, installed ? 'int' : null, installed ? 'guarded' : null]],
});
const definition =
  'CREATE FUNCTION [rls].[seen](@Owner sysname) RETURNS TABLE WITH SCHEMABINDING AS RETURN SELECT 1 AS [ok] WHERE @Owner = USER_NAME()';
const add = 'ALTER SECURITY POLICY [rls].[Users] ADD FILTER PREDICATE [rls].[seen]([Owner]) ON [dbo].[Orders];';

test('any database is told in its own words, made again function first, and asked for nothing but what the server has of it', async () => {
  const row = (part: string, name: string, details: object, statement: string | null) =>
    ['dbo', 'Orders', part, name, null, JSON.stringify(details), statement] as const;
  const predicate = { kind: 'filter', command: 'all', roles: null, using: '[rls].[seen]([Owner])', check: null };
  const answers: Parameters<typeof inspect>[0] = {
    'policy/inspect': {
      columns: inspected,
      rows: [
        row('table', 'Orders', { owner: 'dbo', rowSecurity: 'on', tenantColumn: null }, null),
        row(
          'rights',
          'web',
          { rights: 'select, update ([Name])', state: 'granted' },
          'GRANT select, update ([Name]) ON [dbo].[Orders] TO [web];',
        ),
        row('policy', 'rls.Users', predicate, add),
        row('owner', 'sales', {}, 'ALTER AUTHORIZATION ON OBJECT::[dbo].[Orders] TO [sales];'),
        row('function', 'rls.seen', { sql: definition }, definition),
      ],
    },
    'policy/shard-schema': schema(true),
  };
  const { inspection, script, asked } = await inspect(answers, inspectDatabase);
  expect(inspection).toEqual({
    engine: 'mssql',
    model: { context: {}, tables: {}, policies: {} },
    tables: [
      {
        table: 'dbo.Orders',
        owner: 'dbo',
        rowSecurity: 'on',
        inModel: null,
        raw: [
          { name: 'rls.seen', kind: 'function', command: null, roles: null, using: null, check: null, sql: definition },
          { name: 'rls.Users', ...predicate, sql: add },
        ],
        rights: [{ to: 'web', rights: 'select, update ([Name])', state: 'granted' }],
      },
    ],
  });
  expect(script.split('\nGO\n')).toEqual([
    definition,
    add,
    'GRANT select, update ([Name]) ON [dbo].[Orders] TO [web];',
    'ALTER AUTHORIZATION ON OBJECT::[dbo].[Orders] TO [sales];',
    '',
  ]);
  expect(asked).toEqual(['policy/inspect']);
});

test('a reference table of a shard is said by the model, where app may only read it', async () => {
  const { inspection, script } = await inspect({
    'policy/inspect': {
      columns: inspected,
      rows: [
        ['dbo', 'Countries', 'table', 'Countries', 'security policy', '{"owner":"dbo","rowSecurity":"off","tenantColumn":null}', null],
        ['dbo', 'Countries', 'rights', 'tenantry_app', 'rights of tenantry_app', '{"rights":"select","state":"granted"}', 'GRANT select;'],
      ],
    },
    'policy/shard-schema': schema(true),
    'policy/models': {
      columns: { schema: text, table: text, model: text },
      rows: [['dbo', 'Gone', '{"tables":{"Gone":{"tenant":"Id"}}}']],
    },
    'policy/tables': { columns: columnsOf['policy/tables'], rows: [['dbo', 'Countries', null, 'reference', false, '[]', '[]']] },
    'policy/live-items': {
      columns: columnsOf['policy/live-items'],
      rows: ['app', 'superuser', 'mover'].map((group) => ['dbo', 'Countries', `rights of tenantry_${group}`, 'select']),
    },
  });
  expect(inspection.model).toEqual({ context: {}, tables: { Countries: 'reference' }, policies: {} });
  expect(script).toContain('GRANT SELECT ON [dbo].[Countries] TO [tenantry_app] AS [tenantry_admin]\nGO\n');
  expect(script).not.toContain('GRANT select;');
});

const model: PolicyModel = {
  context: { roles: { type: 'strings' }, userId: { type: 'string' } },
  tables: { Orders: { tenant: 'TenantId' } },
  policies: {
    mine: {
      on: ['Orders'],
      rows: {
        any: [
          { owner: 'Owner', is: 'userId' },
          { role: 'admin', in: 'roles' },
        ],
      },
    },
    written: { on: ['Orders'], write: { role: 'editor', in: 'roles' } },
  },
};

/** What is read back of a shard whose table Orders is as the model makes it, but for `changed` by item. */
async function inspectOrders(changed: Readonly<Record<string, string>>): Promise<PolicyModel> {
  const read = readPolicyModel(model);
  const [orders] = 'tables' in read ? read.tables : [];
  if (orders?.model === undefined || orders.policies === undefined) throw new Error('The model has no policies.');
  const columns = [
    { name: 'TenantId', type: '[int]' },
    { name: 'Owner', type: '[nvarchar](50)' },
  ];
  const place = { schema: 'dbo', table: 'Orders', columns };
  const found = {
    ...place,
    tenantColumn: 'TenantId',
    role: 'routed' as const,
    sequences: [],
    capturable: true,
    key: [],
    policies: orders.policies,
    model: orders.model,
  };
  const live = mssqlPolicyRenderer
    .wanted(found, 'int', [place])
    .map(({ item, definition: wanted }) => [item, changed[item] ?? wanted] as const);
  const said = live.flatMap(([item, there]) => (there === null ? [] : [['dbo', 'Orders', item, there] as const]));
  const { inspection } = await inspect({
    'policy/inspect': {
      columns: inspected,
      rows: [['dbo', 'Orders', 'table', 'Orders', 'security policy', '{"owner":"dbo","rowSecurity":"on","tenantColumn":null}', null]],
    },
    'policy/shard-schema': schema(true),
    'policy/models': { columns: { schema: text, table: text, model: 'nvarchar(max)' }, rows: [['dbo', 'Orders', orders.model]] },
    'policy/tables': {
      columns: { ...columnsOf['policy/tables'], columns: text },
      rows: [['dbo', 'Orders', 'TenantId', 'routed', true, '[]', '[]', JSON.stringify(columns)]],
    },
    'policy/live-items': { columns: { ...columnsOf['policy/live-items'], definition: 'nvarchar(max)' }, rows: said },
  });
  return inspection.model;
}

test('policies of a shard are said as the configuration said them, and none of them where a predicate calls something else', async () => {
  expect(await inspectOrders({})).toEqual(model);
  expect(await inspectOrders({ 'filter predicate': 'tenant' })).toEqual({ context: {}, tables: {}, policies: {} });
  expect(await inspectOrders({ 'block predicate': 'tenant' })).toEqual({ context: {}, tables: {}, policies: {} });
});
