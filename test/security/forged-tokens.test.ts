import { createHmac, createPublicKey, KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { issuerKey, TestIssuer, type IssuerKey } from '../support/test-issuer.ts';
import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { withService } from './support/service.ts';

let home: TestIssuer;
let partner: TestIssuer;
let own: IssuerKey;
beforeAll(async () => {
  home = await new TestIssuer('https://home.test').start();
  partner = await new TestIssuer('https://partner.test').start();
  own = await issuerKey('own');
});
afterAll(() => Promise.all([home.stop(), partner.stop()]));

type Claims = Readonly<Record<string, unknown>>;
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;
const encode = (text: string): string => Buffer.from(text).toString('base64url');
/** Claims that are right for tenant 2, but for the changes; a claim set to undefined is left out. */
const claimsOf = (changes: Claims): string =>
  JSON.stringify({ iss: home.issuer, aud: home.audience, sub: 'ann', exp: inSeconds(300), tenant: '2', ...changes });

/** Signs any claims as no library would. */
function signed(claims: string, { header = {}, key = home.keys[0]! }: { readonly header?: Claims; readonly key?: IssuerKey } = {}): string {
  const input = `${encode(JSON.stringify({ alg: 'RS256', kid: key.kid, ...header }))}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), KeyObject.from(key.privateKey)).toString('base64url')}`;
}

/** Asks for a row of tenant 2 with a token that nobody may take. */
const present =
  (forge: () => string | Promise<string>): Attack =>
  (world) =>
    withService(world, [home.settings(), partner.settings({ tenants: new Set(['1']) })], async (service) => {
      const forged = await forge();
      const token = world.careless ? await believed(forged) : forged;
      const answer = await fetch(`${service.url}/v1/Blogs/7`, { headers: { authorization: `Bearer ${token}` } });
      return { status: answer.status, body: await answer.text(), log: service.logText() };
    });

/** What a service does that decodes tokens and does not check them: whatever tenant they name is taken for true. */
async function believed(token: string): Promise<string> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { tenant: unknown };
  return home.token({ tenant: Number(claims.tenant) });
}

describeAttacks(
  'The rows of another tenant by a token',
  {
    'without a signature': present(() => `${encode('{"alg":"none"}')}.${encode(claimsOf({}))}.`),
    'signed by HMAC with the public key': present(() => {
      const pem = createPublicKey(KeyObject.from(home.keys[0]!.privateKey)).export({ type: 'spki', format: 'pem' });
      const input = `${encode('{"alg":"HS256","kid":"first"}')}.${encode(claimsOf({}))}`;
      return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
    }),
    'signed by a key of the caller': present(() => signed(claimsOf({}), { key: own })),
    'signed by a key of the caller under the name of another': present(() => signed(claimsOf({}), { key: { ...own, kid: 'first' } })),
    'that brings the key to check it with': present(() => signed(claimsOf({}), { header: { jwk: own.jwk }, key: own })),
    'that says where the key to check it with is': present(() =>
      signed(claimsOf({}), { header: { jku: 'https://evil.test/keys', x5u: 'https://evil.test/certificate' }, key: own }),
    ),
    'that asks for what the service does not know': present(() => signed(claimsOf({}), { header: { crit: ['own'], own: 1 } })),
    'whose claims were changed': present(async () => {
      const [header, , signature] = (await home.token({ tenant: '1' })).split('.');
      return `${header}.${encode(claimsOf({}))}.${signature}`;
    }),
    'that has ended': present(() => signed(claimsOf({ exp: inSeconds(-1) }))),
    'that never ends': present(() => signed(claimsOf({ exp: undefined }))),
    'whose end is text': present(() => signed(claimsOf({ exp: String(inSeconds(300)) }))),
    'that is not valid yet': present(() => signed(claimsOf({ nbf: inSeconds(300) }))),
    'for another audience': present(() => signed(claimsOf({ aud: 'another' }))),
    'for no audience': present(() => signed(claimsOf({ aud: undefined }))),
    'of an unknown issuer': present(() => signed(claimsOf({ iss: 'https://evil.test' }))),
    'of no issuer': present(() => signed(claimsOf({ iss: undefined }))),
    'of an issuer that may not speak for the tenant': present(() => partner.token({ tenant: '2' })),
    'of one issuer by the key of another': present(() => signed(claimsOf({}), { key: partner.keys[0]! })),
    'that names two tenants': present(() => signed(claimsOf({}).replace('"tenant"', '"tenant":"1","tenant"'))),
    'whose tenant is in another form': present(() => signed(claimsOf({ tenant: ' 2' }))),
    'whose tenant is of another type': present(() => signed(claimsOf({ tenant: ['2'] }))),
  },
  defences['forged tokens'],
);
