import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as dclint from 'dclint';
import { describe, expect, onTestFinished, test } from 'vitest';
import { resolveConfig, type Settings, type TenantryConfig } from '../../../src/config.ts';
import { composeVariables, readComposeFile, readEnvironmentFile, type ComposeService } from '../../support/compose/compose-file.ts';
import { readDockerfile } from '../../support/compose/dockerfile.ts';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(join(checkout, path), 'utf8');
const text = read('docker-compose.yml');
/** A value for each secret: its own name, or a key. */
const secrets = Object.fromEntries(
  composeVariables(text).map((name, index) => [name, name.endsWith('_KEY') ? Buffer.alloc(32, index).toString('base64') : `${name}1`]),
);
const { services, volumes } = readComposeFile(text, secrets);
const image = readDockerfile(checkout).at(-1)!;
const [api, setup] = [services['api']!, services['setup']!];
const configPath = 'compose/tenantry.config.ts';

/** What the program's own loader gives; in a process of its own, since vitest would resolve the configuration's imports itself. */
const config = JSON.parse(
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { loadConfig } from './src/config.ts'; console.log(JSON.stringify(await loadConfig('${configPath}')));`,
    ],
    { cwd: checkout, encoding: 'utf8' },
  ),
) as TenantryConfig;

function settingsOf(environment: Readonly<Record<string, string>> = {}): Settings {
  return resolveConfig(config, environment, configPath);
}

/** The linter's types, which it loses: they name their own files without an ending. */
const { DCLinter } = dclint as unknown as {
  readonly DCLinter: new (settings: object) => {
    lintFiles(files: string[], recursive: boolean): { readonly messages: { readonly rule: string; readonly message: string }[] }[];
  };
};

/** What the Compose linter says of a file: where it breaks the schema of Compose, and what is unwise. */
function findings(content: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-lint-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'docker-compose.yml');
  writeFileSync(file, content);
  const style = {
    'no-quotes-in-volumes': 0,
    'require-quotes-in-ports': 0,
    'service-dependencies-alphabetical-order': 0,
    'service-keys-order': 0,
    'service-ports-alphabetical-order': 0,
    'services-alphabetical-order': 0,
    'top-level-properties-order': 0,
  } as const;
  const [result] = new DCLinter({ rules: style, quiet: false, debug: false, exclude: [] }).lintFiles([file], false);
  return result!.messages.map(({ rule, message }) => `${rule}: ${message}`);
}

describe('docker-compose.yml', () => {
  test('fits the schema of Compose, names every image with its version, and opens no port to the network', () => {
    expect(findings(text)).toEqual([]);
    expect(findings(text.replace('start_period: 60s', 'start_time: 60s'))).toEqual([expect.stringContaining('invalid-schema')]);
    expect(findings(text.replace('127.0.0.1:8080:8080', '8080:8080'))).toEqual([expect.stringContaining('no-unbound-port-interfaces')]);
    for (const { image: name, build } of Object.values(services)) if (build === undefined) expect(name).toMatch(/:[\w.-]*\d[\w.-]*$/);
  });

  test('has two shards on SQL Server and two on PostgreSQL, a catalog, Redis, the service and the one-shot that sets all up', () => {
    expect(Object.keys(services).toSorted()).toEqual([
      'api',
      'catalog',
      'mssql-a',
      'mssql-a-tables',
      'mssql-b',
      'mssql-b-tables',
      'postgres-a',
      'postgres-b',
      'redis',
      'setup',
    ]);
    for (const [name, { image: used = '' }] of Object.entries(services)) {
      if (name.startsWith('mssql')) expect(used).toMatch(/^mcr\.microsoft\.com\/mssql\/server:2022-CU\d+-ubuntu-22\.04$/);
      if (name.startsWith('postgres') || name === 'catalog') expect(used).toMatch(/^postgres:18\./);
    }
  });

  test('waits for servers that are well and for one-shots that have ended well', () => {
    const one = (service: ComposeService): boolean => service.restart === 'no';
    for (const { depends_on = {} } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        const needed = services[name];
        expect(needed, name).toBeDefined();
        expect(condition, name).toBe(one(needed!) ? 'service_completed_successfully' : 'service_healthy');
        if (!one(needed!)) expect(needed!.healthcheck?.test, name).toBeDefined();
      }
    }
    const waited = new Set(Object.values(services).flatMap(({ depends_on = {} }) => Object.keys(depends_on)));
    expect(Object.keys(services).filter((name) => !waited.has(name))).toEqual(['api']);
  });

  test('mounts files that are in the repository, read-only, and volumes that it declares', () => {
    const used: string[] = [];
    for (const volume of Object.values(services).flatMap((service) => service.volumes ?? [])) {
      const [source = '', , mode] = volume.split(':');
      if (!source.startsWith('./')) used.push(source);
      else expect({ source, there: existsSync(join(checkout, source)), mode }).toEqual({ source, there: true, mode: 'ro' });
    }
    expect(used.toSorted()).toEqual(Object.keys(volumes).toSorted());
  });

  test('takes every secret of .env.example, no other, and none that is empty', () => {
    expect(Object.keys(readEnvironmentFile(read('.env.example'))).toSorted()).toEqual(composeVariables(text));
    for (const name of Object.keys(secrets))
      expect(() => readComposeFile(text, { ...secrets, [name]: '' })).toThrow(`${name}: copy .env.example`);
  });

  test('gives the passwords of the servers’ owners to those servers and to what prepares them alone', () => {
    const holders = (secret: string): string[] =>
      Object.keys(services).filter((name) => JSON.stringify(services[name]).includes(secrets[secret]!));
    expect(holders('MSSQL_SA_PASSWORD')).toEqual(['mssql-a', 'mssql-b', 'mssql-a-tables', 'mssql-b-tables', 'setup']);
    expect(holders('POSTGRES_PASSWORD')).toEqual(['postgres-a', 'postgres-b', 'setup']);
    for (const service of Object.values(services)) {
      const command = JSON.stringify([service.command, service.entrypoint, service.healthcheck]);
      for (const secret of Object.values(secrets)) expect(command).not.toContain(secret);
    }
  });
});

describe('the configuration of docker-compose.yml', () => {
  test('loads with exactly the variables that the service has, and names the one that is missing', () => {
    const environment = api.environment!;
    expect(settingsOf(environment).map.name).toBe('customers');
    for (const name of Object.keys(environment)) {
      const { [name]: _, ...rest } = environment;
      expect(() => settingsOf(rest), name).toThrow(name);
    }
    const { POSTGRES_PASSWORD, MSSQL_SA_PASSWORD, ...same } = setup.environment!;
    expect(same).toEqual(environment);
    expect([POSTGRES_PASSWORD, MSSQL_SA_PASSWORD]).toEqual([secrets['POSTGRES_PASSWORD'], secrets['MSSQL_SA_PASSWORD']]);
  });

  test('reaches the catalog and Redis where they are, as they let it in', () => {
    const { catalog, redis } = settingsOf(api.environment);
    const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: database } = services['catalog']!.environment!;
    expect(catalog).toEqual({
      address: { engine: 'postgres', host: 'catalog', port: 5432, database, tls: 'disable' },
      login: { user, password },
    });
    const { hostname, port, password: redisPassword } = new URL(redis!.url);
    expect({ hostname, port, redisPassword }).toEqual({
      hostname: 'redis',
      port: '6379',
      redisPassword: services['redis']!.environment!['REDIS_PASSWORD'],
    });
  });

  test('names tables that both engines’ files make, with the same columns', () => {
    const { tables } = settingsOf(api.environment);
    for (const file of ['compose/tables.mssql.sql', 'compose/tables.postgres.sql']) {
      const made = Array.from(
        read(file).matchAll(/create table (?:\[dbo\]\.)?["[](\w+)["\]] \((.*?)\n *\);/gis),
        ([, name, body = '']) => ({
          name,
          columns: Array.from(body.matchAll(/^ +["[](\w+)["\]] (?:int|integer|n?varchar\(\d+\)) not null/gim), ([, column]) => column),
        }),
      );
      expect(made, file).toEqual([
        { name: 'Blogs', columns: ['TenantId', 'BlogId', 'Name'] },
        { name: 'Posts', columns: ['TenantId', 'PostId', 'BlogId', 'Title'] },
      ]);
      expect(tables.map(({ table, tenantColumn }) => ({ table, tenantColumn }))).toEqual(
        made.map(({ name }) => ({ table: name, tenantColumn: 'TenantId' })),
      );
    }
  });

  test('listens on the ports that the image exposes, Compose publishes, the health check asks and the quickstart calls', () => {
    const { http } = settingsOf(api.environment);
    expect(http).toEqual({ host: '0.0.0.0', port: 8080, opsHost: '0.0.0.0', opsPort: 9090 });
    expect(image.ports).toEqual([http.port, http.opsPort]);
    expect(api.ports).toEqual([`127.0.0.1:${http.port}:${http.port}`, `127.0.0.1:${http.opsPort}:${http.opsPort}`]);
    expect(image.healthcheck.at(-1)).toContain(`http://127.0.0.1:${http.opsPort}/livez`);
    const called = read('docs/quickstart-sql-server.md').matchAll(/http:\/\/127\.0\.0\.1:(\d+)/g);
    expect(new Set(Array.from(called, ([, port]) => Number(port)))).toEqual(new Set([http.port, http.opsPort]));
  });

  test('has more time to stop than calls have to end', () => {
    const { limits } = settingsOf(api.environment);
    expect(Number.parseInt(api.stop_grace_period!, 10) * 1_000).toBeGreaterThan(2 * limits.drainMs);
  });
});

describe('the Dockerfile', () => {
  test('runs the Node that the tests ran, not as root, with the program as the first process', () => {
    const { version } = JSON.parse(read('node_modules/node/package.json')) as { version: string };
    for (const { base } of readDockerfile(checkout)) expect(base).toBe(`node:${version}-bookworm-slim`);
    expect(image).toMatchObject({ user: 'node', entrypoint: ['tenantry'], command: ['serve'], stopSignal: 'SIGTERM', folder: '/app' });
  });

  test('looks for the configuration and the script of setup where Compose puts them', () => {
    const { TENANTRY_CONFIG: target } = image.environment;
    for (const service of [api, setup]) expect(service.volumes).toContain(`./${configPath}:${target}:ro`);
    const [, script] = setup.entrypoint!;
    expect(setup.volumes).toContain(`./compose/setup.sh:${script}:ro`);
  });
});

test('compose/secrets.sh gives every secret of .env.example a value of its own that its server accepts', () => {
  const made = readEnvironmentFile(execFileSync('sh', ['compose/secrets.sh'], { cwd: checkout, encoding: 'utf8' }));
  expect(Object.keys(made)).toEqual(Object.keys(readEnvironmentFile(read('.env.example'))));
  expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length);
  for (const [name, value] of Object.entries(made)) {
    // What SQL Server demands of a password, in letters that need no escape in an address.
    if (name.endsWith('_PASSWORD')) expect(value).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z\d]{32,128}$/);
    else expect(Buffer.from(value, 'base64')).toHaveLength(32);
  }
  expect(() => readComposeFile(text, made)).not.toThrow();
});
