import { expect, test } from 'vitest';
import { columnsOf } from '../../../support/library-answers.ts';
import { findings, inOrder, onShard, rights } from '../../../support/scripted-diagnosis.ts';

test.each([
  ['primary-key', 'oracle', null, 'give dbo.Blogs a primary key that begins with the tenant column, in place of the one that it has'],
  ['no-primary-key', 'advice', null, 'give dbo.Blogs a primary key that begins with the tenant column'],
  ['unique-key', 'oracle', 'by_name', 'give dbo.Blogs a unique index that has the tenant column among its keys, and take by_name away'],
  ['foreign-key', 'oracle', 'to_post', 'give dbo.Blogs a foreign key that has the tenant column on both sides, and take to_post away'],
])(
  'says what to change of a table that policies cannot keep as it is, and sends nobody to what mends nothing: %s',
  async (what, severity, detail, advice) => {
    const { columns } = inOrder['policy/warnings'];
    expect(await findings({ 'policy/warnings': { columns, rows: [['dbo', 'Blogs', what, detail, null, null]] } })).toEqual([
      {
        ...onShard,
        level: 'warning',
        code: what,
        severity,
        text: expect.stringMatching(/^dbo\.Blogs: /),
        advice: `${advice}; then run tenantry policy apply --shard a, before which the shard may serve no tenants`,
      },
    ]);
  },
);

test.each([
  [
    'unlisted-table',
    null,
    'REVOKE SELECT ON [dbo].[Blogs] FROM [tenantry_app], [public]',
    'table dbo.Blogs',
    expect.stringMatching(/^dbo\.Blogs: is not in the configuration, yet app may use it/) as string,
    'then run',
  ],
  [
    'definer-function',
    'its owner',
    null,
    'procedure dbo.Blogs',
    'dbo.Blogs: is a function that runs as its owner, and app may call it',
    'let dbo.Blogs run as whoever calls it, or take the right to it from app; then run',
  ],
])(
  'a leak is a problem, with what takes it away, and the entry that accepts it until a day: %s',
  async (code, detail, remedy, drift, text, advice) => {
    const { columns } = inOrder['policy/warnings'];
    expect(await findings({ 'policy/warnings': { columns, rows: [['dbo', 'Blogs', code, detail, remedy, drift]] } })).toEqual([
      {
        ...onShard,
        level: 'problem',
        code,
        severity: 'leak',
        text,
        ...(remedy === null ? {} : { remedy }),
        advice: `${advice} tenantry policy apply --shard a, before which the shard may serve no tenants; to accept it until a day, name it in an entry of drift: ${drift}`,
      },
    ]);
  },
);

test('says who is a member of a group, or may act as a login, besides the configured logins, with what takes him out, by which nothing closes', async () => {
  const { columns } = inOrder['policy/group-members'];
  const remedy = 'ALTER ROLE [tenantry_admin] DROP MEMBER [legacy]';
  expect(await findings({ 'policy/group-members': { columns, rows: [['tenantry_admin', 'legacy', remedy]] } })).toEqual([
    {
      ...onShard,
      level: 'warning',
      code: 'group-member',
      severity: 'advice',
      text: 'tenantry_admin: has a member besides the configured login, legacy, which has all the rights of this role',
      remedy,
    },
  ]);
});

test('says which functions of app may leave something in a session, with what to change', async () => {
  const { columns } = inOrder['policy/session-code'];
  expect(await findings({ 'policy/session-code': { columns, rows: [['dbo', 'remember', 'session-code', null]] } })).toEqual([
    {
      ...onShard,
      level: 'warning',
      code: 'session-code',
      severity: 'advice',
      text: expect.stringMatching(
        /^dbo\.remember: may leave something in its session .* the connections of this shard are reset after every statement, which costs time$/,
      ),
      advice: expect.stringMatching(
        /^let dbo\.remember leave nothing in its session, or take the right to it from app and public; then run /,
      ),
    },
  ]);
});

test('a finding that has no text is an error, and not passed over', async () => {
  const { columns } = inOrder['policy/warnings'];
  expect(await findings({ 'policy/warnings': { columns, rows: [['dbo', 'Blogs', 'unheard-of', null, null, null]] } })).toMatchObject([
    { ...onShard, level: 'problem', text: expect.stringContaining('unheard-of, which has no text') },
  ]);
});

test('says where string keys are compared by another collation than by bytes', async () => {
  const remedy = 'ALTER TABLE [dbo].[Blogs] ALTER COLUMN [TenantId] nvarchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL';
  const type = 'nvarchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS';
  const [finding] = await findings({
    'policy/problems': { columns: columnsOf['policy/problems'], rows: [['dbo', 'Blogs', 'collation', type, remedy]] },
  });
  expect(finding).toEqual({
    ...onShard,
    level: 'problem',
    text: expect.stringMatching(/^The .* do not fit:\n- dbo\.Blogs has a tenant column of type /),
    advice: 'mend each of these, then run tenantry policy apply --shard a',
  });
  expect(finding!.text).toContain(` of type ${type} whose collation does not compare bytes; run: ${remedy};`);
});

test('says where policies are not what they must be', async () => {
  const { columns } = inOrder['policy/tables'];
  expect(await findings({ 'policy/tables': { columns, rows: [['dbo', 'Blogs', 'TenantId', 'routed', false, '[]', '[]']] } })).toEqual([
    {
      ...onShard,
      level: 'problem',
      text: 'The protection of dbo.Blogs is not what the configuration says.',
      remedy: 'tenantry policy apply --shard a',
    },
  ]);
});

test('says where app is too powerful', async () => {
  const problem = 'the login administers the server or the database, or may become a role that does';
  expect(await findings({ 'policy/gate': { columns: columnsOf['policy/gate'], rows: [[null, problem]] } })).toEqual([
    { subject: 'shard a, login of app', level: 'problem', text: expect.stringContaining(problem), ...rights },
  ]);
});

test('says where another principal is too powerful', async () => {
  const found = await findings({ 'doctor/principal': { columns: inOrder['doctor/principal'].columns, rows: [['owns the database']] } });
  const finding = { level: 'problem', text: 'It owns the database.', ...rights };
  expect(found).toEqual([
    { subject: 'shard a, login of superuser', ...finding },
    { subject: 'shard a, login of mover', ...finding },
    { subject: 'shard a, login of admin', ...finding },
  ]);
});
