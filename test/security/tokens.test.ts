import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { exportJWK, exportSPKI, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { sqlText } from '../../src/core/sql.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createHttpShard, httpTables, type HttpShard } from '../support/http-shard.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';
import { issuerKey, TestIssuer, type IssuerKey } from '../support/test-issuer.ts';

let postgres: PostgresServer;
let ground: HttpShard;
let home: TestIssuer;
let partner: TestIssuer;
let spare: IssuerKey;

beforeAll(async () => {
  postgres = await startPostgres();
  ground = await createHttpShard(postgres, 'tokens');
  await ground.shard.root.query(sqlText(`insert into "Blogs" values (1, 1, 'of tenant 1'), (2, 1, 'of tenant 2')`));
  home = await new TestIssuer('https://home.test').start();
  partner = await new TestIssuer('https://partner.test').start();
  spare = await issuerKey('spare');
});

afterAll(async () => {
  await home.stop();
  await partner.stop();
  await ground.close();
  await postgres.stop();
});

let service: HttpService;
let now: number;
let clock: FakeClock;

beforeEach(async () => {
  await service?.server.stop();
  home.keys = [await firstKey()];
  home.status = 200;
  now = Date.now();
  clock = new FakeClock();
  service = await start(clock);
});

afterAll(async () => service.server.stop());

let first: IssuerKey | undefined;
async function firstKey(): Promise<IssuerKey> {
  first ??= await issuerKey('first');
  return first;
}

/** The clock of key sets is the test's; stopping goes by it too, so nothing may be left to wait for. */
function start(of: Clock): Promise<HttpService> {
  return startHttpService({
    router: ground.router,
    keyType: 'int',
    issuers: [home.settings({ algorithms: ['RS256', 'PS256'] }), partner.settings({ tenants: new Set(['2']) })],
    catalog: ground.shard.admin,
    tableSettings: httpTables,
    clock: of,
    currentTimeMs: () => now,
  });
}

interface Seen {
  readonly status: number;
  readonly challenge: string | null;
  readonly text: string;
}

async function get(authorization: string | undefined): Promise<Seen> {
  const response = await fetch(`${service.url}/v1/Blogs/1`, authorization === undefined ? {} : { headers: { authorization } });
  return { status: response.status, challenge: response.headers.get('www-authenticate'), text: await response.text() };
}

const withToken = (token: string): Promise<Seen> => get(`Bearer ${token}`);

async function expectRefused(seen: Promise<Seen>, status = 401): Promise<void> {
  const { status: actual, challenge, text } = await seen;
  expect(actual).toBe(status);
  expect(challenge).toMatch(/^Bearer realm="tenantry"/);
  expect(JSON.parse(text)).toMatchObject({ status, code: status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN' });
  expect(text).not.toContain('of tenant');
}

const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs any texts as header and claims, as no library would. */
async function signedTexts(header: string, claims: string, key: IssuerKey): Promise<string> {
  const input = `${encode(header)}.${encode(claims)}`;
  const { KeyObject } = await import('node:crypto');
  return `${input}.${signBytes('sha256', Buffer.from(input), KeyObject.from(key.privateKey)).toString('base64url')}`;
}

const claimsText = (rest: string): string =>
  `{"iss":"https://home.test","aud":"tenantry-test","sub":"ann","exp":${Math.floor(Date.now() / 1_000) + 300}${rest}}`;
const headerText = '{"alg":"RS256","kid":"first"}';

describe('a token', () => {
  it('that is right opens its own tenant alone', async () => {
    expect(await withToken(await home.token({ tenant: '1' }))).toMatchObject({ status: 200, text: '{"BlogId":1,"Name":"of tenant 1"}' });
    expect(await withToken(await home.token({ tenant: 2 }))).toMatchObject({ status: 200, text: '{"BlogId":1,"Name":"of tenant 2"}' });
    expect(await withToken(await home.token({ tenant: 2 }))).toMatchObject({ status: 200, text: '{"BlogId":1,"Name":"of tenant 2"}' });
    expect((await withToken(await home.token({ tenant: '1' }, { alg: 'RS256', typ: 'at+jwt' }))).status).toBe(200);
    expect((await withToken(await signedTexts(headerText, claimsText(',"tenant":1'), await firstKey()))).status).toBe(200);
  });

  it('is needed: without one there is a challenge and no row', async () => {
    const seen = await get(undefined);
    expect(seen).toMatchObject({ status: 401, challenge: 'Bearer realm="tenantry"' });
    for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer {}', 'Token x', 'bearer\tx']) {
      await expectRefused(get(authorization));
    }
  });

  it('with alg none, in every spelling, is refused', async () => {
    const unsecured = new UnsecuredJWT({ tenant: '1' }).setIssuer(home.issuer).setAudience(home.audience).setExpirationTime('5m').encode();
    await expectRefused(withToken(unsecured));
    const [, claims] = (await home.token({ tenant: '1' })).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      await expectRefused(withToken(`${encode({ alg })}.${claims}.`));
      await expectRefused(withToken(`${encode({ alg })}.${claims}.AA`));
    }
  });

  it('signed by HMAC with the public key as its secret is refused', async () => {
    const key = await importJWK((await firstKey()).jwk, 'RS256', { extractable: true });
    if (key instanceof Uint8Array) throw new Error('The public key of an issuer is no secret.');
    const pem = await exportSPKI(key);
    for (const secret of [pem, pem.trim(), (await firstKey()).jwk.n ?? '']) {
      const input = `${encode({ alg: 'HS256', kid: 'first' })}.${encode(claimsText(',"tenant":"1"'))}`;
      await expectRefused(withToken(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`));
    }
  });

  it('by an algorithm that its issuer is not pinned to is refused', async () => {
    const key = await firstKey();
    const jwk = await exportJWK(key.privateKey);
    const other = await importJWK({ ...jwk, alg: 'RS512' }, 'RS512');
    const token = new SignJWT({ tenant: '1' })
      .setProtectedHeader({ alg: 'RS512', kid: 'first' })
      .setIssuer(home.issuer)
      .setAudience(home.audience);
    const signed = await token.setExpirationTime('5m').sign(other);
    await expectRefused(withToken(signed));
    // A key set need not say what its keys are for: then the pin alone stands against it.
    const { alg: _, ...unsaid } = key.jwk;
    home.keys = [{ ...key, jwk: unsaid }];
    clock.advance(30_000);
    expect((await withToken(await home.token({ tenant: '1' }))).status).toBe(200);
    await expectRefused(withToken(signed));
  });

  it('whose signature or content was changed is refused', async () => {
    const token = await home.token({ tenant: '1' });
    const [header, claims, signature = ''] = token.split('.');
    const other = encode(claimsText(',"tenant":"2"'));
    const flipped = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
    for (const forged of [
      `${header}.${other}.${signature}`,
      `${header}.${claims}.${flipped}`,
      `${header}.${claims}.`,
      `${header}.${claims}`,
      `${token}.x`,
      'a.b.c',
      '..',
    ]) {
      await expectRefused(withToken(forged));
    }
  });

  it('with an unknown key id is refused, and has the key set fetched once in a while only', async () => {
    await withToken(await home.token({ tenant: '1' }));
    const before = home.fetches;
    clock.advance(30_000);
    for (let attempt = 0; attempt < 20; attempt += 1)
      await expectRefused(withToken(await home.token({ tenant: '1', jti: String(attempt) }, {}, spare)));
    expect(home.fetches).toBe(before + 1);
  });

  it('that brings its own key, or names where to get one, is refused', async () => {
    const { jwk } = spare;
    await expectRefused(withToken(await home.token({ tenant: '1' }, { jwk }, { ...spare, kid: 'first' })));
    const own = await firstKey();
    for (const header of [{ jwk: own.jwk }, { jku: 'https://evil.test/jwks' }, { x5u: 'https://evil.test/cert' }, { x5c: ['AA=='] }]) {
      await expectRefused(
        withToken(await signedTexts(JSON.stringify({ alg: 'RS256', kid: 'first', ...header }), claimsText(',"tenant":"1"'), own)),
      );
    }
  });

  it('that asks for processing unknown here is refused', async () => {
    const own = await firstKey();
    for (const header of [
      '"crit":["exp"],"exp":1',
      '"crit":["b64"],"b64":false',
      '"crit":[]',
      '"crit":["http://x"],"http://x":1',
      '"b64":false',
    ]) {
      await expectRefused(withToken(await signedTexts(`{"alg":"RS256","kid":"first",${header}}`, claimsText(',"tenant":"1"'), own)));
    }
  });

  it('without exp, iss or aud, or with others, is refused', async () => {
    const second = Math.floor(now / 1_000);
    const wrong = [
      { exp: undefined }, { exp: String(second + 300) }, { exp: second }, { exp: second - 1 }, { exp: 0 }, { exp: null }, { exp: true },
      { iss: undefined }, { iss: 'https://evil.test' }, { iss: 'https://home.test/' }, { iss: ['https://home.test'] }, { iss: null }, { iss: 'constructor' },
      { aud: undefined }, { aud: 'other' }, { aud: ['other'] }, { aud: [] }, { aud: null }, { aud: {} },
      { nbf: second + 60 }, { nbf: String(second) }, { sub: 5 }, { sub: null },
    ]; // prettier-ignore
    const own = await firstKey();
    for (const claims of wrong) {
      const text = JSON.stringify({ iss: home.issuer, aud: home.audience, exp: second + 300, tenant: '1', ...claims });
      await expectRefused(withToken(await signedTexts(headerText, text, own)));
    }
    await expectRefused(withToken(await signedTexts(headerText, claimsText(',"tenant":"1"').replace(/"exp":\d+/, '"exp":1e999'), own)));
    expect(
      (
        await withToken(
          await signedTexts(
            headerText,
            JSON.stringify({ iss: home.issuer, aud: ['x', home.audience], exp: second + 300, tenant: '1' }),
            own,
          ),
        )
      ).status,
    ).toBe(200);
  });

  it('with a claim or header twice is refused, whichever parsers would take', async () => {
    const own = await firstKey();
    for (const rest of [',"tenant":"1","tenant":"2"', ',"tenant":"1","iss":"https://home.test"', ',"tenant":"1","t\\u0065nant":"2"']) {
      await expectRefused(withToken(await signedTexts(headerText, claimsText(rest), own)));
    }
    await expectRefused(withToken(await signedTexts('{"alg":"none","alg":"RS256","kid":"first"}', claimsText(',"tenant":"1"'), own)));
  });

  it.each(['', ' 1 ', '01', '+1', '-0', '0', '1.0', '1e0', '0x1', '2147483648', '1\\u0000', '１'])(
    'with the tenant claim "%s" is refused',
    async (text) => {
      await expectRefused(withToken(await signedTexts(headerText, claimsText(`,"tenant":"${text}"`), await firstKey())));
    },
  );

  it.each([
    '0',
    '-0',
    '1.0',
    '1e0',
    '10e-1',
    '1.5',
    '9007199254740993',
    '2147483648',
    'true',
    'null',
    '[1]',
    '["1"]',
    '{"id":1}',
    '{"toString":1}',
  ])('with the tenant claim %s is refused', async (value) => {
    await expectRefused(withToken(await signedTexts(headerText, claimsText(`,"tenant":${value}`), await firstKey())));
  });

  it('without a tenant claim of its own is refused', async () => {
    const own = await firstKey();
    for (const rest of ['', ',"Tenant":"1"', ',"__proto__":{"tenant":"1"}', ',"a":{"tenant":"1"}']) {
      await expectRefused(withToken(await signedTexts(headerText, claimsText(rest), own)));
    }
  });

  it('of an issuer that may not speak for its tenant is forbidden', async () => {
    expect((await withToken(await partner.token({ tenant: '2' }))).status).toBe(200);
    await expectRefused(withToken(await partner.token({ tenant: '1' })), 403);
  });

  it("of one issuer by another's key is refused", async () => {
    await expectRefused(withToken(await home.token({ tenant: '1' }, {}, partner.keys[0])));
    await expectRefused(withToken(await partner.token({ tenant: '1', iss: home.issuer })));
  });
});

describe('headers', () => {
  async function raw(head: string): Promise<string> {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(`GET /v1/Blogs/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${head}\r\n\r\n`);
    await once(socket, 'close');
    return answer;
  }

  it('of authorization sent twice are refused, in either order', async () => {
    const [one, two] = [await home.token({ tenant: '1' }), await home.token({ tenant: '2' })];
    for (const head of [
      `Authorization: Bearer ${one}\r\nAuthorization: Bearer ${two}`,
      `Authorization: Bearer ${one}\r\nauthorization: Bearer ${one}`,
      `Authorization: Bearer ${one}\r\nAuthorization:`,
    ]) {
      const answer = await raw(head);
      expect(answer).toMatch(/^HTTP\/1.1 401 /);
      expect(answer).toMatch(/www-authenticate: Bearer/i);
      expect(answer).not.toContain('of tenant');
    }
    expect(await raw(`Authorization: Bearer ${one}`)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('of 9 kB and of 1 MB are refused with a challenge', async () => {
    for (const length of [9_000, 1_048_576]) {
      const answer = await raw(`Authorization: Bearer ${'a'.repeat(length)}`);
      expect(answer).toMatch(/^HTTP\/1.1 401 /);
      expect(answer).toMatch(/www-authenticate: Bearer/i);
      expect(answer).toContain('"code":"UNAUTHENTICATED"');
    }
  });

  it('never show a token in answer or log', async () => {
    const token = await home.token({ tenant: '1' });
    await withToken(token);
    await withToken(`${token}x`);
    const parts = token.split('.');
    for (const part of [parts[1] ?? '', parts[2] ?? '']) expect(service.logText()).not.toContain(part.slice(0, 40));
  });
});

describe('a known token', () => {
  it('is checked once: its key set is not asked again', async () => {
    const token = await home.token({ tenant: '1' });
    await withToken(token);
    home.status = 500;
    const before = home.fetches;
    for (let attempt = 0; attempt < 5; attempt += 1) expect((await withToken(token)).status).toBe(200);
    expect(home.fetches).toBe(before);
  });

  it('ends with its exp, to the millisecond', async () => {
    const exp = Math.floor(now / 1_000) + 10;
    const token = await home.token({ tenant: '1', exp });
    expect((await withToken(token)).status).toBe(200);
    now = exp * 1_000 - 1;
    expect((await withToken(token)).status).toBe(200);
    now = exp * 1_000;
    await expectRefused(withToken(token));
  });

  it('ends when its key is withdrawn, once the key set was fetched again', async () => {
    const token = await home.token({ tenant: '1' });
    expect((await withToken(token)).status).toBe(200);
    home.keys = [spare];
    expect((await withToken(token)).status).toBe(200);
    clock.advance(30_000);
    expect((await withToken(await home.token({ tenant: '1' }))).status).toBe(200);
    await expectRefused(withToken(token));
  });

  it('ends when its key is withdrawn although no other token comes: key sets older than ten minutes are fetched again', async () => {
    const token = await home.token({ tenant: '1' });
    expect((await withToken(token)).status).toBe(200);
    home.keys = [spare];
    clock.advance(10 * 60_000);
    const before = home.fetches;
    await withToken(token);
    await expect.poll(() => home.fetches).toBe(before + 1);
    await expect.poll(async () => (await withToken(token)).status).toBe(401);
  });

  it('lives on while the key set cannot be fetched, for an hour', async () => {
    const token = await home.token({ tenant: '1' });
    expect((await withToken(token)).status).toBe(200);
    home.status = 503;
    clock.advance(59 * 60_000);
    expect((await withToken(token)).status).toBe(200);
    clock.advance(60_000);
    expect((await withToken(token)).status).toBe(503);
  });
});

describe('an issuer whose keys cannot be had', () => {
  it('makes its tokens 503 with Retry-After, and only its own', async () => {
    home.status = 500;
    const response = await fetch(`${service.url}/v1/Blogs/1`, {
      headers: { authorization: `Bearer ${await home.token({ tenant: '1' })}` },
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect((await withToken(await partner.token({ tenant: '2' }))).status).toBe(200);
    home.status = 200;
    clock.advance(1_000);
    expect((await withToken(await home.token({ tenant: '1' }))).status).toBe(200);
  });
});

describe('keys from the environment', () => {
  it('check tokens like those of a key set', async () => {
    const pair = generateKeyPairSync('ed25519');
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const secret = new Uint8Array(32).fill(9);
    await service.server.stop();
    service = await startHttpService({
      router: ground.router,
      keyType: 'int',
      issuers: [
        { ...home.settings(), issuer: 'a', algorithms: ['EdDSA'], keys: { kind: 'public', pem } },
        { ...home.settings(), issuer: 'b', algorithms: ['HS256'], keys: { kind: 'secret', secret } },
      ],
      catalog: ground.shard.admin,
      tableSettings: httpTables,
    });
    const token = (issuer: string, alg: string, key: Parameters<SignJWT['sign']>[0]): Promise<string> =>
      new SignJWT({ tenant: '1' })
        .setProtectedHeader({ alg })
        .setIssuer(issuer)
        .setAudience(home.audience)
        .setExpirationTime('5m')
        .sign(key);
    expect((await withToken(await token('a', 'EdDSA', pair.privateKey))).status).toBe(200);
    expect((await withToken(await token('b', 'HS256', secret))).status).toBe(200);
    await expectRefused(withToken(await token('a', 'HS256', Buffer.from(pem))));
    await expectRefused(withToken(await token('b', 'EdDSA', pair.privateKey)));
    await expectRefused(withToken(await token('b', 'HS256', new Uint8Array(32))));
  });
});
