import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand, type CommandResult } from '../../support/command-line.ts';
import { env } from '../../../src/config.ts';
import { sampleConfig, sampleEnvironment, sampleIssuer } from '../config/sample.ts';
import { offlineServices } from './offline-services.ts';

let folder: string;
const development = { jwks: undefined, key: env('HMAC'), algorithms: ['HS256'], development: true };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-token-'));
  const write = (name: string, ...issuers: object[]) => writeFile(join(folder, name), JSON.stringify(sampleConfig({ auth: { issuers } })));
  await write('one.json', sampleIssuer(), sampleIssuer({ ...development, issuer: 'dev', tenants: ['42', '43'] }));
  await write('two.json', sampleIssuer({ ...development, issuer: 'a' }), sampleIssuer({ ...development, issuer: 'b', tenantClaim: 'org' }));
  await write('none.json', sampleIssuer());
});
afterAll(() => rm(folder, { recursive: true }));

const mint = (config: string, ...args: string[]): Promise<CommandResult> =>
  runCommand(['token', 'mint', ...args, '--config', config], { folder, environment: sampleEnvironment, services: offlineServices });
const secret = Buffer.from(sampleEnvironment.HMAC, 'base64');

describe('tenantry token mint', () => {
  test("signs with the development issuer's key and says until when", async () => {
    const { code, out, err } = await mint('one.json', '42', '--subject', 'ann', '--expires', '600', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { token, expiresAt } = JSON.parse(out) as { token: string; expiresAt: string };
    expect(expiresAt).toBe('2026-01-02T03:14:05.000Z');
    const { payload, protectedHeader } = await jwtVerify(token, secret, { algorithms: ['HS256'], currentDate: offlineServices.now() });
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(payload).toEqual({ iss: 'dev', aud: 'api', sub: 'ann', tenant: '42', iat: 1767323045, exp: 1767323645 });
  });

  test('prints the token and nothing else', async () => {
    const { out } = await mint('one.json', '43');
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  test('takes the issuer named', async () => {
    const { out } = await mint('two.json', '7', '--issuer', 'b');
    const { payload } = await jwtVerify(out.trim(), secret, { currentDate: offlineServices.now() });
    expect(payload).toMatchObject({ iss: 'b', org: '7' });
  });

  test.each([
    ['none.json', ['42'], 'No issuer of the configuration has development: true; only those can mint (INVALID_REQUEST)'],
    ['two.json', ['42'], '--issuer must be one of a, b (INVALID_REQUEST)'],
    ['one.json', ['42', '--issuer', 'https://id.example'], '--issuer must be one of dev (INVALID_REQUEST)'],
    ['one.json', ['44'], 'The issuer dev may not speak for this tenant (FORBIDDEN)'],
    ['one.json', ['042'], 'as text, decimal digits without leading zeros. The text given is not in this form (INVALID_TENANT_ID)'],
    [
      'one.json',
      ['42', '--expires', '0'],
      "error: option '--expires <seconds>' argument '0' is invalid. It must be a whole number from 1 to 86400.",
    ],
    ['one.json', [], "error: missing required argument 'tenant'"],
    ['one.json', ['42', '--isuer', 'dev'], "error: unknown option '--isuer'\n(Did you mean --issuer?)"],
  ])('with %s and %j is refused', async (config, args, problem) => {
    const { code, out, err } = await mint(config, ...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(problem);
  });
});
