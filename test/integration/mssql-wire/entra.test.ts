import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { EntraCredential } from '../../../src/core/entra-credential.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { sql } from '../../../src/core/sql.ts';
import { authenticationOf } from '../../../src/engine/mssql/authentication.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { createAuthority, type CertificateAuthority } from '../../support/certificates.ts';
import { startCertifiedTds } from '../../support/certified-tds.ts';
import { describeNeeding } from '../../support/describe-needing.ts';
import { packetHeaderBytes } from '../../support/tds/packets.ts';
import type { TdsScript } from '../../support/tds/script.ts';
import { startTdsServer, type TdsServer } from '../../support/tds/server.ts';
import { doneStatus, doneToken, errorToken } from '../../support/tds/tokens.ts';
import { failureOf } from '../../support/tenantry-failure.ts';

/* Logins by Entra ID, as far as they can be seen where there is none: what goes to the server, and what is asked of whom on this machine. */

const secret = 'a-secret-token';
const fedAuth = { stsUrl: 'https://login.example/directory', spn: 'https://database.example/' };

let authority: CertificateAuthority;

async function serve(script: Partial<TdsScript> = {}): Promise<TdsServer> {
  const server = await startCertifiedTds({ by: authority }, script, { fedAuth });
  onTestFinished(() => server.close());
  return server;
}

interface OpenOptions {
  readonly tls?: ShardAddress['tls'];
  readonly connectTimeoutMs?: number;
}

function open(
  { port }: { readonly port: number },
  entra: EntraCredential,
  { tls = 'verify-full', connectTimeoutMs = 30_000 }: OpenOptions = {},
): SqlDatabase {
  const database = createMssqlEngine().open(
    { engine: 'mssql', host: 'localhost', port, database: 'shop', tls },
    { user: 'shop-app', entra },
    { connections: 1, connectTimeoutMs },
  );
  onTestFinished(() => database.close());
  return database;
}

/**
 * What App Service offers its programs: an address to ask for tokens, of the machine's own identity or of an assigned one. The
 * driver's library looks for it once in the life of a process.
 */
class IdentityEndpoint {
  readonly asked: URL[] = [];
  answer: (asked: URL) => readonly [number, object] = () => [500, {}];
  readonly #server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const [status, body] = request.headers['x-identity-header'] === 'of this machine' ? this.answer(url) : [401, {}];
    this.asked.push(url);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });

  async listen(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`);
    vi.stubEnv('IDENTITY_HEADER', 'of this machine');
  }

  close(): void {
    vi.unstubAllEnvs();
    this.#server.close();
  }
}

const given = (token: string) =>
  [200, { access_token: token, expires_on: `${Math.round(Date.now() / 1_000) + 3_600}`, token_type: 'Bearer' }] as const;

describeNeeding('openssl', 'a login by Entra ID', () => {
  const endpoint = new IdentityEndpoint();

  beforeAll(async () => {
    await endpoint.listen();
    authority = await createAuthority('the one');
    setDefaultCACertificates([...getCACertificates('bundled'), authority.certificate]);
  });
  afterAll(() => {
    endpoint.close();
    setDefaultCACertificates(getCACertificates('bundled'));
  });

  test('with a token: LOGIN7 has it, and neither user nor password; in packets that a server takes before it has said how long they may be', async () => {
    const server = await serve();
    const token = secret.repeat(500);
    expect((await open(server, { kind: 'token', token: () => token }).query(sql`select n from t`)).rows).toEqual([{ n: 1 }]);
    for (const { login } of server.recording.of('login'))
      expect(login).toMatchObject({ user: '', database: 'shop', fedAuth: { library: 'token', echo: true, token } });
    const packets = server.recording.of('packet').filter(({ type, connection }) => type === 'LOGIN7' && connection === 1);
    expect(packets.length).toBeGreaterThan(3);
    expect(Math.max(...packets.map(({ bytes }) => bytes.length))).toBe(4_096);
    expect(Buffer.concat(packets.map(({ bytes }) => bytes.subarray(packetHeaderBytes))).toString('utf16le')).not.toContain(secret);
  });

  test('with a token: each connection asks for a fresh one, also after the server has refused an old one', async () => {
    let calls = 0;
    const server = await serve({
      login: async ({ fedAuth: asked }, answer, _connection, admit) => {
        if (asked?.token === 'token 1') await answer.end(errorToken({ number: 18_456, class: 14 }), doneToken('DONE', doneStatus.error));
        else await admit();
      },
      request: async (request, answer, connection) => {
        if (request.text.includes('lose')) connection.drop('rst');
        else await answer.rows({ n: 'int' }, [[1]]);
      },
    });
    const database = open(server, { kind: 'token', token: async () => `token ${(calls += 1)}` });
    expect(await failureOf(database.query(sql`select n from t`))).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    expect((await database.query(sql`select n from t`)).rows).toEqual([{ n: 1 }]);
    await failureOf(database.query(sql`select lose from t`));
    expect((await database.query(sql`select n from t`)).rows).toEqual([{ n: 1 }]);
    expect([...new Set(server.recording.of('login').map(({ login }) => login.fedAuth?.token))]).toEqual(['token 1', 'token 2', 'token 3']);
  });

  test.each<[EntraCredential, string | null]>([
    [{ kind: 'managed-identity' }, null],
    [{ kind: 'managed-identity', clientId: 'an-assigned-one' }, 'an-assigned-one'],
    [{ kind: 'default', clientId: 'a-default-one' }, 'a-default-one'],
  ])('by %j: the machine is asked for what the server names, and the server gets what it gives', async (entra, client) => {
    endpoint.asked.splice(0);
    endpoint.answer = (url) => given(`token of ${url.searchParams.get('client_id')}`);
    const server = await serve();
    expect((await open(server, entra).query(sql`select n from t`)).rows).toEqual([{ n: 1 }]);
    expect(endpoint.asked[0]?.searchParams.get('resource')).toBe('https://database.example');
    expect(endpoint.asked[0]?.searchParams.get('client_id')).toBe(client);
    for (const { login } of server.recording.of('login'))
      expect(login).toMatchObject({ user: '', fedAuth: { library: 'adal', echo: true, token: `token of ${client}` } });
    const messages = server.recording.of('packet').filter(({ from, connection }) => from === 'client' && connection === 1);
    expect(messages.slice(0, 3).map(({ type }) => type)).toEqual(['PRELOGIN', 'LOGIN7', 'FEDAUTH_TOKEN']);
  });

  test.each<[EntraCredential, unknown]>([
    [{ kind: 'service-principal', tenantId: 'directory', clientId: 'client', clientSecret: secret }, ClientSecretCredential],
    [{ kind: 'managed-identity', clientId: 'client' }, ManagedIdentityCredential],
    [{ kind: 'managed-identity' }, ManagedIdentityCredential],
    [{ kind: 'default' }, DefaultAzureCredential],
  ])('by %j: all connections of a login share what asks for its tokens and keeps them, and no others', async (entra, kind) => {
    const address = { engine: 'mssql', host: 'localhost', port: 1433, database: 'shop', tls: 'verify-full' } as const;
    const limits = { clock: systemClock, timeoutMs: 20_000 };
    const credentialOf = async (one: EntraCredential): Promise<unknown> => {
      const authentication = await authenticationOf({ user: 'shop-app', entra: one }, address, limits);
      expect(authentication.type).toBe('token-credential');
      return (authentication.options as { credential: unknown }).credential;
    };
    const first = await credentialOf(entra);
    expect(first).toBeInstanceOf(kind);
    expect(await credentialOf(entra)).toBe(first);
    expect(await credentialOf({ ...entra })).not.toBe(first);
  });

  test('by ids that cannot be is an error of the configuration, which tells no secret', async () => {
    const server = await serve();
    const entra = { kind: 'service-principal', tenantId: 'no / directory', clientId: 'client', clientSecret: secret } as const;
    const failure = await failureOf(open(server, entra).query(sql`select n from t`));
    expect(failure).toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: 'The login shop-app cannot ask Entra ID (entra: service-principal): its ids are not as Entra ID has them.',
    });
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(secret);
    expect(server.recording.of('login')).toEqual([]);
  });

  test('that gets no token is one clear error, which tells no secret', async () => {
    endpoint.answer = () => [400, { error: 'invalid_request', error_description: `AADSTS70011: ${secret}` }];
    const server = await serve();
    const failure = await failureOf(open(server, { kind: 'managed-identity', clientId: 'a-refused-one' }).query(sql`select n from t`));
    expect(failure).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    expect(failure.message).toContain('There is no access token for the login shop-app (entra: managed-identity)');
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(secret);
  });
});

describe('a login by Entra ID that cannot be', () => {
  test.each<[string, () => string | Promise<string>, string]>([
    ['fails', () => Promise.reject(new RangeError(secret)), 'the function that gives it failed (RangeError)'],
    [
      'throws',
      () => {
        throw new RangeError(secret);
      },
      'the function that gives it failed (RangeError)',
    ],
    ['gives nothing', () => '', 'the function that gives it gave none'],
    ['gives what is no text', () => ({ token: secret }) as unknown as string, 'the function that gives it gave none'],
    ['never answers', () => new Promise(() => undefined), 'Connecting was given up while an access token was waited for'],
  ])('because the function %s: one clear error, and no connection', async (_title, token, why) => {
    await using server = await startTdsServer({ request: () => undefined });
    const failure = await failureOf(open(server, { kind: 'token', token }, { connectTimeoutMs: 300 }).query(sql`select n from t`));
    expect(failure).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    expect(failure.message).toContain(why);
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(secret);
    expect(server.recording.events).toEqual([]);
  });

  test('because who asked gives up while a token is waited for: at once, whatever time there is', async () => {
    await using server = await startTdsServer({ request: () => undefined });
    const { host, port } = server;
    const address = { engine: 'mssql', host, port, database: 'shop', tls: 'verify-full' } as const;
    const caller = new AbortController();
    const entra: EntraCredential = {
      kind: 'token',
      token: () => {
        caller.abort();
        return new Promise(() => undefined);
      },
    };
    const waiting = authenticationOf({ user: 'app', entra }, address, { clock: systemClock, timeoutMs: 120_000, signal: caller.signal });
    expect(await failureOf(waiting)).toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      detail: 'Connecting was given up while an access token was waited for.',
    });
    expect(server.recording.events).toEqual([]);
  });

  test.each(['disable', 'require'] as const)(
    'because sslmode=%s proves nothing of the server: no token is asked for or sent',
    async (tls) => {
      await using server = await startTdsServer({ request: () => undefined });
      let calls = 0;
      const failure = await failureOf(
        open(server, { kind: 'token', token: () => `token ${(calls += 1)}` }, { tls }).query(sql`select n from t`),
      );
      expect(failure.code).toBe('INVALID_CONFIGURATION');
      expect(failure.message).toContain(`its address says sslmode=${tls}`);
      expect([calls, server.recording.events]).toEqual([0, []]);
    },
  );
});
