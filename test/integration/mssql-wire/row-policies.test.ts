import { expect, test } from 'vitest';
import type { RowPolicy } from '../../../src/core/predicate.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import { administered } from '../../support/administered.ts';
import { answerFile, askedFile, columnsOf, policyAnswers } from '../../support/library-answers.ts';
import { samples, policyTables } from '../../support/policies/mssql-predicates.ts';
import { ScriptedShard } from '../../support/scripted-shard.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { accepting } from '../../support/accepting.ts';

const files = Object.keys(policyAnswers) as (keyof typeof policyAnswers)[];
const text = 'nvarchar(4000)';
const owner = { kind: 'owner', column: 'Owner', value: { name: 'userId', type: 'string' } } as const;
const policies: readonly RowPolicy[] = [{ name: 'own', conditions: { select: owner, delete: { kind: 'any', of: [] } } }];

/** What protects the table besides its predicates and functions. */
const rest = [
  ['default', 'tenantry_default_Samples: the entered tenant'],
  ['security policy', 'on'],
  ['rights of tenantry_app', 'delete, insert, select, update'],
  ['rights of tenantry_superuser', 'select'],
  ['rights of tenantry_mover', 'delete, insert, select, update'],
] as const;

type Item = readonly [item: string, definition: string];

/** Applies the policies where these protect the table at first, and what is wanted once `isDone`. Gives the changes, and what was sent. */
async function apply(before: readonly Item[], dryRun: boolean, after: readonly Item[] = []) {
  const sent: string[] = [];
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(files, request);
      if (file === undefined) sent.push(request.text);
      if (file === 'policy/tables') {
        const columns = {
          schema: text,
          table: text,
          tenantColumn: text,
          role: text,
          capturable: 'bit',
          key: text,
          sequences: text,
          columns: text,
        } as const;
        const found = policyTables.filter(({ table }) => table === 'Samples');
        const rows = found.map((table) => [
          table.schema,
          table.table,
          'TenantId',
          'routed',
          false,
          '[]',
          '[]',
          JSON.stringify(table.columns),
        ]);
        return answerFile({ columns, rows }, request, answer);
      }
      if (file !== 'policy/live-items') return answerFile(file === undefined ? undefined : policyAnswers[file], request, answer);
      const isDone = sent.some((change) => change.includes('ADD BLOCK PREDICATE') || change.includes('DROP FUNCTION [tenantry]'));
      const rows = [...rest, ...(isDone ? after : before)].map(([item, definition]) => ['dbo', 'Samples', item, definition]);
      return answerFile({ columns: columnsOf['policy/live-items'], rows }, request, answer);
    },
  });
  const { engine, database } = administered(server);
  const tables = [{ table: 'Samples', tenantColumn: 'TenantId', policies }];
  const { changes } = await applyPolicies(database, engine, { tables, procedures: [], accepting: accepting(), keyType: 'int', dryRun });
  return { changes, sent };
}

const tenantAlone: readonly Item[] = [
  ['filter predicate', 'tenant'],
  ['block predicate', 'tenant'],
];

test('functions are made before predicates call them, and dropped when none does, in one transaction', async () => {
  const { changes: planned } = await apply(tenantAlone, true);
  const wanted = planned.map(({ item, after }): Item => [item, after ?? '']);
  const digests = wanted.flatMap(([item]) => /^function rows_dbo\.Samples_([0-9a-f]{32})$/.exec(item)?.[1] ?? []);
  expect(digests).toHaveLength(2);
  expect(wanted).toEqual([
    ...digests.map((digest) => [`function rows_dbo.Samples_${digest}`, 'as rendered']),
    ['filter predicate', `as rendered ${digests[0]}`],
    ['block predicate', `after insert tenant, after update tenant, before update tenant, before delete as rendered ${digests[1]}`],
  ]);
  const old = `function rows_dbo.Samples_${'0'.repeat(32)}`;
  const { changes, sent } = await apply([...tenantAlone, [old, 'as rendered']], false, wanted);
  expect(changes.map(({ item, after }) => [item, after])).toEqual([...wanted, [old, null]]);
  const steps = sent.map(
    (change) => /^(?:BEGIN|COMMIT) TRANSACTION|CREATE FUNCTION|ADD (?:FILTER|BLOCK)|DROP FUNCTION \[/m.exec(change)?.[0],
  );
  expect(steps.filter((step) => step !== undefined)).toEqual([
    'BEGIN TRANSACTION',
    'CREATE FUNCTION',
    'CREATE FUNCTION',
    'ADD FILTER',
    'ADD BLOCK',
    'DROP FUNCTION [',
    'COMMIT TRANSACTION',
  ]);
  expect((await apply(wanted, true)).changes).toEqual([]);
});

test('what somebody has altered differs, and a table that is as it must be does not', async () => {
  const { changes: planned } = await apply(tenantAlone, true);
  const wanted = planned.map(({ item, after }): Item => [item, after ?? '']);
  const altered = wanted.map(([item, definition]): Item => (item.startsWith('function') ? [item, 'altered'] : [item, definition]));
  expect((await apply(altered, true)).changes.map(({ item, before }) => [item, before])).toEqual([
    [wanted[0]![0], 'altered'],
    [wanted[1]![0], 'altered'],
  ]);
});

test('the gate is asked for the marks of what each predicate must ask', async () => {
  await using shard = await ScriptedShard.start();
  await (await shard.open({ tables: [{ ...samples, name: 'Samples', policies }] })).close();
  const gate = shard.server.recording.requests().find((request) => request.text.includes('sys.security_predicates'));
  const [asked] = gate?.kind === 'rpc' ? gate.parameters.filter(({ name }) => name.endsWith('tables')) : [];
  expect(JSON.parse(String(asked?.value))).toEqual([
    {
      ...samples,
      name: 'Samples',
      policies: [
        { kind: 'FILTER', operation: null, marks: [expect.stringMatching(/^own [0-9a-f]{32}$/)] },
        { kind: 'BLOCK', operation: 'BEFORE DELETE', marks: [expect.stringMatching(/^own [0-9a-f]{32}$/)] },
      ],
    },
  ]);
});
