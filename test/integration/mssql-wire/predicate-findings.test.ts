import { expect, test } from 'vitest';
import type { RowPolicy } from '../../../src/core/predicate.ts';
import { tableProblems, warningsOf } from '../../../src/policy/findings.ts';
import { administered } from '../../support/administered.ts';
import { answerFile, askedFile, columnsOf, policyAnswers, type Said } from '../../support/library-answers.ts';
import { startTdsServer } from '../../support/tds/server.ts';

const userId = { name: 'userId', type: 'string' } as const;
const mine: RowPolicy = {
  name: 'mine',
  conditions: {
    select: {
      kind: 'member',
      of: 'Id',
      table: { table: 'Permissions', tenantColumn: 'TenantId' },
      gives: 'SampleId',
      key: 'UserId',
      value: userId,
      access: 'HasAccess',
      at: {
        of: 'policies.mine.read.of',
        gives: 'policies.mine.read.resource',
        key: 'policies.mine.read.user',
        access: 'policies.mine.read.access',
      },
    },
  },
};
const tables = [
  { schema: 'dbo', table: 'Samples', tenantColumn: 'TenantId', policies: [mine] },
  { schema: 'dbo', table: 'Permissions', tenantColumn: 'TenantId' },
];

/** A shard that answers these files, and what it was asked by each. */
async function shardThat(said: Partial<Record<keyof typeof columnsOf, Said>>) {
  const answers: Readonly<Record<string, Said>> = { ...policyAnswers, ...said };
  const asked = new Map<string, string>();
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(Object.keys(answers), request);
      if (file !== undefined && request.kind === 'rpc')
        asked.set(file, String(request.parameters.find(({ name }) => name.endsWith('needs'))?.value));
      return answerFile(file === undefined ? undefined : answers[file], request, answer);
    },
  });
  return { database: administered(server).database, asked };
}

test('what a shard lacks for its policies is told by place, with the columns that there are', async () => {
  const { database, asked } = await shardThat({
    'policy/predicate-problems': {
      columns: columnsOf['policy/predicate-problems'],
      rows: [
        [
          'dbo',
          'Permissions',
          'no-such-column',
          'SampleId',
          null,
          'policies.mine.read.resource',
          '[{"name":"UserId"},{"name":"SampelId"}]',
        ],
        ['dbo', 'Permissions', 'both-answers', 'TenantId, UserId, SampleId', 'CREATE UNIQUE INDEX x', 'policies.mine.read.access', null],
      ],
    },
  });
  expect(await database.transaction((session) => tableProblems(session, { tables, procedures: [], keyType: 'int' }))).toEqual([
    {
      code: 'no-such-column',
      severity: 'refused',
      object: 'dbo.Permissions',
      text: 'has no column SampleId (names are exact-case), which policies.mine.read.resource names; did you mean SampelId?',
    },
    {
      code: 'both-answers',
      severity: 'refused',
      object: 'dbo.Permissions',
      text: 'may have two rows for the same TenantId, UserId, SampleId, one of which grants what the other denies by policies.mine.read.access',
      remedy: 'CREATE UNIQUE INDEX x',
    },
  ]);
  const needs = JSON.parse(asked.get('policy/predicate-problems') ?? '[]') as readonly { use: string; column: string; at: string }[];
  expect(needs.map(({ use, column, at }) => [use, column, at.replace('policies.mine.read.', '')])).toEqual([
    ['pair', 'Id', 'of'],
    ['named', 'SampleId', 'resource'],
    ['value', 'UserId', 'user'],
    ['access', 'HasAccess', 'access'],
    ['unique', 'SampleId', 'access'],
  ]);
});

test('texts that no index answers are told of, and tables without policies ask nothing more', async () => {
  const warning = ['dbo', 'Permissions', 'text-without-index', 'UserId', 'ALTER TABLE x', 'policies.mine.read.user'] as const;
  const { database, asked } = await shardThat({
    'policy/predicate-warnings': { columns: columnsOf['policy/predicate-warnings'], rows: [warning] },
  });
  const found = await database.transaction((session) => warningsOf(session, tables));
  expect(found.map(({ code, remedy, advice }) => [code, remedy, advice])).toEqual([
    ['text-without-index', 'ALTER TABLE x', undefined],
    ['unseen-insert', undefined, expect.stringMatching(/^say insert in the policies on /)],
  ]);
  asked.clear();
  const plain = tables.map(({ schema, table, tenantColumn }) => ({ schema, table, tenantColumn }));
  expect(await database.transaction((session) => warningsOf(session, plain))).toEqual([]);
  expect(await database.transaction((session) => tableProblems(session, { tables: plain, procedures: [], keyType: 'int' }))).toEqual([]);
  expect([...asked.keys()].filter((file) => file.includes('predicate'))).toEqual([]);
});
