import { describe, expect, test } from 'vitest';
import { env } from '../../../src/config.ts';
import { byReference, problemsOf } from './problems-of.ts';
import { sampleConfig, sampleIssuer } from './sample.ts';

const issuers = (...list: readonly Record<string, unknown>[]) => ({ auth: { issuers: list } });
const allAlgorithms = 'RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512';

describe('issuers are refused with every problem, its path and what is allowed:', () => {
  test.each<[title: string, config: unknown, problems: readonly string[]]>([
    [
      'the algorithm none',
      sampleConfig(issuers(sampleIssuer({ algorithms: ['none'] }))),
      [`auth.issuers[0].algorithms[0]: must be one of ${allAlgorithms}`],
    ],
    [
      'no algorithms',
      sampleConfig(issuers(sampleIssuer({ algorithms: [] }))),
      ['auth.issuers[0].algorithms: needs at least one algorithm'],
    ],
    [
      'algorithms of both families',
      sampleConfig(issuers(sampleIssuer({ algorithms: ['RS256', 'HS256'] }))),
      ['auth.issuers[0].algorithms: must not mix HS256, HS384 or HS512 with the others'],
    ],
    [
      'neither jwks nor key',
      sampleConfig(issuers(sampleIssuer({ jwks: undefined }))),
      ["auth.issuers[0].jwks: needs either jwks or key: env('NAME')"],
    ],
    [
      'both jwks and key',
      sampleConfig(issuers(sampleIssuer({ key: env('PEM') }))),
      ["auth.issuers[0].jwks: needs either jwks or key: env('NAME')"],
    ],
    ['a literal key', sampleConfig(issuers(sampleIssuer({ jwks: undefined, key: 'secret' }))), [`auth.issuers[0].key: ${byReference}`]],
    [
      'a key set over plain http elsewhere',
      sampleConfig(issuers(sampleIssuer({ jwks: 'http://id.example/keys' }))),
      ['auth.issuers[0].jwks: must be an https URL without user and password (http is allowed on loopback)'],
    ],
    [
      'a key set for a shared secret',
      sampleConfig(issuers(sampleIssuer({ algorithms: ['HS256'] }))),
      ["auth.issuers[0].jwks: cannot serve HS256, HS384 or HS512: use key: env('NAME')"],
    ],
    [
      'a shared secret that is too short for its algorithm',
      sampleConfig(issuers(sampleIssuer({ jwks: undefined, key: env('HMAC'), algorithms: ['HS256', 'HS512'] }))),
      ['auth.issuers[0].key: must be base64 of at least 64 bytes (openssl rand -base64 64 makes one)'],
    ],
    [
      'a public key that is none',
      sampleConfig(issuers(sampleIssuer({ jwks: undefined, key: env('HMAC'), algorithms: ['ES256'] }))),
      ['auth.issuers[0].key: must be a public key in PEM'],
    ],
    [
      'a development issuer without a secret to sign with',
      sampleConfig(issuers(sampleIssuer({ development: true }))),
      ['auth.issuers[0].development: needs algorithms of HS256, HS384 or HS512 and a key'],
    ],
    [
      'an issuer for no tenant',
      sampleConfig(issuers(sampleIssuer({ tenants: [] }))),
      ['auth.issuers[0].tenants: must name at least one tenant, or be *'],
    ],
    [
      'an issuer for half a tenant',
      sampleConfig(issuers(sampleIssuer({ tenants: [1.5] }))),
      ["auth.issuers[0].tenants: must be '*' or a list of tenant ids"],
    ],
    [
      'an issuer for a tenant that cannot be',
      sampleConfig(issuers(sampleIssuer({ tenants: ['1', '01'] }))),
      [
        'auth.issuers[0].tenants: names "01". The tenant id is not in the canonical form of its key type. A key of type int is an integer from -2147483648 to 2147483647 except 0: a number or bigint; as text, decimal digits without leading zeros. The text given is not in this form.',
      ],
    ],
    [
      'an issuer that stands twice',
      sampleConfig(issuers(sampleIssuer(), sampleIssuer())),
      ['auth.issuers[1].issuer: is configured twice; an issuer stands once'],
    ],
  ])('%s', (_title, config, problems) => {
    expect(problemsOf(config)).toEqual(problems);
  });
});
