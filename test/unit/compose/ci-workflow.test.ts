import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { allNeeds, requiredNeeds, unmetNeeds } from '../../support/needs.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: { readonly 'node-version'?: number };
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly env: { readonly MSSQL_SA_PASSWORD: string };
  readonly jobs: {
    readonly test: {
      readonly services: { readonly mssql: { readonly image: string; readonly ports: readonly string[]; readonly env: object } };
      readonly steps: readonly Step[];
    };
    readonly compose: { readonly steps: readonly Step[] };
  };
}

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(join(checkout, path), 'utf8');
const text = read('.github/workflows/ci.yml');
const { env, jobs } = parse(text) as Workflow;
const steps = [...jobs.test.steps, ...jobs.compose.steps];
const tests = steps.find(({ run }) => run === 'npm test')!.env!;
const password = env.MSSQL_SA_PASSWORD.replace('${{ github.run_id }}', '1234567890');
const mssqlUrl = tests['TENANTRY_TEST_MSSQL']!.replace('${{ env.MSSQL_SA_PASSWORD }}', password);

function problems(content: string): string[] {
  return parseWorkflow({ name: 'ci.yml', content }, new NoOperationTraceWriter())
    .context.errors.getErrors()
    .map(({ message }) => message);
}

test('ci.yml is a workflow as GitHub’s own parser has it, contexts included', () => {
  expect(problems(text)).toEqual([]);
  expect(problems(text.replace('timeout-minutes: 45', 'timeout: 45'))).toEqual([expect.stringContaining("Unexpected value 'timeout'")]);
  expect(problems(text.replace('${{ github.run_id }}', '${{ job.run_id }}'))).not.toEqual([]);
});

test('it pins actions by major version and runs the Node that the package asks for', () => {
  for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  for (const { with: options } of steps.filter(({ uses }) => uses?.startsWith('actions/setup-node'))) {
    expect(`>=${options!['node-version']}`).toBe(engines.node);
  }
});

test('it runs every command that a change must pass, each of them there', () => {
  const commands = steps.flatMap(({ run }) => run ?? []);
  expect(commands).toEqual(expect.arrayContaining(['npm ci', 'npm run check', 'npm run demo', 'npm test']));
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const suites = Object.keys(scripts).filter((script) => script.startsWith('test:'));
  expect(suites.length).toBeGreaterThan(0);
  expect(commands).toEqual(expect.arrayContaining(suites.map((script) => `npm run ${script}`)));
  for (const command of commands) {
    for (const [, script = ''] of command.matchAll(/npm run ([\w-]+)/g)) expect(scripts).toHaveProperty([script]);
    for (const [path] of command.matchAll(/(?<= )(scripts|docs)\/\S+/g)) expect(existsSync(join(checkout, path)), path).toBe(true);
  }
});

test('each run of tests demands what would be passed over without it', () => {
  const demanded = new Set(steps.flatMap(({ env: given }) => given?.['TENANTRY_TEST_REQUIRE']?.split(',') ?? []));
  vi.stubEnv('TENANTRY_TEST_REQUIRE', [...demanded].join(','));
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expect(requiredNeeds().toSorted()).toEqual([...allNeeds].toSorted());
  for (const { run, env: given } of steps)
    if (run?.startsWith('npm run test:') || run === 'npm test') expect(given).toHaveProperty(['TENANTRY_TEST_REQUIRE']);
});

test('it demands every server that tests can need, and says where SQL Server is by what the tests read', () => {
  vi.stubEnv('TENANTRY_TEST_REQUIRE', tests['TENANTRY_TEST_REQUIRE']);
  vi.stubEnv('TENANTRY_TEST_MSSQL', '');
  vi.stubEnv('PATH', '');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const all = new Set(requiredNeeds());
  for (const need of ['postgres', 'redis', 'redis-server', 'openssl', 'mssql'] as const) expect(all).toContain(need);
  expect(unmetNeeds()).toContainEqual(expect.stringMatching(/^mssql: TENANTRY_TEST_MSSQL names none/));
  vi.stubEnv('TENANTRY_TEST_MSSQL', mssqlUrl);
  expect(unmetNeeds().filter((reason) => reason.startsWith('mssql'))).toEqual([]);

  const sources = globSync('test/**/*.ts', { cwd: checkout }).map(read).join('\n');
  for (const name of Object.keys(tests)) expect(sources).toContain(`process.env['${name}']`);
});

test('the address of its SQL Server is where the service listens, with the password that it has', () => {
  expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z\d]{8,}$/);
  const { image, ports, env: given } = jobs.test.services.mssql;
  expect(given).toEqual({ ACCEPT_EULA: 'Y', MSSQL_PID: 'Developer', MSSQL_SA_PASSWORD: '${{ env.MSSQL_SA_PASSWORD }}' });
  const address = parseDatabaseUrl('mssql', mssqlUrl);
  expect(address).toEqual({
    address: { engine: 'mssql', host: '127.0.0.1', port: Number(ports[0]!.split(':')[0]), database: 'master', tls: 'require' },
    login: { user: 'sa', password },
  });
  expect(read('docker-compose.yml')).toContain(image);
});
