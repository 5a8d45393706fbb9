import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { Authenticator } from '../../../src/http/auth/authenticator.ts';
import { TokenVerifier } from '../../../src/http/auth/token-verifier.ts';

const secret = randomBytes(32);
const [issuer, audience] = ['https://issuer.test', 'tenantry-test'];

/** The Authorization header of a tenant. */
async function bearer(tenant: string): Promise<string> {
  const claims = new SignJWT({ tenant }).setProtectedHeader({ alg: 'HS256' }).setIssuer(issuer).setAudience(audience);
  return `Bearer ${await claims.setExpirationTime('5 min').sign(secret)}`;
}

test('tokens are remembered up to a number of them; the one used longest ago makes room', async () => {
  const verifier = new TokenVerifier({
    issuers: [
      {
        issuer,
        audience,
        keys: { kind: 'secret', secret },
        algorithms: ['HS256'],
        tenantClaim: 'tenant',
        tenants: '*',
        development: true,
      },
    ],
    keyType: 'int',
    clock: systemClock,
    currentTimeMs: Date.now,
    onKeysUnavailable: () => undefined,
  });
  const verify = vi.spyOn(verifier, 'verify');
  const authenticator = new Authenticator({ verifier, currentTimeMs: Date.now, capacity: 2 });
  const [one, two, three] = await Promise.all([bearer('1'), bearer('2'), bearer('3')]);
  /** How many tokens are checked for a header, whose tenant is found either way. */
  const checked = async (header: string, tenant: number): Promise<number> => {
    const before = verify.mock.calls.length;
    expect(await authenticator.authenticate(header)).toMatchObject({ tenantId: tenant });
    return verify.mock.calls.length - before;
  };

  expect([await checked(one, 1), await checked(two, 2), await checked(one, 1)]).toEqual([1, 1, 0]);
  expect([await checked(three, 3), await checked(one, 1), await checked(three, 3)]).toEqual([1, 0, 0]);
  expect([await checked(two, 2), await checked(one, 1)]).toEqual([1, 1]);
});
