import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import type { Login } from '../../../src/core/principal.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { createMssqlEngine } from '../../../src/engine/mssql/mssql-engine.ts';
import { sql } from '../../../src/core/sql.ts';
import { programOnPath } from './program-on-path.ts';
import { serverDirectory } from './server-directory.ts';
import { ServerProgram } from './server-program.ts';

/** On every container of the tests: `docker ps --filter label=tenantry-test` shows what one could have left. */
const label = 'tenantry-test';
const askAgainMs = 250;
/** Docker may have to look at its disk; one that does not run answers at once. */
const dockerLimitMs = 10_000;

/** A SQL Server of our own in a container. */
export interface MssqlContainer {
  readonly address: ShardAddress;
  /** Its administrator. */
  readonly login: Login;
  /** Ends and removes it. May be called twice. */
  stop(): Promise<void>;
}

/** The image that docker-compose.yml starts too. */
export function mssqlImage(): string {
  const file = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
  return (parse(file) as { readonly 'x-mssql-shard': { readonly image: string } })['x-mssql-shard'].image;
}

/** Why no container can be started here; undefined where one can. No test fetches an image of more than a gigabyte unasked. */
export function mssqlContainerMissing(): string | undefined {
  const docker = programOnPath('docker');
  if (docker === undefined) return 'there is no docker on the PATH';
  const image = mssqlImage();
  const { status, stderr } = spawnSync(docker, ['image', 'inspect', image], { encoding: 'utf8', timeout: dockerLimitMs });
  if (status === 0) return undefined;
  if (/no such image/i.test(stderr)) return `docker has no image yet (docker pull ${image})`;
  return `docker does not answer: ${stderr.trim().split('\n')[0] ?? ''}`;
}

/**
 * Starts a container on a free port of 127.0.0.1 and resolves once its server has answered a query. The container is removed
 * when it ends, and ends with this process at the latest. Rejects, with nothing left, where it is not there within `timeoutMs`.
 */
export async function startMssqlContainer(timeoutMs = 55_000): Promise<MssqlContainer> {
  const docker = programOnPath('docker');
  if (docker === undefined) throw new Error('SQL Server cannot be started: there is no docker on the PATH.');
  // Of every kind that the server's rule for passwords wants; not among the arguments, which everybody on this machine can read.
  const login = { user: 'sa', password: `Aa1-${randomBytes(18).toString('hex')}` };
  const given = ['ACCEPT_EULA=Y', 'MSSQL_PID=Developer', 'MSSQL_MEMORY_LIMIT_MB=2048', 'MSSQL_SA_PASSWORD'];
  const program = new ServerProgram(
    {
      name: 'The container of SQL Server',
      program: docker,
      // Attached: the signal that ends this program ends the container, for which --init passes it on, and --rm removes it.
      args: (port) => [
        'run',
        '--rm',
        '--init',
        '--platform',
        'linux/amd64',
        '--label',
        label,
        '--publish',
        `127.0.0.1:${port}:1433`,
        ...given.flatMap((variable) => ['--env', variable]),
        mssqlImage(),
      ],
      env: { ...process.env, MSSQL_SA_PASSWORD: login.password },
      account: undefined,
      readyText: 'SQL Server is now ready for client connections',
      portTakenText: 'port is already allocated',
      quit: 'SIGTERM',
    },
    serverDirectory('tenantry-mssql-', 'SIGTERM'),
  );
  const timeLimit = AbortSignal.timeout(timeoutMs);
  const tooLate = new Promise<never>((_, reject) => {
    timeLimit.addEventListener('abort', () => reject(new Error(`SQL Server did not answer within ${timeoutMs} ms:\n${program.log()}`)), {
      once: true,
    });
  });
  try {
    await Promise.race([tooLate, program.start()]);
    const address = { engine: 'mssql', host: '127.0.0.1', port: program.port, database: 'master', tls: 'disable' } as const;
    await Promise.race([tooLate, answers(address, login, timeLimit)]);
    return { address, login, stop: () => program.stop() };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** Resolves with the server's first answer: while it upgrades its own databases it refuses logins. */
async function answers(address: ShardAddress, login: Login, timeLimit: AbortSignal): Promise<void> {
  for (;;) {
    const database = createMssqlEngine().open(address, login, { connections: 1 });
    try {
      await database.query(sql`SELECT 1 AS [one]`);
      return;
    } catch (error) {
      if (timeLimit.aborted) throw error;
      await delay(askAgainMs);
    } finally {
      await database.close();
    }
  }
}
