import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../../../src/cli/services.ts';
import { resolveConfig } from '../../../src/config.ts';
import { capabilityNames, type CapabilitySettings } from '../../../src/core/capability-settings.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import { diagnoseShard } from '../../../src/main/diagnosis/shard.ts';
import { createEngines } from '../../../src/main/engines.ts';
import { answerFile, askedFile, columnsOf, policyAnswers, type Said } from '../../support/library-answers.ts';
import { startTdsServer, type TdsServer } from '../../support/tds/server.ts';
import { doneStatus, doneToken, errorToken } from '../../support/tds/tokens.ts';
import { sampleConfig, sampleEnvironment } from '../../unit/config/sample.ts';

const shardId = '00000000-0000-4000-8000-00000000000a';
const incarnation = '00000000-0000-4000-8000-0000000000ff';
const now = new Date('2026-11-21T12:00:00Z');
const rights = 'tenantry shard add (printed SQL shows the rights it needs)';

const text = 'nvarchar(400)';
const dangers = columnsOf['doctor/server'];
const problems = columnsOf['policy/problems'];
const gate = columnsOf['policy/gate'];

/** What a shard in order says to everything that doctor asks. */
const inOrder = {
  'local-map/is-installed': { columns: { installed: 'bit' }, rows: [[true]] },
  'local-map/get-description': {
    columns: { schemaVersion: 'int', shardId: 'uniqueidentifier', map: text, keyType: text },
    rows: [[1, shardId, 'customers', 'int']],
  },
  'engine/incarnation': { columns: { incarnation: text }, rows: [[incarnation]] },
  'doctor/clock': { columns: { timeMs: 'bigint' }, rows: [[BigInt(now.getTime())]] },
  'policy/shard-schema': {
    columns: { prepared: 'bit', installed: 'bit', keyType: text, contextProtection: text },
    rows: [[true, true, 'int', 'guarded']],
  },
  'doctor/server': { columns: dangers, rows: [] },
  'doctor/change-tracking': { columns: columnsOf['doctor/change-tracking'], rows: [] },
  ...policyAnswers,
  'doctor/principal': { columns: { problem: text }, rows: [] },
  'engine/inspect': {
    columns: { shardId: 'uniqueidentifier', schemaVersion: 'int', incarnation: text, isGuarded: 'bit' },
    rows: [[shardId, 1, incarnation, true]],
  },
  'policy/gate': { columns: gate, rows: [] },
} as const satisfies Readonly<Record<string, Said>>;

type Asked = keyof typeof inOrder;

const files = Object.keys(inOrder) as Asked[];

interface LookOptions {
  readonly capabilities?: CapabilitySettings;
  /** Number with which logins are refused. */
  readonly refusal?: number;
  /** Told each question, and how many connections are open. */
  readonly onAsked?: (file: Asked, connections: number) => void;
  /** This machine's time of day; the server's by default. */
  readonly now?: () => Date;
  /** What the local map has otherwise than the catalog. */
  readonly disagreements?: ShardMapManager['disagreements'];
}

/** What doctor finds on a shard that says this instead of what one in order says, without the list of its capabilities. */
async function findings(said: Partial<Record<Asked, Said>> = {}, options: LookOptions = {}): Promise<Finding[]> {
  return (await allFindings(said, options)).filter((finding) => !finding.text.startsWith('Its capabilities: '));
}

async function allFindings(said: Partial<Record<Asked, Said>> = {}, options: LookOptions = {}): Promise<Finding[]> {
  return await look(await start(said, options), options);
}

async function start(said: Partial<Record<Asked, Said>> = {}, options: LookOptions = {}): Promise<TdsServer> {
  const { refusal } = options;
  const server = await startTdsServer({
    login: (_login, answer, _connection, admit) =>
      refusal === undefined ? admit() : answer.end(errorToken({ number: refusal, class: 14 }), doneToken('DONE', doneStatus.error)),
    request: (request, answer) => {
      const file = askedFile(files, request);
      if (file !== undefined) options.onAsked?.(file, server.connections);
      return answerFile(file === undefined ? undefined : (said[file] ?? inOrder[file]), request, answer);
    },
  });
  onTestFinished(() => server.close());
  return server;
}

/** What it finds of a shard at an address. */
async function look({ host, port }: Pick<TdsServer, 'host' | 'port'>, options: LookOptions = {}): Promise<Finding[]> {
  const address = { engine: 'mssql', host, port, database: 'shop', tls: 'disable' } as const;
  const found: Finding[] = [];
  for await (const finding of diagnoseShard({
    engines: createEngines(),
    clock: systemClock,
    now: options.now ?? (() => now),
    settings: resolveConfig(sampleConfig({ capabilities: options.capabilities ?? {} }), sampleEnvironment),
    shard: { shardId, mapId: 1, name: 'a', address, incarnation, state: 'ONLINE' },
    map: { mapId: 1, name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId', version: 1 },
    manager: { disagreements: options.disagreements ?? async function* () {} },
  }))
    found.push(finding);
  return found;
}

const onShard = { subject: 'shard a' } as const;

test('says of a shard in order that it is', async () => {
  expect(await findings()).toEqual([
    { ...onShard, level: 'ok', text: 'It answers, is the one that was added, and its logins, policies, clock and local map are right.' },
  ]);
});

/** A query as it is written; texts of several lines are one. */
const sourceOf = (file: 'catalog' | 'change-tracking' | 'server'): string =>
  readFileSync(new URL(`../../../sql/mssql/queries/doctor/${file}.sql`, import.meta.url), 'utf8').replaceAll(/'\s+\+ N'/g, '');
/** Every row that a query can give: level (`''` where it has none), what, remedy. */
const rowsIn = (query: string): string[][] =>
  [...query.matchAll(/THEN 1 END,(?: N'(problem|warning)',)?\s*N'((?:[^']|'')+)',\s*(?:N'((?:[^']|'')+)'|CONCAT\(N'((?:[^']|'')*)')/g)].map(
    ([, level = '', what = '', remedy, begun]) => [level, what, remedy ?? begun ?? ''].map((part) => part.replaceAll("''", "'")),
  );
const source = sourceOf('server') + sourceOf('change-tracking');
const rowsOfServer = rowsIn(source);
const rowsOfCatalog = rowsIn(sourceOf('catalog'));

test.each([
  ['the version', 'older than SQL Server 2019', 'upgrade the server'],
  ['a build without corrections', 'from before CU14', 'newest cumulative update'],
  ['options of every session', 'begin with XACT_ABORT ON', "EXEC sys.sp_configure N'user options', "],
  ['hints for parallel plans', 'gives statements the hint MAXDOP', 'take MAXDOP out of'],
  ['definitions by app', 'keeps tenant traffic from definitions is missing', 'tenantry shard add'],
  ['a missing grant', 'may not call tenantry.enter', 'GRANT EXECUTE ON [tenantry].[enter]'],
  ['a missing right of admin', 'may not end sessions', 'GRANT VIEW SERVER STATE, ALTER ANY CONNECTION TO'],
  ['TRUSTWORTHY', 'TRUSTWORTHY is on', 'SET TRUSTWORTHY OFF'],
  ['delayed durability', 'DELAYED_DURABILITY is FORCED', 'SET DELAYED_DURABILITY = DISABLED'],
  ['TLS', 'connection is not encrypted', 'sslmode=verify-full'],
  ['TDE', 'TDE is off', 'BACKUP CERTIFICATE [tde]'],
  ['row versions', 'READ_COMMITTED_SNAPSHOT is off', 'ends every connection and undoes every open transaction'],
  ['snapshots', 'ALLOW_SNAPSHOT_ISOLATION is off', 'SET ALLOW_SNAPSHOT_ISOLATION ON'],
  ['change tracking of tables', 'not for every routed table', ''],
  ['the level of compatibility', 'compatibility level is below 150', 'SET COMPATIBILITY_LEVEL = 150'],
  [
    'a commit that no secondary has',
    'REQUIRED_SYNCHRONIZED_SECONDARIES_TO_COMMIT is 0',
    'SET (REQUIRED_SYNCHRONIZED_SECONDARIES_TO_COMMIT = 1)',
  ],
  ['a database that closes', 'AUTO_CLOSE is on', 'SET AUTO_CLOSE OFF'],
  ['damaged pages', 'PAGE_VERIFY is not CHECKSUM', 'SET PAGE_VERIFY CHECKSUM'],
  ['the collation, where keys are strings', 'Keys are strings', 'COLLATE Latin1_General_100_BIN2'],
  ['its retention', 'tracked for less than a day', 'CHANGE_RETENTION = 3 DAYS'],
  ['its clean-up', 'AUTO_CLEANUP is off', 'AUTO_CLEANUP = ON'],
])('shows what the server finds of %s, with what to run', async (_, what, remedy) => {
  const rows = rowsOfServer.filter(([, one]) => one!.includes(what));
  expect(rows).toHaveLength(1);
  const [level, whole, toRun] = rows[0] as [Finding['level'] | '', string, string];
  expect(toRun).toContain(remedy);
  const said =
    level === ''
      ? { 'doctor/change-tracking': { columns: columnsOf['doctor/change-tracking'], rows: [[whole, toRun]] } }
      : { 'doctor/server': { columns: dangers, rows: [[level, whole, toRun]] } };
  expect(await findings(said)).toEqual([{ ...onShard, level: level || 'warning', text: `${whole}.`, remedy: toRun }]);
});

test('has a row of a query in each of these cases, and no other row', () => {
  expect(rowsOfServer).toHaveLength(21);
  expect(source.match(/THEN 1 END/g)).toHaveLength(21);
});

test.each([
  ['problem', 'DELAYED_DURABILITY is FORCED', 'SET DELAYED_DURABILITY = DISABLED'],
  ['problem', 'compatibility level is below 130', 'SET COMPATIBILITY_LEVEL = 150'],
  ['warning', 'READ_COMMITTED_SNAPSHOT is off', 'SET READ_COMMITTED_SNAPSHOT ON'],
  ['warning', 'AUTO_CLOSE is on', 'SET AUTO_CLOSE OFF'],
])('knows as a %s of a catalog: %s, with what to run', (level, what, remedy) => {
  const [found, ...others] = rowsOfCatalog.filter(([, one]) => one!.includes(what));
  expect(others).toEqual([]);
  expect(found).toEqual([level, expect.any(String), expect.stringContaining(remedy)]);
  expect(rowsOfCatalog).toHaveLength(4);
});

test.each(['DELAYED_DURABILITY is FORCED', 'AUTO_CLOSE is on'])(
  'says %s of a catalog as of a shard, but for what follows from it',
  (what) => {
    const [catalog, server] = [rowsOfCatalog, rowsOfServer].map((rows) => {
      const [level, words, remedy] = rows.find(([, one]) => one!.includes(what))!;
      return [level, words!.split(':')[0], remedy];
    });
    expect(catalog).toEqual(server);
  },
);

test('looks with each login at what concerns it, at the configured tables, and leaves no connection', async () => {
  const server = await start();
  await look(server);
  const users = new Map(server.recording.of('login').map(({ connection, login }) => [connection, login.user]));
  const asked = (file: Asked) => server.recording.of('request').filter(({ request }) => askedFile([file], request) !== undefined);
  const askers = (file: Asked) => asked(file).map(({ connection }) => users.get(connection));
  expect(askers('doctor/principal')).toEqual(['superuser', 'mover', 'admin']);
  expect(askers('policy/gate')).toEqual(['app']);
  expect(new Set(askers('doctor/server'))).toEqual(new Set(['admin']));
  const { request } = asked('policy/gate')[0]!;
  expect(request.kind === 'rpc' ? request.parameters.map(({ value }) => value) : []).toContainEqual(
    expect.stringContaining('"table":"Blogs"'),
  );
  await expect.poll(() => server.connections).toBe(0);
});

test.each([
  [2, 'go on with the version of Tenantry that made it, or a later one'],
  [0, 'go on with the version of Tenantry that made it'],
])('sends nobody to recover from a schema of version %i', async (version, remedy) => {
  const { columns } = inOrder['local-map/get-description'];
  const said = { 'local-map/get-description': { columns, rows: [[version, shardId, 'customers', 'int']] } } as const;
  const found = { ...onShard, level: 'problem', text: expect.stringContaining(`has version ${version};`), remedy };
  expect(await findings(said)).toEqual([found]);
});

test('says that it is another server, with what to run, and looks no further', async () => {
  const { columns } = inOrder['engine/incarnation'];
  const otherServer = expect.stringContaining('is not the one that was added');
  expect(await findings({ 'engine/incarnation': { columns, rows: [['another']] }, 'doctor/server': { error: 229 } })).toEqual([
    { ...onShard, level: 'problem', text: otherServer, remedy: 'tenantry recover' },
  ]);
});

test('says where its local map is not as the catalog has it', async () => {
  const disagreements: ShardMapManager['disagreements'] = async function* () {
    yield { shard: 'a', what: 'state', mappingId: 7, inCatalog: 'ONLINE', onShard: 'OFFLINE' };
  };
  const disagreement = 'Its local map disagrees with the catalog, state of mapping 7: the catalog has ONLINE, the shard OFFLINE.';
  expect(await findings({}, { disagreements })).toEqual([{ ...onShard, level: 'problem', text: disagreement, remedy: 'tenantry recover' }]);
});

const atAddress = 'tenantry shard show a; its server must run, and take connections from this machine';

test('sends to the address where what fails is no login and no right', async () => {
  expect(await findings({ 'doctor/server': { error: 207 } })).toMatchObject([{ ...onShard, level: 'problem', remedy: atAddress }]);
  expect(await findings({ 'policy/gate': { error: 40_613 } })).toMatchObject([
    { subject: 'shard a, login of app', level: 'problem', remedy: atAddress },
  ]);
});

test('says of each login that could not be looked at why, and goes on', async () => {
  expect(await findings({ 'doctor/principal': { error: 229 } })).toMatchObject(
    ['superuser', 'mover', 'admin'].map((principal) => ({ subject: `shard a, login of ${principal}`, level: 'problem', remedy: rights })),
  );
});

test('says where the login of app keeps its tenant in what tenants can change', async () => {
  const { columns } = inOrder['engine/inspect'];
  expect(await findings({ 'engine/inspect': { columns, rows: [[shardId, 1, incarnation, false]] } })).toMatchObject([
    { subject: 'shard a, login of app', level: 'problem', text: expect.stringContaining('the configuration says guarded') },
  ]);
});

test('says where nothing shows how the context is protected', async () => {
  const { columns } = inOrder['policy/shard-schema'];
  expect(await findings({ 'policy/shard-schema': { columns, rows: [[true, true, 'int', null]] } })).toContainEqual({
    ...onShard,
    level: 'problem',
    text: 'Its context protection is missing; the configuration says guarded.',
    remedy: "set contextProtection: 'guarded', or make the shard anew",
  });
});

test('says where the login of admin may not look, with what to run', async () => {
  const [finding] = await findings({ 'doctor/server': { error: 300 } });
  expect(finding).toMatchObject({ ...onShard, level: 'problem', remedy: rights });
});

test('says that nothing answers, with what shows the address', async () => {
  const server = await startTdsServer({ request: () => undefined });
  const { host, port } = server;
  await server.close();
  const remedy = 'tenantry shard show a; its server must run, and take connections from this machine';
  expect(await look({ host, port })).toEqual([{ ...onShard, level: 'problem', text: `Nothing listens at ${host}:${port}.`, remedy }]);
});

test.each([18_456, 4060])('says that the login is refused (%i), with what makes it', async (refusal) => {
  expect(await findings({}, { refusal })).toEqual([
    { ...onShard, level: 'problem', text: `The server did not let the login in, error ${refusal}.`, remedy: rights },
  ]);
});

test.each([
  ['primary-key', null, 'ALTER TABLE dbo.Blogs: drop its primary key'],
  ['no-primary-key', null, 'ALTER TABLE dbo.Blogs: add a primary key'],
  ['unique-key', 'by_name', 'then drop by_name'],
  ['foreign-key', 'to_post', 'then drop to_post'],
  ['definer-function', 'its owner', 'ALTER dbo.Blogs: let it run as whoever calls it'],
])('says what to change of a table that policies cannot keep as it is: %s', async (what, detail, remedy) => {
  const { columns } = inOrder['policy/warnings'];
  expect(await findings({ 'policy/warnings': { columns, rows: [['dbo', 'Blogs', what, detail, null]] } })).toEqual([
    { ...onShard, level: 'warning', text: expect.stringMatching(/^dbo\.Blogs: /), remedy: expect.stringContaining(remedy) },
  ]);
});

test('says which functions of app may leave something in a session, with what to change', async () => {
  const { columns } = inOrder['policy/session-code'];
  expect(await findings({ 'policy/session-code': { columns, rows: [['dbo', 'remember']] } })).toEqual([
    {
      ...onShard,
      level: 'warning',
      text: expect.stringMatching(/^dbo\.remember: may leave something in its session .* the connections of this shard are reset/),
      remedy: 'ALTER dbo.remember so that it leaves nothing, or take the right to it from app and public',
    },
  ]);
});

test('a finding that has no text is an error, and not passed over', async () => {
  const { columns } = inOrder['policy/warnings'];
  expect(await findings({ 'policy/warnings': { columns, rows: [['dbo', 'Blogs', 'unheard-of', null, null]] } })).toMatchObject([
    { ...onShard, level: 'problem', text: expect.stringContaining('unheard-of, which has no text') },
  ]);
});

/** What the server says of the time of day, so many milliseconds after this machine's. */
const clockAt = (afterMs: number) =>
  ({ 'doctor/clock': { columns: { timeMs: 'bigint' }, rows: [[BigInt(now.getTime() + afterMs)]] } }) as const;

test('says nothing of clocks that differ by less than one can tell, or than the question took', async () => {
  for (const afterMs of [2_000, -2_000]) expect(await findings(clockAt(afterMs))).toMatchObject([{ level: 'ok' }]);
  const times = [now, new Date(now.getTime() + 60_000)];
  expect(await findings(clockAt(30_000), { now: () => times.shift()! })).toMatchObject([{ level: 'ok' }]);
});

test.each([
  [90_000, 90],
  [-90_000, 90],
  [2_600, 3],
])('says where the clocks differ, by %i ms', async (afterMs, seconds) => {
  expect(await findings(clockAt(afterMs))).toEqual([
    {
      ...onShard,
      level: 'warning',
      text: `Its clock differs from this machine's by ${seconds} s.`,
      remedy: 'timedatectl, on both machines: each must follow a time server',
    },
  ]);
});

test('says where string keys are compared by another collation than by bytes', async () => {
  const remedy = 'ALTER TABLE [dbo].[Blogs] ALTER COLUMN [TenantId] nvarchar(40) COLLATE Latin1_General_100_BIN2 NOT NULL';
  const type = 'nvarchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS';
  const [finding] = await findings({
    'policy/problems': { columns: problems, rows: [['dbo', 'Blogs', 'collation', type, remedy]] },
  });
  expect(finding).toMatchObject({ ...onShard, level: 'problem', remedy: 'tenantry policy apply --shard a' });
  expect(finding!.text).toContain(`dbo.Blogs has a tenant column of type ${type} whose collation does not compare bytes; run: ${remedy};`);
});

test('says where policies are not what they must be', async () => {
  const { columns } = inOrder['policy/tables'];
  expect(await findings({ 'policy/tables': { columns, rows: [['dbo', 'Blogs', 'TenantId', 'routed', '[]']] } })).toEqual([
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
  expect(await findings({ 'policy/gate': { columns: gate, rows: [[null, problem]] } })).toEqual([
    { subject: 'shard a, login of app', level: 'problem', text: expect.stringContaining(problem), remedy: rights },
  ]);
});

test('says where another principal is too powerful', async () => {
  const found = await findings({ 'doctor/principal': { columns: { problem: text }, rows: [['owns the database']] } });
  expect(found).toEqual(
    ['superuser', 'mover', 'admin'].map((principal) => ({
      subject: `shard a, login of ${principal}`,
      level: 'problem',
      text: 'It owns the database.',
      remedy: rights,
    })),
  );
});

describe('plans of tenants that may be parallel', () => {
  const { columns } = inOrder['engine/server'];
  const parallel = { 'engine/server': { columns, rows: [[16, 3, 160, false, true]] } } as const;

  test('are one problem, with every remedy that the gate takes', async () => {
    expect(await findings(parallel)).toEqual([
      {
        ...onShard,
        level: 'problem',
        text: expect.stringContaining("tenants' statements may run in parallel plans"),
        remedy: expect.stringMatching(/SET MAXDOP = 1 .*trace flag 11042.*Resource Governor group with MAX_DOP = 1.*serialPlans: true/),
      },
    ]);
  });

  test('are a warning where the configuration says that they are serial', async () => {
    expect(await findings(parallel, { capabilities: { serialPlans: true } })).toEqual([
      {
        ...onShard,
        level: 'warning',
        text: 'Nothing shows that it has serialPlans, and the configuration says that it has.',
        remedy: expect.any(String),
      },
    ]);
  });

  test('are looked for by admin while a connection of app is open, whose group then shows', async () => {
    const asked: [Asked, number][] = [];
    await findings({}, { onAsked: (...question) => asked.push(question) });
    const gateAsked = asked.findIndex(([file]) => file === 'policy/gate');
    const byAdmin = asked.findIndex(([file], index) => file === 'engine/server' && index > gateAsked);
    expect(byAdmin).toBeGreaterThan(gateAsked);
    expect(asked[byAdmin]![1]).toBe(2);
  });
});

describe('what the server is able to do', () => {
  const engineServer = (...facts: readonly [number, number, number, boolean, boolean]): Partial<Record<Asked, Said>> => ({
    'engine/server': { columns: columnsOf['engine/server'], rows: [[...facts]] },
  });

  test('is told of a shard in order too', async () => {
    const capabilities =
      'Its capabilities: securityPolicies, readOnlyContext, jsonTables, serialPlans, resetClearsContext, changeTracking.';
    expect((await allFindings()).map((finding) => [finding.level, finding.text])).toEqual([
      ['ok', capabilities],
      ['ok', expect.stringContaining('It answers')],
    ]);
  });

  test('is told as none where it is none', async () => {
    const none = Object.fromEntries(capabilityNames.map((name) => [name, false]));
    const [{ text: said }] = (await allFindings({}, { capabilities: none })) as [Finding];
    expect(said).toBe(`Its capabilities: none; it lacks ${capabilityNames.map((name) => `${name} (as configured)`).join(', ')}.`);
  });

  test('is a problem where lists are not read, with the level that reads them', async () => {
    expect(await findings(engineServer(16, 3, 120, true, true))).toEqual([
      {
        ...onShard,
        level: 'problem',
        text: expect.stringContaining('it does not read lists from JSON'),
        remedy: 'ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 150',
      },
    ]);
  });

  const unchecked: Partial<Record<Asked, Said>> = {
    ...engineServer(16, 3, 160, true, false),
    // What is not there is not looked at.
    'doctor/change-tracking': { error: 50_000 },
  };

  test('keeps nothing else from being looked at, where it is only warned of', async () => {
    const { columns } = inOrder['policy/tables'];
    const said = { ...unchecked, 'policy/tables': { columns, rows: [['dbo', 'Blogs', 'TenantId', 'routed', '[]']] } } as const;
    expect((await findings(said)).map(({ text: found }) => found)).toEqual([
      expect.stringContaining('Change tracking is off'),
      'The protection of dbo.Blogs is not what the configuration says.',
    ]);
  });

  test('warns of changes that are not tracked, with what needs them and what to run', async () => {
    const [capabilities, ...found] = await allFindings(unchecked);
    expect(capabilities).toMatchObject({ level: 'ok', text: expect.stringMatching(/; it lacks changeTracking\.$/) });
    expect(found).toEqual([
      {
        ...onShard,
        level: 'warning',
        text: 'Change tracking is off: tenants cannot be moved from here while they work.',
        remedy: expect.stringMatching(/^ALTER DATABASE CURRENT SET CHANGE_TRACKING = ON .*capabilities: \{ changeTracking: false \}/),
      },
    ]);
  });

  test('demands no tracking of changes where the configuration does without, whether there is some or not', async () => {
    const capabilities = { changeTracking: false } as const;
    const inOrderWithout = [
      { ...onShard, level: 'ok', text: expect.stringMatching(/; it lacks changeTracking \(as configured\)\.$/) },
      { ...onShard, level: 'ok', text: expect.stringContaining('It answers') },
    ];
    expect(await allFindings(unchecked, { capabilities })).toEqual(inOrderWithout);
    expect(await allFindings({ 'doctor/change-tracking': { error: 50_000 } }, { capabilities })).toEqual(inOrderWithout);
  });

  test('holds the configuration to what it claims of the tracking of changes', async () => {
    const [capabilities, ...found] = await allFindings(unchecked, { capabilities: { changeTracking: true } });
    expect(capabilities).toMatchObject({ text: expect.stringMatching(/, changeTracking \(as configured\)\.$/) });
    expect(found).toEqual([
      {
        ...onShard,
        level: 'warning',
        text: 'Nothing shows that it has changeTracking, and the configuration says that it has.',
        remedy: expect.stringContaining('take capabilities.changeTracking out'),
      },
    ]);
  });

  test('warns where connections serve one use each, unless the configuration knows of it', async () => {
    const unknown = engineServer(12, 3, 150, true, true);
    const able = { securityPolicies: true, readOnlyContext: true } as const;
    const ofResets = (all: readonly Finding[]): string[] => all.filter(({ level }) => level !== 'ok').map(({ text: said }) => said);
    expect(ofResets(await findings(unknown, { capabilities: able }))).toContainEqual(
      expect.stringContaining('each connection serves one use'),
    );
    expect(ofResets(await findings(unknown, { capabilities: { ...able, resetClearsContext: false } }))).not.toContainEqual(
      expect.stringContaining('one use'),
    );
    expect(ofResets(await findings(unknown, { capabilities: { ...able, resetClearsContext: true } }))).toContainEqual(
      expect.stringContaining('Nothing shows that it has resetClearsContext'),
    );
  });
});
