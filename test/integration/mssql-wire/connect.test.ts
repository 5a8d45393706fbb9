import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acceptanceFormat } from '../../../src/core/shard-signer.ts';
import { sql } from '../../../src/core/sql.ts';
import { mssqlCapabilities } from '../../../src/engine/mssql/mssql-capabilities.ts';
import { diagnoseCapabilities } from '../../../src/main/diagnosis/capabilities.ts';
import { compiled, entryOf, ScriptedShard, shardId, type Disorder } from '../../support/scripted-shard.ts';
import { shardNowMs, type SaidOfProtection } from '../../support/protection-answer.ts';
import { signerOfTests } from '../../support/accepting.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { doneStatus, doneToken, errorToken } from '../../support/tds/tokens.ts';

let shard: ScriptedShard;

/** What is there was accepted with this number, by the fleet key. */
function acceptedAt(number: number): SaidOfProtection {
  const accepted = 'f'.repeat(64);
  const statement = { says: 'accepted', format: acceptanceFormat, number, fingerprint: accepted, validUntilMs: null } as const;
  return { number: BigInt(number), accepted, signature: signerOfTests(shardId).sign(statement) };
}

beforeEach(async () => {
  shard = await ScriptedShard.start();
});
afterEach(async () => await shard[Symbol.asyncDispose]());

describe('a connection that is opened for tenants', () => {
  test('asks who the database is and whether it may serve, and the first tenant resets what that left', async () => {
    const connection = await shard.open();
    expect(await connection.execute(entryOf(1), compiled(sql`select n from t`), { readOnly: false, timeoutMs: 5_000 })).toMatchObject({
      rowCount: 1,
    });
    await connection.close();
    const [inspect, server, gate, protection, routed, ...more] = shard.server.recording.requests();
    expect(inspect!.text).toContain('[tenantry].[schema_version]');
    expect(server!.text).toContain('ProductMajorVersion');
    expect(gate!.text).toContain('sys.security_predicates');
    expect(gate!.text).toContain('HAS_DBACCESS');
    expect(protection!.text).toContain('[tenantry].[fingerprint_items]()');
    expect(routed!.text).toContain('[tenantry].[enter]');
    expect([inspect, server, gate, protection, routed].map((request) => request!.reset)).toEqual([false, false, false, false, true]);
    expect(more).toEqual([]);
  });

  test.each<[Disorder, string]>([
    [{ rows: [] }, 'The database has not been added to a shard map.'],
    [{ shardId: null }, 'The database has not been added to a shard map.'],
    [{ schemaVersion: 4 }, 'The schema of the shard has version 4; this program works with version 3'],
    // Of another version nothing else is believed.
    [{ schemaVersion: 4, shardId: '00000000-0000-4000-8000-00000000000c' }, 'The schema of the shard has version 4'],
    [{ shardId: '00000000-0000-4000-8000-00000000000c' }, 'The database is shard 00000000-0000-4000-8000-00000000000c'],
    [{ incarnation: null }, 'only a primary can serve tenants'],
    [{ incarnation: 'another' }, 'it was restored or replaced. Run: tenantry recover'],
    [{ contextProtection: 'plain' }, 'the configuration says guarded'],
    [{ contextProtection: null }, 'The context protection of the shard is unknown'],
    [{ error: 208 }, 'The database is no shard of Tenantry, or its login has not been provisioned.'],
    [{ error: 229 }, 'The database is no shard of Tenantry, or its login has not been provisioned.'],
    [
      { server: [12, 3, 120] },
      'it has no security policies, which show each tenant its own rows (capabilities.securityPolicies; upgrade the server); it has no session context',
    ],
    [{ server: [16, 3, 120] }, 'The server cannot keep tenants apart: it does not read lists from JSON'],
    [{ server: [12, 5, 120] }, 'The server cannot keep tenants apart: it does not read lists from JSON'],
    [{ serialPlans: false }, "tenants' statements may run in parallel plans"],
    [{ serialPlans: false }, '(capabilities.serialPlans; ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 1'],
    // What a database that is not the one that is meant lacks besides says nothing.
    [{ incarnation: 'another', serialPlans: false, problems: [[null, 'the login owns it']] }, 'it was restored or replaced'],
    [{ serialPlans: false, problems: [[null, 'the login owns it']] }, 'The server cannot keep tenants apart'],
  ])('is refused where the database says %j', async (said, why) => {
    shard.saysOfItself(said);
    await expect(shard.open()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(why) });
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test.each<[Disorder, boolean]>([
    [{ incarnation: null }, true],
    [{ incarnation: 'another' }, false],
    [{ schemaVersion: 4 }, false],
    [{ contextProtection: 'plain' }, false],
    [{ error: 208 }, false],
    [{ problems: [['Blogs', 'the login owns it']] }, false],
  ])('is worth another try where a server may come to serve by itself, and nowhere else: %j, %s', async (said, retryable) => {
    shard.saysOfItself(said);
    await expect(shard.open()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', retryable });
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test('is refused with everything that the gate finds of the login and of tables', async () => {
    const problems = [
      [null, 'the login is no member of tenantry_app'],
      ['Blogs', 'the login owns it'],
    ] as const;
    shard.saysOfItself({ problems });
    const detail = 'the login is no member of tenantry_app. Blogs: the login owns it.';
    await expect(shard.open()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', detail });
  });

  test.each([null, 'plain'])('serves where nothing is guarded (%s), and nothing is said to be', async (contextProtection) => {
    shard.saysOfItself({ contextProtection });
    await (await shard.open({ contextProtection: 'plain' })).close();
  });

  test('serves with its read-only key where the fleet may have codes', async () => {
    await (await shard.open({ contextProtection: 'mac' })).close();
  });

  test.each([
    [208, 'The database is no shard of Tenantry, or its login has not been provisioned.'],
    [207, 'What a new connection is asked had no answer: error 207.'],
  ])('that gets error %i to who the database is keeps it as the cause', async (number, detail) => {
    shard.saysOfItself({ error: number });
    await expect(shard.open()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', detail, cause: { number } });
  });

  test.each([
    [229, { code: 'SHARD_UNVERIFIED', detail: 'What a new connection is asked had no answer: error 229.' }],
    [207, { code: 'SHARD_UNVERIFIED', detail: 'What a new connection is asked had no answer: error 207.' }],
    [
      1222,
      {
        code: 'SHARD_UNAVAILABLE',
        detail: expect.stringMatching(/had no answer: Another transaction holds what this needs.*\(error 1222\)/),
      },
    ],
    [1205, { code: 'SHARD_UNAVAILABLE' }],
    [10_928, { code: 'OVERLOADED', retryAfterMs: 5_000 }],
    [40_613, { code: 'SHARD_UNAVAILABLE' }],
  ])('that gets error %i to what it asks is trouble of the shard: nobody has asked for anything yet', async (number, failure) => {
    shard.saysOfItself({ gateError: number });
    await expect(shard.open()).rejects.toMatchObject({ ...failure, outcome: 'not-run', cause: { number } });
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test.each<[string, SaidOfProtection, string]>([
    [
      'another function',
      { functionDigest: '0'.repeat(64) },
      "the function by which a shard tells what protects its tenants is not this program's",
    ],
    ['no function', { functionDigest: null }, "is not this program's"],
    ['nothing', { format: null, accepted: null, signature: null }, 'what protects its tenants was not accepted yet'],
    ['another format', { format: 1 }, 'was accepted by another program, for another shard or by another fleet key'],
    ['another signature', { signature: Buffer.alloc(32) }, 'was accepted by another program, for another shard or by another fleet key'],
    [
      'the number of a time to come',
      acceptedAt(shardNowMs + 86_400_001),
      'was accepted with the number of a time that is more than a day to come',
    ],
    ['a time that is over', { validUntilMs: BigInt(shardNowMs) }, 'the time for which what protects its tenants was accepted is over'],
    [
      'another fingerprint',
      { fingerprint: '0'.repeat(64), isOpen: false, differing: '[{"kind":"predicate","object":"dbo.Blogs filter","change":"removed"}]' },
      'what protects its tenants was changed and not accepted: predicate dbo.Blogs filter (removed)',
    ],
    ['a gate with another end', { openUntilMs: BigInt(shardNowMs + 1) }, 'its gate ends at another time than what was accepted'],
    [
      'an override that nobody signed',
      { overrideNumber: 1n, overrideUntilMs: BigInt(shardNowMs + 1), overrideSignature: Buffer.alloc(32) },
      'overridden by nobody who has a key of the fleet',
    ],
    ['a closed gate', { isOpen: false }, 'its gate is closed, although what protects its tenants is as it was accepted'],
    ['a change that nobody judged', { unjudged: 1 }, 'definitions were changed past what judges each change'],
  ])('is refused where it was accepted otherwise: %s', async (_, protection, why) => {
    shard.saysOfItself(protection === undefined ? {} : { protection });
    await expect(shard.open()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(why) });
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test('serves what was changed, until the time for which somebody has let tenants in', async () => {
    const changed = { fingerprint: '0'.repeat(64), isOpen: false, differing: '[]' };
    const until = (untilMs: number, signedFor = untilMs, number = shardNowMs): Disorder => ({
      protection: {
        ...changed,
        overrideNumber: BigInt(number),
        overrideUntilMs: BigInt(untilMs),
        overrideSignature: signerOfTests(shardId).sign({ says: 'overridden', number, untilMs: signedFor }),
      },
    });
    const dayMs = 86_400_000;
    for (const believed of [until(shardNowMs + 1), until(shardNowMs + dayMs)]) {
      shard.saysOfItself(believed);
      await (await shard.open()).close();
    }
    const tooLong = until(shardNowMs + dayMs + 1);
    const ofLater = until(shardNowMs + dayMs + 2, shardNowMs + dayMs + 2, shardNowMs + dayMs + 1);
    for (const refused of [until(shardNowMs), until(shardNowMs + 2, shardNowMs + 1), tooLong, ofLater]) {
      shard.saysOfItself(refused);
      await expect(shard.open()).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    }
  });

  test.each([
    [208, 'SHARD_UNVERIFIED'],
    [229, 'SHARD_UNVERIFIED'],
    [15_517, 'SHARD_UNVERIFIED'],
    [10_928, 'OVERLOADED'],
  ])('that gets error %i to what protects its tenants is refused with %s', async (protectionError, code) => {
    shard.saysOfItself({ protectionError });
    await expect(shard.open()).rejects.toMatchObject({ code, outcome: 'not-run' });
  });

  test('serves on Azure SQL Database, which tells an old version', async () => {
    shard.saysOfItself({ server: [12, 5, 160] });
    await (await shard.open()).close();
  });

  test.each([
    [[12, 3, 150], { securityPolicies: true, readOnlyContext: true }, undefined],
    [
      [15, 3, 150],
      { readOnlyContext: false },
      'that a statement cannot change, which names the tenant (capabilities.readOnlyContext; upgrade the server).',
    ],
    [[15, 3, 150], { serialPlans: false }, 'parallel plans'],
  ] as const)('counts what the configuration says of a server %j: %j', async (server, capabilities, refusal) => {
    shard.saysOfItself({ server });
    const opening = shard.open({ capabilities });
    if (refusal === undefined) await (await opening).close();
    else await expect(opening).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', message: expect.stringContaining(refusal) });
  });

  test('serves where the configuration says that plans are serial by other means', async () => {
    shard.saysOfItself({ serialPlans: false });
    await (await shard.open({ capabilities: { serialPlans: true } })).close();
  });

  test('has run nothing of a tenant, where it is lost under the checks', async () => {
    shard.model.at = ({ moment, answer }) => {
      if (moment === 'read') answer.drop('rst');
    };
    await expect(shard.open()).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
  });

  test('logs in once', async () => {
    await (await shard.open()).close();
    expect(shard.server.recording.of('login')).toHaveLength(1);
  });

  test('is given up with the signal, while the database does not answer what it is asked', async () => {
    shard.saysOfItself({ silent: true });
    const caller = new AbortController();
    const asked = shard.server.recording.next('request', ({ request }) => request.text.includes('[tenantry].[schema_version]'));
    const opening = shard.open({ signal: caller.signal });
    const failure = expect(opening).rejects.toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      detail: 'Connecting was given up.',
      outcome: 'not-run',
    });
    await asked;
    caller.abort();
    await failure;
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test('is given up with the signal in the very turn in which its login ends, and nothing is asked', async () => {
    const caller = new AbortController();
    const { signal } = caller;
    const letGo = signal.removeEventListener.bind(signal);
    // The login is done with the signal, and what follows it has not taken it up.
    signal.removeEventListener = (...what: Parameters<typeof letGo>) => {
      letGo(...what);
      caller.abort();
    };
    const failure = { code: 'SHARD_UNAVAILABLE', detail: 'Connecting was given up.', outcome: 'not-run' };
    await expect(shard.open({ signal })).rejects.toMatchObject(failure);
    expect(shard.server.recording.of('login')).toHaveLength(1);
    expect(shard.server.recording.requests()).toEqual([]);
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test('has nothing more to do with the signal once it is open', async () => {
    const caller = new AbortController();
    const connection = await shard.open({ signal: caller.signal });
    caller.abort();
    expect((await connection.execute(entryOf(1), compiled(sql`select n from t`), { readOnly: false, timeoutMs: 5_000 })).rows).toEqual([
      { n: 1 },
    ]);
    await connection.close();
  });

  test('is given up with the signal, whatever the server waits for at the login', async () => {
    await using server = await startTdsServer({
      login: async (_login, answer) => void (await once(answer.attention, 'abort')),
      request: () => undefined,
    });
    const caller = new AbortController();
    const asked = server.recording.next('login');
    const opening = ScriptedShard.connectTo(server, { signal: caller.signal });
    const failure = expect(opening).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    await asked;
    caller.abort();
    await failure;
    await expect.poll(() => server.connections).toBe(0);
  });

  test('is refused at once where its login is, whatever time it has', async () => {
    await using server = await startTdsServer({
      login: async (_login, answer) => await answer.end(errorToken({ number: 10_928, class: 14 }), doneToken('DONE', doneStatus.error)),
      request: () => undefined,
    });
    await expect(ScriptedShard.connectTo(server, { timeoutMs: 120_000 })).rejects.toMatchObject({
      code: 'OVERLOADED',
      cause: { number: 10_928 },
    });
    expect(server.recording.of('login')).toHaveLength(1);
    await expect.poll(() => server.connections).toBe(0);
  });

  test.each([
    ['closes at once', (socket: Socket) => socket.end()],
    ['speaks first, in lines', (socket: Socket) => socket.write('220 mail.example ESMTP\r\n')],
    ['answers as PostgreSQL does', (socket: Socket) => socket.once('data', () => socket.end(Buffer.from('E\0\0\0\x08nope')))],
  ])('is one clear error where the server at the address %s', async (_title, serve) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      serve(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const opening = ScriptedShard.connectTo({ host: '127.0.0.1', port }, { timeoutMs: 1_000 });
    await expect(opening).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

test('doctor tells what is missing, and warns of what the configuration claims of a server that says otherwise', async () => {
  shard.saysOfItself({ server: [12, 3, 150] });
  const database = shard.openDatabase();
  const claimed = { securityPolicies: true, readOnlyContext: false, jsonTables: true } as const;
  expect(await diagnoseCapabilities('shard a', database, mssqlCapabilities, claimed)).toEqual([
    {
      subject: 'shard a',
      level: 'ok',
      text:
        'Its capabilities: securityPolicies (as configured), jsonTables (as configured), serialPlans, changeTracking; ' +
        'it lacks readOnlyContext (as configured), resetClearsContext.',
    },
    {
      subject: 'shard a',
      level: 'problem',
      text: 'The server cannot keep tenants apart: it has no session context that a statement cannot change, which names the tenant.',
      advice: 'upgrade the server',
    },
    {
      subject: 'shard a',
      level: 'warning',
      text: expect.stringContaining('each connection serves one use'),
      advice: expect.stringContaining('capabilities: { resetClearsContext: true }'),
    },
    {
      subject: 'shard a',
      level: 'warning',
      text: 'Nothing shows that it has securityPolicies, and the configuration says that it has.',
      advice: 'take capabilities.securityPolicies out of the configuration, unless it is known to be so',
    },
  ]);
  await database.close();
});

describe('a shard whose login cannot run enter', () => {
  test.each([2812, 229])('%i: the shard is not in a state to serve, whoever asks', async (number) => {
    const connection = await shard.connect();
    for (const begin of [false, true]) {
      shard.model.failEntry = { number };
      const options = { readOnly: false, timeoutMs: 5_000, isolation: 'read committed' } as const;
      const work = begin ? connection.begin(entryOf(1), options) : connection.execute(entryOf(1), compiled(sql`select n from t`), options);
      await expect(work).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', outcome: 'not-run' });
    }
  });
});
