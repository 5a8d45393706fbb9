import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors, SignJWT, type JWTPayload } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tenantKey, type KeyType, type TenantId } from '../../../shardmap/key.ts';
import type { ContextSetting, IssuerSettings } from '../../../src/config.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { TokenVerifier } from '../../../src/http/auth/token-verifier.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { issuerKey, TestIssuer } from '../../support/test-issuer.ts';
import { failureOf } from '../../support/tenantry-failure.ts';

const secret = new Uint8Array(32).fill(9);
const [issuer, audience] = ['https://issuer.test', 'tenantry-test'];
/** In the year 2001: no clock of a machine. */
const now = 1_000_000_000;
const byHand: IssuerSettings = {
  issuer,
  audience,
  keys: { kind: 'secret', secret },
  algorithms: ['HS256'],
  tenantClaim: 'org',
  tenants: '*',
  development: false,
};

function verifierOf(
  settings: IssuerSettings,
  { keyType = 'int', context = [] as readonly ContextSetting[], clock = new FakeClock(), onFailure = vi.fn() } = {},
): TokenVerifier {
  return new TokenVerifier({
    issuers: [settings],
    keyType: keyType as KeyType,
    context,
    clock,
    currentTimeMs: () => now * 1_000,
    onKeysUnavailable: onFailure,
  });
}

function token(claims: JWTPayload): Promise<string> {
  return new SignJWT({ iss: issuer, aud: audience, exp: now + 60, ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
}

describe('who a token says that its sender is', () => {
  test('is the tenant of the configured claim, with issuer and subject', async () => {
    const { caller, expiresAtMs } = await verifierOf(byHand).verify(await token({ org: '7', tenant: '8', sub: 'ann' }));
    expect(caller).toEqual({ tenant: tenantKey('int', 7), tenantId: 7, issuer, subject: 'ann', context: {} });
    expect(expiresAtMs).toBe((now + 60) * 1_000);
  });

  test.each<[KeyType, claim: string | number, id: TenantId]>([
    ['int', -2_147_483_648, -2_147_483_648],
    ['bigint', '9007199254740993', 9_007_199_254_740_993n],
    ['bigint', -5, -5n],
    ['uuid', '0a0b0c0d-0000-4000-8000-00000000000e', '0a0b0c0d-0000-4000-8000-00000000000e'],
    ['string', 'Ä b', 'Ä b'],
    ['bytes', '00ff7f', Uint8Array.of(0, 255, 127)],
  ])('is a tenant of type %s: %j', async (keyType, claim, id) => {
    const { caller } = await verifierOf(byHand, { keyType }).verify(await token({ org: claim }));
    expect(caller.tenantId).toEqual(id);
    expect(caller.tenant).toEqual(tenantKey(keyType, id));
  });

  test('is a tenant by a number beside others that are none of his', async () => {
    expect((await verifierOf(byHand).verify(await token({ org: 7, iat: now - 0.5 }))).caller.tenantId).toBe(7);
  });

  test.each<[KeyType, claim: number]>([
    ['string', 7],
    ['bytes', 10],
    ['bigint', 2 ** 53],
  ])('is nobody where the claim of a tenant of type %s is the number %d', async (keyType, claim) => {
    expect(await failureOf(verifierOf(byHand, { keyType }).verify(await token({ org: claim })))).toMatchObject({
      code: 'UNAUTHENTICATED',
      detail: "The token's claim org is not a tenant id in its canonical form.",
    });
  });
});

const headerText = '{"alg":"HS256"}';
const claims = JSON.stringify({ iss: issuer, aud: audience, exp: now + 60, org: '7' });

/** A token of these very texts. */
function signedText(head: string | Buffer, body: string | Buffer): string {
  const input = [head, body].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

describe('what a token brings besides the tenant', () => {
  const context: readonly ContextSetting[] = [
    { name: 'userId', type: 'string', claim: 'sub', transform: 'sha256' },
    { name: 'email', type: 'string', claim: 'email' },
    { name: 'team', type: 'int', claim: 'team' },
    { name: 'account', type: 'bigint', claim: 'account' },
    { name: 'device', type: 'uuid', claim: 'device' },
    { name: 'roles', type: 'strings', claim: 'roles' },
    { name: 'groups', type: 'strings', claim: 'groups', transform: 'sha256' },
    { name: 'organisationKey', type: 'string' },
  ];
  const verifier = verifierOf(byHand, { context });
  const ofAnn = '49915e0d7d4b402e3017d010bc1c0e83cac6c797d6c16e66340fe3268693a6a1';
  const contextOf = async (given: JWTPayload): Promise<unknown> =>
    (await verifier.verify(await token({ org: 7, ...given }))).caller.context;

  test('is what its claims say, each of its type, hashed where the configuration says so', async () => {
    const device = '0a0b0c0d-0000-4000-8000-00000000000e';
    const ofToken = { sub: 'ann', email: 'a@b', team: 3, account: '9007199254740993', device, roles: ['x', 'y'], groups: 'ann' };
    expect(await contextOf(ofToken)).toEqual({
      userId: ofAnn,
      email: 'a@b',
      team: 3,
      account: 9_007_199_254_740_993n,
      device,
      roles: ['x', 'y'],
      groups: [ofAnn],
    });
  });

  test('is nothing where there is no claim, and never what no claim was named for', async () => {
    expect(await contextOf({ organisationKey: 'mine', name: 'ann' })).toEqual({});
  });

  test.each<[name: string, value: unknown]>([
    ['sub', ''],
    ['email', 7],
    ['email', null],
    ['team', 0],
    ['team', '03'],
    ['team', 2 ** 31],
    ['account', 2 ** 53],
    ['account', '9223372036854775808'],
    ['device', 'ann'],
    ['email', 'a@b '],
    ['roles', { admin: true }],
    ['roles', ['admin', null]],
    ['groups', ['']],
  ])('is nobody’s where the claim %s is %j', async (name, value) => {
    const type = context.find(({ claim }) => claim === name)!.type;
    expect(await failureOf(contextOf({ [name]: value }))).toMatchObject({
      code: 'UNAUTHENTICATED',
      detail: `The token's claim ${name} is not of the type ${type}.`,
    });
  });

  // All of them are 3 to a parser, but 2.99999999999999999 is not what its issuer meant by 3.
  test.each(['3.0', '3e0', '2.99999999999999999'])('is nobody’s where a claim of whole numbers was written %s', async (written) => {
    const teamOf = async (text: string): Promise<unknown> => {
      const { caller } = await verifier.verify(signedText(headerText, claims.replace('}', `,"team":${text}}`)));
      return caller.context['team'];
    };
    expect(await teamOf('3')).toBe(3);
    expect(await failureOf(teamOf(written))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('what is no token', () => {
  test.each([
    [
      'claims that are no UTF-8',
      signedText(headerText, Buffer.concat([Buffer.from(claims.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])])),
    ],
    ['claims that are an array', signedText(headerText, '[]')],
    ['claims that are null', signedText(headerText, 'null')],
    ['claims that are a text', signedText(headerText, '"x"')],
    ['a header that is null', signedText('null', claims)],
    ['a header that is an array', signedText('[]', claims)],
    ['no signature', signedText(headerText, claims).replace(/[^.]*$/, '')],
    ['four parts', `${signedText(headerText, claims)}.AA`],
  ])('%s: refused as malformed, before anything of it is believed', async (_, malformed) => {
    expect((await verifierOf(byHand).verify(signedText(headerText, claims))).caller.tenantId).toBe(7);
    expect(await failureOf(verifierOf(byHand).verify(malformed))).toMatchObject({
      code: 'UNAUTHENTICATED',
      detail: 'The token is malformed.',
    });
  });
});

describe('the time of a token', () => {
  test('may begin five seconds from now, and no later', async () => {
    const verifier = verifierOf(byHand);
    await expect(verifier.verify(await token({ org: '7', nbf: now + 5 }))).resolves.toMatchObject({ caller: { tenantId: 7 } });
    const refused = await failureOf(verifier.verify(await token({ org: '7', nbf: now + 6 })));
    expect(refused).toMatchObject({ code: 'UNAUTHENTICATED', detail: 'The token failed its checks of signature and claims.' });
    expect(refused.cause).toBeInstanceOf(errors.JWTClaimValidationFailed);
  });

  test('ends when it says, by the clock of the service', async () => {
    const verifier = verifierOf(byHand);
    expect((await verifier.verify(await token({ org: '7', exp: now + 1 }))).expiresAtMs).toBe((now + 1) * 1_000);
    expect(await failureOf(verifier.verify(await token({ org: '7', exp: now })))).toMatchObject({ detail: 'The token has expired.' });
  });
});

describe('the keys of an issuer, fetched from an address', () => {
  let home: TestIssuer;
  let clock: FakeClock;
  let onFailure: ReturnType<typeof vi.fn<(issuer: string, cause: unknown) => void>>;
  let server: Server | undefined;
  beforeEach(async () => {
    home = await new TestIssuer(issuer).start();
    clock = new FakeClock();
    onFailure = vi.fn();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await home.stop();
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  const verifier = (changes: Partial<IssuerSettings> = {}): TokenVerifier => verifierOf(home.settings(changes), { clock, onFailure });
  const right = (header: Record<string, unknown> = {}): Promise<string> =>
    home.token({ tenant: '7', aud: audience, exp: now + 60 }, header);
  /** An address that answers in a way of its own. */
  const address = async (answer: (headers: IncomingHttpHeaders) => { status: number; headers?: Record<string, string>; text?: string }) => {
    server = createServer((request, response) => {
      const { status, headers = {}, text = '' } = answer(request.headers);
      response.writeHead(status, headers).end(text);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { kind: 'jwks', url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`) } as const;
  };
  const keySet = (): string => JSON.stringify({ keys: home.keys.map(({ jwk }) => jwk) });
  const isUnavailable = { code: 'ISSUER_UNAVAILABLE', retryAfterMs: 1_000 };

  test('are asked for once, however many tokens come at once, as a key set', async () => {
    const asked: (string | undefined)[] = [];
    const keys = await address(({ accept }) => {
      asked.push(accept);
      return { status: 200, text: keySet() };
    });
    const checked = verifier({ keys });
    const signed = await right();
    const found = await Promise.all([checked.verify(signed), checked.verify(signed), checked.verify(signed)]);
    expect(found.map(({ caller }) => caller.tenantId)).toEqual([7, 7, 7]);
    expect(asked).toEqual(['application/jwk-set+json, application/json']);
  });

  test('that are replaced while a token is checked leave it checked by those of before', async () => {
    const checked = verifier();
    await checked.verify(await right());
    const next = await issuerKey('next');
    home.keys = [next];
    clock.advance(30_000);
    const { keys, keysVersion } = await checked.verify(await right());
    expect([keysVersion, keys.version]).toEqual([0, 1]);
    expect((await checked.verify(await right())).keysVersion).toBe(1);
  });

  test('are found beside a member of the key set that is none', async () => {
    const text = JSON.stringify({ keys: [{ use: 'sig' }, { kty: 'OTHER', kid: 'first' }, ...home.keys.map(({ jwk }) => jwk)] });
    const keys = await address(() => ({ status: 200, text }));
    expect((await verifier({ keys }).verify(await right())).caller.tenantId).toBe(7);
    expect(onFailure).not.toHaveBeenCalled();
  });

  test('stay of one version where the same are fetched again', async () => {
    const checked = verifier();
    const { keys } = await checked.verify(await right());
    clock.advance(10 * 60_000);
    keys.touch();
    await expect.poll(() => home.fetches).toBe(2);
    clock.advance(30_000);
    await expect(checked.verify(await right({ kid: 'unknown' }))).rejects.toThrow('failed its checks');
    expect([home.fetches, keys.version]).toEqual([3, 0]);
  });

  test('are not used for a new token either, once they are an hour old and cannot be fetched', async () => {
    const checked = verifier();
    await checked.verify(await right());
    home.status = 503;
    clock.advance(60 * 60_000 - 1);
    expect((await checked.verify(await right())).caller.tenantId).toBe(7);
    clock.advance(1);
    expect(await failureOf(checked.verify(await right()))).toMatchObject(isUnavailable);
  });

  test('are not fetched again for a token that several of them may have signed', async () => {
    home.keys = [await issuerKey('a'), await issuerKey('b')];
    for (const { jwk } of home.keys) delete jwk.kid;
    const checked = verifier();
    const unnamed = await right({ kid: undefined });
    expect((await failureOf(checked.verify(unnamed))).cause).toBeInstanceOf(errors.JWKSMultipleMatchingKeys);
    clock.advance(60_000);
    expect((await failureOf(checked.verify(unnamed))).code).toBe('UNAUTHENTICATED');
    expect(home.fetches).toBe(1);
  });

  test.each<[what: string, answer: () => { status: number; headers?: Record<string, string>; text?: string }]>([
    ['a redirection', () => ({ status: 302, headers: { location: urlOf(home) } })],
    ['another status', () => ({ status: 203, text: keySet() })],
    ['more than a megabyte', () => ({ status: 200, text: keySet() + ' '.repeat(1_048_577) })],
    ['no key set', () => ({ status: 200, text: '{"keys":{}}' })],
    ['no JSON', () => ({ status: 200, text: '<html>' })],
  ])('are not taken from %s, and who looks after the service is told', async (_, answer) => {
    const checked = verifier({ keys: await address(answer) });
    expect(await failureOf(checked.verify(await right()))).toMatchObject(isUnavailable);
    expect(onFailure.mock.calls).toEqual([[issuer, expect.any(Error)]]);
  });

  test('are waited for five seconds', async () => {
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
    const asked = Promise.withResolvers<void>();
    server = createServer(() => asked.resolve());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const keys = { kind: 'jwks', url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`) } as const;
    const waiting = failureOf(verifier({ keys }).verify(await right()));
    await asked.promise;
    expect(timeout.mock.calls).toEqual([[5_000]]);
    limit.abort(new Error('late'));
    expect(await waiting).toMatchObject(isUnavailable);
    expect(onFailure.mock.calls).toEqual([[issuer, expect.objectContaining({ message: 'late' })]]);
  });
});

function urlOf(home: TestIssuer): string {
  const { keys } = home.settings();
  if (keys.kind !== 'jwks') throw new TenantryError('INTERNAL', 'The issuer of the tests serves a key set.');
  return keys.url.href;
}
