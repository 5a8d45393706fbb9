import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { fakeDocker, type FakeDocker } from '../../support/fake-docker.ts';
import { mssqlMissing } from '../../support/servers/mssql.ts';
import { mssqlImage, startMssqlContainer } from '../../support/servers/mssql-container.ts';
import { SqlServerModel } from '../../support/tds/model/model.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { doneToken, errorToken } from '../../support/tds/tokens.ts';
import { eventually } from '../../support/eventually.ts';

/** A server that refuses so many logins, as one does that upgrades its own databases (18401), and then answers every statement. */
async function server(refusedLogins = 0): Promise<{ readonly port: number; readonly logins: () => number }> {
  let logins = 0;
  const model = new SqlServerModel({ statement: () => ({ columns: { one: 'int' }, rows: [[1]] }) });
  const scripted = await startTdsServer({
    request: (request, answer, connection) => model.request(request, answer, connection),
    login: (_login, answer, _connection, admit) => {
      logins += 1;
      return logins > refusedLogins ? admit() : answer.end(errorToken({ number: 18_401, class: 14 }), doneToken('DONE', 2));
    },
  });
  onTestFinished(() => scripted.close());
  return { port: scripted.port, logins: () => logins };
}

/** Folders of servers that are left. */
const left = ({ folder }: FakeDocker): string[] => readdirSync(folder).filter((name) => name.startsWith('tenantry-mssql-'));

describe('a SQL Server of the tests in a container', () => {
  it('runs the image of docker-compose.yml on a port of this machine alone, and is removed when it ends', async () => {
    const docker = fakeDocker('runs', (await server()).port);
    const container = await startMssqlContainer();
    const { port } = container.address;
    expect(left(docker)).toHaveLength(1);
    expect(docker.calls()).toEqual([
      `run --rm --init --platform linux/amd64 --label tenantry-test --publish 127.0.0.1:${port}:1433 ` +
        `--env ACCEPT_EULA=Y --env MSSQL_PID=Developer --env MSSQL_MEMORY_LIMIT_MB=2048 --env MSSQL_SA_PASSWORD ${mssqlImage()}`,
    ]);
    expect(mssqlImage()).toMatch(/^mcr\.microsoft\.com\/mssql\/server:\S+$/);
    expect(docker.variable('MSSQL_SA_PASSWORD')).toBe(container.login.password);
    const database = createMssqlEngine().open(container.address, container.login);
    expect((await database.query(sql`SELECT 1 AS [one]`)).rows).toEqual([{ one: 1 }]);
    await database.close();

    await container.stop();
    await container.stop();
    expect(docker.calls().slice(1)).toEqual(['ended by SIGTERM']);
    expect(left(docker)).toEqual([]);
  });

  it('is there once it answers, and not while it refuses logins', async () => {
    const scripted = await server(2);
    fakeDocker('runs', scripted.port);
    const container = await startMssqlContainer();
    expect(scripted.logins()).toBeGreaterThan(2);
    await container.stop();
  });

  it('takes another port where somebody has taken the first', async () => {
    const docker = fakeDocker('port taken at first', (await server()).port);
    const container = await startMssqlContainer();
    expect(docker.calls().filter((call) => call.startsWith('run '))).toHaveLength(2);
    await container.stop();
  });

  it('that cannot run is an error with what docker said, and nothing is left', async () => {
    const docker = fakeDocker('fails');
    await expect(startMssqlContainer()).rejects.toThrow(/ended with code 125 before it was ready:\n.*no space left on device/);
    expect(left(docker)).toEqual([]);
  });

  it.each([
    ['does not say that it is ready', 'never ready', 0],
    ['does not let anybody in', 'runs', Infinity],
  ] as const)('that %s is ended when its time is over', async (_, conduct, refusedLogins) => {
    const docker = fakeDocker(conduct, (await server(refusedLogins)).port);
    await expect(startMssqlContainer(4_000)).rejects.toThrow('SQL Server did not answer within 4000 ms');
    expect(docker.calls().at(-1)).toBe('ended by SIGTERM');
    expect(left(docker)).toEqual([]);
  });

  it.each(['SIGKILL', 'end'] as const)(
    'ends, and nothing is left, when the program that started it comes to its end by %s',
    async (how) => {
      const docker = fakeDocker('runs', (await server()).port);
      const program = fileURLToPath(new URL('../../support/fixtures/start-mssql.ts', import.meta.url));
      const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(createInterface({ input: child.stdout }), 'line');
      if (how === 'SIGKILL') child.kill('SIGKILL');
      else child.stdin.end();
      await once(child, 'exit');
      await eventually(() => expect(docker.calls().at(-1)).toBe('ended by SIGTERM'));
      await eventually(() => expect(left(docker)).toEqual([]));
    },
  );
});

describe('a run without TENANTRY_TEST_MSSQL', () => {
  const named = 'TENANTRY_TEST_MSSQL names none (mssql://sa:password@host:1433/master?sslmode=require), and ';

  it.each([
    ['no image', `${named}docker has no image yet (docker pull ${mssqlImage()})`],
    [
      'no daemon',
      `${named}docker does not answer: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?`,
    ],
    ['runs', undefined],
  ] as const)('says why it has no SQL Server, or has one: %s', (conduct, reason) => {
    vi.stubEnv('TENANTRY_TEST_MSSQL', '');
    fakeDocker(conduct);
    expect(mssqlMissing()).toBe(reason);
  });

  it('says so where there is no docker at all', () => {
    vi.stubEnv('TENANTRY_TEST_MSSQL', '');
    vi.stubEnv('PATH', '/nowhere');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(mssqlMissing()).toBe(`${named}there is no docker on the PATH`);
  });
});
