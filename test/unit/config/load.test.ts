import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findConfig, loadConfig, resolveConfig } from '../../../src/config.ts';
import { sampleConfig, sampleEnvironment } from './sample.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('loadConfig', () => {
  const json = JSON.stringify(sampleConfig());
  test.each([
    ['c.json', json],
    ['c.js', `export default ${json};`],
    ['c.ts', `const config: object = ${json};\nexport default config;`],
  ])('reads %s', async (name, text) => {
    expect(resolveConfig(await loadConfig(await file(name, text)), sampleEnvironment).map.name).toBe('customers');
  });

  test.each([
    ['c.json', '{ "fleetKey": "s3cret", }', 'c.json is not JSON (line 1 column 25).'],
    ['c.ts', 'export const config = {};', 'c.ts must have the configuration as its default export.'],
    ['c.ts', "throw new Error('not today');", 'c.ts cannot be loaded: not today'],
    ['c.yaml', 'map: {}', 'c.yaml must end in .ts, .js or .json.'],
  ])('refuses %s: %s', async (name, text, problem) => {
    const path = await file(name, text);
    await expect(loadConfig(path)).rejects.toThrow(`The configuration is invalid. ${folder}/${problem}`);
  });

  test('refuses JSON in which a name stands twice, wherever that is: the last would hold, and nothing said so', async () => {
    const text = `{ "map": {},
      "policies": { "mine": { "on": "Blogs" }, "m\\u0069ne": { "on": "Posts" } },
      "auth": { "issuers": [{}, { "tenants": "*", "keys": { "a": 1, "a": 1 },
        "tenants": [1] }] }, "map": {} }`;
    const path = await file('c.json', text);
    await expect(loadConfig(path)).rejects.toThrow(
      `The configuration is invalid. ${path} has 4 problems:\n` +
        [
          'policies.mine: stands again in line 2',
          'auth.issuers[1].keys.a: stands again in line 3',
          'auth.issuers[1].tenants: stands again in line 4',
          'map: stands again in line 4',
        ]
          .map((line) => `  ${line}; a name stands once`)
          .join('\n'),
    );
  });

  test.each(['folder.json', 'folder.ts'])('refuses a folder by the name of %s', async (name) => {
    await mkdir(join(folder, name));
    await expect(loadConfig(join(folder, name))).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringMatching(/cannot be (read|loaded)/) as string,
    });
  });

  test('refuses a file that is not there', async () => {
    await expect(loadConfig(join(folder, 'none.ts'))).rejects.toThrow(`The configuration is invalid. There is no file ${folder}/none.ts.`);
  });
});

describe('findConfig', () => {
  test('takes the path given, then TENANTRY_CONFIG, then the file in the folder', async () => {
    const script = await file('tenantry.config.js', '');
    expect(findConfig('given.ts', { TENANTRY_CONFIG: 'named.ts' }, folder)).toBe('given.ts');
    expect(findConfig(undefined, { TENANTRY_CONFIG: 'named.ts' }, folder)).toBe('named.ts');
    expect(findConfig(undefined, {}, folder)).toBe(script);
    const typed = await file('tenantry.config.ts', '');
    expect(findConfig(undefined, { TENANTRY_CONFIG: '' }, folder)).toBe(typed);
  });

  test('refuses an empty name rather than taking another file', async () => {
    await file('tenantry.config.js', '');
    expect(() => findConfig('', { TENANTRY_CONFIG: 'named.ts' }, folder)).toThrow('--config names no file.');
  });

  test('says how to name one where there is none', () => {
    expect(() => findConfig(undefined, {}, folder)).toThrow(
      'The configuration is invalid. There is no tenantry.config.ts, tenantry.config.js, tenantry.config.json here; name one by --config or TENANTRY_CONFIG, or write one by "tenantry init".',
    );
  });
});
