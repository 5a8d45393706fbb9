import { createHmac } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { vi } from 'vitest';
import type { KeyType } from '../../shardmap/key.ts';
import type { ContextSetting, IssuerSettings } from '../../src/config.ts';
import { TokenVerifier } from '../../src/http/auth/token-verifier.ts';
import { FakeClock } from './fake-clock.ts';

const secret = new Uint8Array(32).fill(9);
/** Whose tokens they are, and for whom. */
export const [issuer, audience] = ['https://issuer.test', 'tenantry-test'] as const;
/** In the year 2001: no clock of a machine. */
export const now = 1_000_000_000;
/** An issuer whose secret signs tokens here. */
export const byHand: IssuerSettings = {
  issuer,
  audience,
  keys: { kind: 'secret', secret },
  algorithms: ['HS256'],
  tenantClaim: 'org',
  tenants: '*',
  development: false,
};

/** A verifier of tokens of one issuer, at the time `now`. */
export function verifierOf(
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

/** A token of `byHand` with the given claims, which ends in a minute. */
export function token(given: JWTPayload): Promise<string> {
  return new SignJWT({ iss: issuer, aud: audience, exp: now + 60, ...given }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
}

/** The parts of a token that is accepted, as texts. */
export const headerText = '{"alg":"HS256"}';
export const claims = JSON.stringify({ iss: issuer, aud: audience, exp: now + 60, org: '7' });

/** A token of these very texts. */
export function signedText(head: string | Buffer, body: string | Buffer): string {
  const input = [head, body].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
