import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { expectRefused, useTokenService } from './support/token-service.ts';

const api = useTokenService();

describe('a known token', () => {
  it('is checked once: its key set is not asked again', async () => {
    const token = await api.home.token({ tenant: '1' });
    await api.withToken(token);
    api.home.status = 500;
    const before = api.home.fetches;
    for (let attempt = 0; attempt < 5; attempt += 1) expect((await api.withToken(token)).status).toBe(200);
    expect(api.home.fetches).toBe(before);
  });

  it('ends with its exp, to the millisecond', async () => {
    const exp = Math.floor(api.now / 1_000) + 10;
    const token = await api.home.token({ tenant: '1', exp });
    expect((await api.withToken(token)).status).toBe(200);
    api.now = exp * 1_000 - 1;
    expect((await api.withToken(token)).status).toBe(200);
    api.now = exp * 1_000;
    await expectRefused(api.withToken(token));
  });

  it('ends when its key is withdrawn, once the key set was fetched again', async () => {
    const token = await api.home.token({ tenant: '1' });
    expect((await api.withToken(token)).status).toBe(200);
    api.home.keys = [api.spare];
    expect((await api.withToken(token)).status).toBe(200);
    api.clock.advance(30_000);
    expect((await api.withToken(await api.home.token({ tenant: '1' }))).status).toBe(200);
    await expectRefused(api.withToken(token));
  });

  it('ends when its key is withdrawn although no other token comes: key sets older than ten minutes are fetched again', async () => {
    const token = await api.home.token({ tenant: '1' });
    expect((await api.withToken(token)).status).toBe(200);
    api.home.keys = [api.spare];
    api.clock.advance(10 * 60_000);
    const before = api.home.fetches;
    await api.withToken(token);
    await expect.poll(() => api.home.fetches).toBe(before + 1);
    await expect.poll(async () => (await api.withToken(token)).status).toBe(401);
  });

  it('lives on while the key set cannot be fetched, for an hour', async () => {
    const token = await api.home.token({ tenant: '1' });
    expect((await api.withToken(token)).status).toBe(200);
    api.home.status = 503;
    api.clock.advance(59 * 60_000);
    expect((await api.withToken(token)).status).toBe(200);
    api.clock.advance(60_000);
    expect((await api.withToken(token)).status).toBe(503);
  });
});

describe('an issuer whose keys cannot be had', () => {
  it('makes its tokens 503 with Retry-After, and only its own', async () => {
    api.home.status = 500;
    const response = await fetch(`${api.service.url}/v1/Blogs/1`, {
      headers: { authorization: `Bearer ${await api.home.token({ tenant: '1' })}` },
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect((await api.withToken(await api.partner.token({ tenant: '2' }))).status).toBe(200);
    api.home.status = 200;
    api.clock.advance(1_000);
    expect((await api.withToken(await api.home.token({ tenant: '1' }))).status).toBe(200);
  });
});

describe('keys from the environment', () => {
  it('check tokens like those of a key set', async () => {
    const pair = generateKeyPairSync('ed25519');
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const secret = new Uint8Array(32).fill(9);
    await api.serveWith([
      { ...api.home.settings(), issuer: 'a', algorithms: ['EdDSA'], keys: { kind: 'public', pem } },
      { ...api.home.settings(), issuer: 'b', algorithms: ['HS256'], keys: { kind: 'secret', secret } },
    ]);
    const token = (issuer: string, alg: string, key: Parameters<SignJWT['sign']>[0]): Promise<string> =>
      new SignJWT({ tenant: '1' })
        .setProtectedHeader({ alg })
        .setIssuer(issuer)
        .setAudience(api.home.audience)
        .setExpirationTime('5m')
        .sign(key);
    expect((await api.withToken(await token('a', 'EdDSA', pair.privateKey))).status).toBe(200);
    expect((await api.withToken(await token('b', 'HS256', secret))).status).toBe(200);
    await expectRefused(api.withToken(await token('a', 'HS256', Buffer.from(pem))));
    await expectRefused(api.withToken(await token('b', 'EdDSA', pair.privateKey)));
    await expectRefused(api.withToken(await token('b', 'HS256', new Uint8Array(32))));
  });
});
