import { createHmac, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { exportJWK, exportSPKI, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { IssuerKey } from '../support/test-issuer.ts';
import { expectRefused, useTokenService } from './support/token-service.ts';

const api = useTokenService();

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
    expect(await api.withToken(await api.home.token({ tenant: '1' }))).toMatchObject({
      status: 200,
      text: '{"BlogId":1,"Name":"of tenant 1"}',
    });
    expect(await api.withToken(await api.home.token({ tenant: 2 }))).toMatchObject({
      status: 200,
      text: '{"BlogId":1,"Name":"of tenant 2"}',
    });
    expect(await api.withToken(await api.home.token({ tenant: 2 }))).toMatchObject({
      status: 200,
      text: '{"BlogId":1,"Name":"of tenant 2"}',
    });
    expect((await api.withToken(await api.home.token({ tenant: '1' }, { alg: 'RS256', typ: 'at+jwt' }))).status).toBe(200);
    expect((await api.withToken(await signedTexts(headerText, claimsText(',"tenant":1'), await api.firstKey()))).status).toBe(200);
  });

  it('is needed: without one there is a challenge and no row', async () => {
    const seen = await api.get(undefined);
    expect(seen).toMatchObject({ status: 401, challenge: 'Bearer realm="tenantry"' });
    for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer {}', 'Token x', 'bearer\tx']) {
      await expectRefused(api.get(authorization));
    }
  });

  it('with alg none, in every spelling, is refused', async () => {
    const unsecured = new UnsecuredJWT({ tenant: '1' })
      .setIssuer(api.home.issuer)
      .setAudience(api.home.audience)
      .setExpirationTime('5m')
      .encode();
    await expectRefused(api.withToken(unsecured));
    const [, claims] = (await api.home.token({ tenant: '1' })).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      await expectRefused(api.withToken(`${encode({ alg })}.${claims}.`));
      await expectRefused(api.withToken(`${encode({ alg })}.${claims}.AA`));
    }
  });

  it('signed by HMAC with the public key as its secret is refused', async () => {
    const key = await importJWK((await api.firstKey()).jwk, 'RS256', { extractable: true });
    if (key instanceof Uint8Array) throw new Error('The public key of an issuer is no secret.');
    const pem = await exportSPKI(key);
    for (const secret of [pem, pem.trim(), (await api.firstKey()).jwk.n ?? '']) {
      const input = `${encode({ alg: 'HS256', kid: 'first' })}.${encode(claimsText(',"tenant":"1"'))}`;
      await expectRefused(api.withToken(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`));
    }
  });

  it('by an algorithm that its issuer is not pinned to is refused', async () => {
    const key = await api.firstKey();
    const jwk = await exportJWK(key.privateKey);
    const other = await importJWK({ ...jwk, alg: 'RS512' }, 'RS512');
    const token = new SignJWT({ tenant: '1' })
      .setProtectedHeader({ alg: 'RS512', kid: 'first' })
      .setIssuer(api.home.issuer)
      .setAudience(api.home.audience);
    const signed = await token.setExpirationTime('5m').sign(other);
    await expectRefused(api.withToken(signed));
    // A key set need not say what its keys are for: then the pin alone stands against it.
    const { alg: _, ...unsaid } = key.jwk;
    api.home.keys = [{ ...key, jwk: unsaid }];
    api.clock.advance(30_000);
    expect((await api.withToken(await api.home.token({ tenant: '1' }))).status).toBe(200);
    await expectRefused(api.withToken(signed));
  });

  it('whose signature or content was changed is refused', async () => {
    const token = await api.home.token({ tenant: '1' });
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
      await expectRefused(api.withToken(forged));
    }
  });

  it('with an unknown key id is refused, and has the key set fetched once in a while only', async () => {
    await api.withToken(await api.home.token({ tenant: '1' }));
    const before = api.home.fetches;
    api.clock.advance(30_000);
    for (let attempt = 0; attempt < 20; attempt += 1)
      await expectRefused(api.withToken(await api.home.token({ tenant: '1', jti: String(attempt) }, {}, api.spare)));
    expect(api.home.fetches).toBe(before + 1);
  });

  it('that brings its own key, or names where to get one, is refused', async () => {
    const { jwk } = api.spare;
    await expectRefused(api.withToken(await api.home.token({ tenant: '1' }, { jwk }, { ...api.spare, kid: 'first' })));
    const own = await api.firstKey();
    for (const header of [{ jwk: own.jwk }, { jku: 'https://evil.test/jwks' }, { x5u: 'https://evil.test/cert' }, { x5c: ['AA=='] }]) {
      await expectRefused(
        api.withToken(await signedTexts(JSON.stringify({ alg: 'RS256', kid: 'first', ...header }), claimsText(',"tenant":"1"'), own)),
      );
    }
  });

  it('that asks for processing unknown here is refused', async () => {
    const own = await api.firstKey();
    for (const header of [
      '"crit":["exp"],"exp":1',
      '"crit":["b64"],"b64":false',
      '"crit":[]',
      '"crit":["http://x"],"http://x":1',
      '"b64":false',
    ]) {
      await expectRefused(api.withToken(await signedTexts(`{"alg":"RS256","kid":"first",${header}}`, claimsText(',"tenant":"1"'), own)));
    }
  });

  it('without exp, iss or aud, or with others, is refused', async () => {
    const second = Math.floor(api.now / 1_000);
    const wrong = [
      { exp: undefined }, { exp: String(second + 300) }, { exp: second }, { exp: second - 1 }, { exp: 0 }, { exp: null }, { exp: true },
      { iss: undefined }, { iss: 'https://evil.test' }, { iss: 'https://home.test/' }, { iss: ['https://home.test'] }, { iss: null }, { iss: 'constructor' },
      { aud: undefined }, { aud: 'other' }, { aud: ['other'] }, { aud: [] }, { aud: null }, { aud: {} },
      { nbf: second + 60 }, { nbf: String(second) }, { sub: 5 }, { sub: null },
    ]; // prettier-ignore
    const own = await api.firstKey();
    for (const claims of wrong) {
      const text = JSON.stringify({ iss: api.home.issuer, aud: api.home.audience, exp: second + 300, tenant: '1', ...claims });
      await expectRefused(api.withToken(await signedTexts(headerText, text, own)));
    }
    await expectRefused(api.withToken(await signedTexts(headerText, claimsText(',"tenant":"1"').replace(/"exp":\d+/, '"exp":1e999'), own)));
    expect(
      (
        await api.withToken(
          await signedTexts(
            headerText,
            JSON.stringify({ iss: api.home.issuer, aud: ['x', api.home.audience], exp: second + 300, tenant: '1' }),
            own,
          ),
        )
      ).status,
    ).toBe(200);
  });

  it('with a claim or header twice is refused, whichever parsers would take', async () => {
    const own = await api.firstKey();
    for (const rest of [',"tenant":"1","tenant":"2"', ',"tenant":"1","iss":"https://home.test"', ',"tenant":"1","t\\u0065nant":"2"']) {
      await expectRefused(api.withToken(await signedTexts(headerText, claimsText(rest), own)));
    }
    await expectRefused(api.withToken(await signedTexts('{"alg":"none","alg":"RS256","kid":"first"}', claimsText(',"tenant":"1"'), own)));
  });

  it.each(['', ' 1 ', '01', '+1', '-0', '0', '1.0', '1e0', '0x1', '2147483648', '1\\u0000', '１'])(
    'with the tenant claim "%s" is refused',
    async (text) => {
      await expectRefused(api.withToken(await signedTexts(headerText, claimsText(`,"tenant":"${text}"`), await api.firstKey())));
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
    await expectRefused(api.withToken(await signedTexts(headerText, claimsText(`,"tenant":${value}`), await api.firstKey())));
  });

  it('without a tenant claim of its own is refused', async () => {
    const own = await api.firstKey();
    for (const rest of ['', ',"Tenant":"1"', ',"__proto__":{"tenant":"1"}', ',"a":{"tenant":"1"}']) {
      await expectRefused(api.withToken(await signedTexts(headerText, claimsText(rest), own)));
    }
  });

  it('of an issuer that may not speak for its tenant is forbidden', async () => {
    expect((await api.withToken(await api.partner.token({ tenant: '2' }))).status).toBe(200);
    await expectRefused(api.withToken(await api.partner.token({ tenant: '1' })), 403);
  });

  it("of one issuer by another's key is refused", async () => {
    await expectRefused(api.withToken(await api.home.token({ tenant: '1' }, {}, api.partner.keys[0])));
    await expectRefused(api.withToken(await api.partner.token({ tenant: '1', iss: api.home.issuer })));
  });
});

describe('headers', () => {
  async function raw(head: string): Promise<string> {
    const socket = connect(Number(new URL(api.service.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(`GET /v1/Blogs/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${head}\r\n\r\n`);
    await once(socket, 'close');
    return answer;
  }

  it('of authorization sent twice are refused, in either order', async () => {
    const [one, two] = [await api.home.token({ tenant: '1' }), await api.home.token({ tenant: '2' })];
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
    const token = await api.home.token({ tenant: '1' });
    await api.withToken(token);
    await api.withToken(`${token}x`);
    const parts = token.split('.');
    for (const part of [parts[1] ?? '', parts[2] ?? '']) expect(api.service.logText()).not.toContain(part.slice(0, 40));
  });
});
