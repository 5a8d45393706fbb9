import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errors } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IssuerSettings } from '../../../src/config.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import type { TokenVerifier } from '../../../src/http/auth/token-verifier.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { issuerKey, TestIssuer } from '../../support/test-issuer.ts';
import { failureOf } from '../../support/tenantry-failure.ts';
import { audience, issuer, now, verifierOf } from '../../support/token-verifier.ts';

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
