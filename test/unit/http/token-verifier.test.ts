import { errors, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { tenantKey, type KeyType, type TenantId } from '../../../shardmap/key.ts';
import type { ContextSetting } from '../../../src/config.ts';
import { failureOf } from '../../support/tenantry-failure.ts';
import { byHand, claims, headerText, issuer, now, signedText, token, verifierOf } from '../../support/token-verifier.ts';

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
