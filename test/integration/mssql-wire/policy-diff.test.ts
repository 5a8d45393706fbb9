import { expect, test } from 'vitest';
import { compareSubjects } from '../../../src/policy/compare-subjects.ts';
import { accepting } from '../../support/accepting.ts';
import { administered } from '../../support/administered.ts';
import { answerFile, askedFile, columnsOf, policyAnswers, type Said } from '../../support/library-answers.ts';
import { protectionAnswer } from '../../support/protection-answer.ts';
import { startTdsServer } from '../../support/tds/server.ts';

const files = Object.keys(policyAnswers) as (keyof typeof policyAnswers)[];

test('tables are compared without a lock and without a change: what lacks, what differs, and what is there besides', async () => {
  const asked: string[] = [];
  const said: Partial<Record<keyof typeof policyAnswers, Said>> = {
    'policy/tables': {
      columns: columnsOf['policy/tables'],
      rows: ['Blogs', 'Posts'].map((table) => ['dbo', table, 'TenantId', 'routed', false, '[]', '[]']),
    },
    'policy/live-items': {
      columns: columnsOf['policy/live-items'],
      rows: ['Blogs', 'Posts'].flatMap((table) =>
        [
          ['default', `tenantry_default_${table}: the entered tenant`],
          ['security policy', table === 'Blogs' ? 'on' : 'off'],
          ['filter predicate', 'tenant'],
          ...(table === 'Blogs' ? [] : [['block predicate', 'tenant']]),
          ['rights of tenantry_app', 'delete, insert, select, update'],
          ['rights of tenantry_superuser', 'select'],
          ['rights of tenantry_mover', 'delete, insert, select, update'],
        ].map(([item = '', definition = '']) => ['dbo', table, item, definition]),
      ),
    },
    'policy/live-procedures': {
      columns: columnsOf['policy/live-procedures'],
      rows: [
        ['dbo', 'p_left', 'rights of tenantry_app', 'execute', '', true, '{"schema":"dbo","routine":"p_was","arguments":"","id":"7"}'],
      ],
    },
    'policy/verification': protectionAnswer(accepting().signer, {
      fingerprint: 'e'.repeat(64),
      differing: JSON.stringify([
        { kind: 'view', object: 'dbo.Everything', change: 'added' },
        { kind: 'rights', object: 'schema dbo', change: 'removed' },
      ]),
    }),
    'policy/problems': { columns: columnsOf['policy/problems'], rows: [['dbo', 'Users', 'missing-table', null, null]] },
    'policy/extra-tables': {
      columns: columnsOf['policy/extra-tables'],
      rows: [['dbo', 'Later', false, 'TenantId']],
    },
  };
  const server = await startTdsServer({
    request: (request, answer) => {
      const file = askedFile(files, request);
      asked.push(file ?? request.text);
      return answerFile(file === undefined ? undefined : (said[file] ?? policyAnswers[file]), request, answer);
    },
  });
  const { engine, database } = administered(server);
  const tables = ['Blogs', 'Posts', 'Users'].map((table) => ({ table, tenantColumn: 'TenantId' }));
  const compared = await compareSubjects(database, engine, { tables, procedures: [], keyType: 'int', accepting: accepting() });
  expect(compared).toEqual([
    {
      of: 'table',
      object: 'dbo.Blogs',
      state: 'missing',
      items: [{ item: 'block predicate', state: 'missing', before: null, after: 'tenant' }],
      reasons: [],
    },
    {
      of: 'table',
      object: 'dbo.Later',
      state: 'extra',
      items: [],
      reasons: ['It is not in the configuration, and has a column TenantId.'],
    },
    {
      of: 'table',
      object: 'dbo.Posts',
      state: 'different',
      items: [{ item: 'security policy', state: 'different', before: 'off', after: 'on' }],
      reasons: [],
    },
    { of: 'table', object: 'dbo.Users', state: 'missing', items: [], reasons: ['It does not exist in the shard.'] },
    {
      of: 'procedure',
      object: 'dbo.p_left',
      state: 'extra',
      items: [{ item: 'rights of tenantry_app', state: 'extra', before: 'execute', after: null }],
      reasons: [],
    },
    {
      of: 'shard',
      object: null,
      state: 'different',
      items: [
        { item: 'view dbo.Everything', state: 'extra', before: 'added since it was accepted', after: null },
        { item: 'rights schema dbo', state: 'missing', before: null, after: 'accepted' },
      ],
      reasons: [
        'It may serve no tenants: what protects its tenants was changed and not accepted: view dbo.Everything (added), rights schema dbo (removed).',
      ],
    },
  ]);
  expect(asked).not.toContain('policy/lock');
  expect(asked.filter((text) => /ALTER|CREATE|GRANT|REVOKE/.test(text))).toEqual([]);
});
