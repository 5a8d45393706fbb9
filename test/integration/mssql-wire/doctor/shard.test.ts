import { schemaVersions } from '../../../../src/core/schema-version.ts';
import { expect, test } from 'vitest';
import type { ShardMapManager } from '../../../../shardmap/manager.ts';
import { askedFile } from '../../../support/library-answers.ts';
import { diagnose, findings, inOrder, now, onShard, rights, startDiagnosed, type Asked } from '../../../support/scripted-diagnosis.ts';
import { incarnation, shardId } from '../../../support/scripted-shard.ts';
import { startTdsServer } from '../../../support/tds/server.ts';

test('says of a shard in order that it is', async () => {
  expect(await findings()).toEqual([
    { ...onShard, level: 'ok', text: 'It answers, is the one that was added, and its logins, policies, clock and local map are right.' },
  ]);
});

test('looks with each login at what concerns it, at the configured tables, and leaves no connection', async () => {
  const server = await startDiagnosed();
  await diagnose(server);
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
  [4, 'go on with the version of Tenantry that made it, or a later one'],
  [1, 'go on with the version of Tenantry that made it'],
])('sends nobody to recover from a schema of version %i', async (version, advice) => {
  const { columns } = inOrder['local-map/get-description'];
  const said = { 'local-map/get-description': { columns, rows: [[version, shardId, 'customers', 'int']] } } as const;
  const found = { ...onShard, level: 'problem', text: expect.stringContaining(`has version ${version};`), advice };
  expect(await findings(said)).toEqual([found]);
});

test('says that it is another server, with what to run, and looks no further', async () => {
  const { columns } = inOrder['engine/incarnation'];
  const otherServer = expect.stringContaining('is not the one that was added');
  expect(await findings({ 'engine/incarnation': { columns, rows: [['another']] }, 'doctor/server': { error: 229 } })).toEqual([
    { ...onShard, level: 'problem', text: otherServer, remedy: 'tenantry recover' },
  ]);
});

test('says where its local map is not as the catalog has it, and of a token what gives another', async () => {
  const disagreements: ShardMapManager['disagreements'] = async function* () {
    yield { shard: 'a', what: 'state', mappingId: 7, inCatalog: 'ONLINE', onShard: 'OFFLINE' };
    yield { shard: 'a', what: 'token', mappingId: 8, inCatalog: 'the token that the fleet key gives', onShard: 'another one' };
  };
  const disagreement = 'Its local map disagrees with the catalog, state of mapping 7: the catalog has ONLINE, the shard OFFLINE.';
  const token =
    'Its local map disagrees with the catalog, token of mapping 8: the catalog has the token that the fleet key gives, the shard another one.';
  const again = "take the mapping's tenant, or range, offline and online again: that gives it a token by the configured key";
  expect(await findings({}, { disagreements })).toEqual([
    { ...onShard, level: 'problem', text: disagreement, remedy: 'tenantry recover' },
    { ...onShard, level: 'problem', text: token, advice: again },
  ]);
});

const atAddress = {
  remedy: 'tenantry shard show a',
  advice: 'its server must run, and take connections from this machine',
};

test('sends to the address where what fails is no login and no right', async () => {
  expect(await findings({ 'doctor/server': { error: 207 } })).toMatchObject([{ ...onShard, level: 'problem', ...atAddress }]);
  expect(await findings({ 'policy/gate': { error: 40_613 } })).toMatchObject([
    { subject: 'shard a, login of app', level: 'problem', ...atAddress },
  ]);
});

const lacking = (principal: string) => ({ subject: `shard a, login of ${principal}`, level: 'problem', ...rights });

test('says of each login that could not be looked at why, and goes on', async () => {
  expect(await findings({ 'doctor/principal': { error: 229 } })).toMatchObject(
    ['superuser', 'mover', 'admin'].map((principal) => lacking(principal)),
  );
});

test('says where the login of app keeps its tenant in what tenants can change', async () => {
  const { columns } = inOrder['engine/inspect'];
  expect(await findings({ 'engine/inspect': { columns, rows: [[shardId, schemaVersions.shard, incarnation, false]] } })).toMatchObject([
    { subject: 'shard a, login of app', level: 'problem', text: expect.stringContaining('the configuration says guarded') },
  ]);
});

test('says where nothing shows how the context is protected', async () => {
  const { columns } = inOrder['policy/shard-schema'];
  expect(await findings({ 'policy/shard-schema': { columns, rows: [[true, true, 'int', null]] } })).toContainEqual({
    ...onShard,
    level: 'problem',
    text: 'Its context protection is missing; the configuration says guarded.',
    advice: "set contextProtection: 'guarded', or add another database as a shard: this one keeps its form",
  });
});

test('says where the login of admin may not look, with what to run', async () => {
  const [finding] = await findings({ 'doctor/server': { error: 300 } });
  expect(finding).toMatchObject({ ...onShard, level: 'problem', ...rights });
});

test('says that nothing answers, with what shows the address', async () => {
  const server = await startTdsServer({ request: () => undefined });
  const { host, port } = server;
  await server.close();
  expect(await diagnose({ host, port })).toEqual([
    { ...onShard, level: 'problem', text: `Nothing listens at ${host}:${port}.`, ...atAddress },
  ]);
});

test.each([18_456, 4060])(
  'says that the login is refused (%i), and sends nobody to give the server a password that may be the wrong one',
  async (refusal) => {
    expect(await findings({}, { refusal })).toEqual([
      {
        ...onShard,
        level: 'problem',
        text: `The server did not let the login in, error ${refusal}.`,
        advice: expect.stringMatching(
          /^see whether the user and password of logins\.admin, as this machine has them, are right; only if they are, tenantry shard provision a --bootstrap gives them to the server/,
        ),
      },
    ]);
  },
);

/** What the server says of the time of day, so many milliseconds after this machine's. */
const clockAt = (afterMs: number) =>
  ({ 'doctor/clock': { columns: { timeMs: 'bigint' }, rows: [[BigInt(now.getTime() + afterMs)]] } }) as const;

test('says nothing of clocks that differ by less than one can tell, or than the question took', async () => {
  for (const afterMs of [2_000, -2_000]) expect(await findings(clockAt(afterMs))).toMatchObject([{ level: 'ok' }]);
  const times = [now, new Date(now.getTime() + 60_000)];
  expect(await findings(clockAt(30_000), { now: () => times.shift() ?? now })).toMatchObject([{ level: 'ok' }]);
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
      remedy: 'timedatectl',
      advice: 'on both machines: each must follow a time server',
    },
  ]);
});
