import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { serverAccount } from '../servers/account.ts';
import { startPostgres, type PostgresServer } from '../servers/postgres.ts';
import { readComposeFile, readEnvironmentFile } from './compose-file.ts';
import { buildImage, type Image } from './image.ts';
import { standIn, writeStage } from './stage.ts';

const run = promisify(execFile);

/** What a program printed, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The service of docker-compose.yml while it runs. */
export interface RehearsedService {
  readonly process: ChildProcess;
  readonly apiPort: number;
  readonly opsPort: number;
}

/**
 * docker-compose.yml without containers: the image as its Dockerfile's steps make it here, its processes under another account (where
 * this one is root), and one PostgreSQL server that stands in for the catalog and for the shards of both engines.
 */
export interface Rehearsal extends AsyncDisposable {
  readonly image: Image;
  /** Runs a program of the image as the service. */
  program(...line: readonly string[]): Promise<Ended>;
  /** Runs the script of the one-shot `setup`, as it stands. */
  setup(): Promise<Ended>;
  /**
   * The program's command lines since this was called last, each after the administrator's name where one was given: `sa: shard add ...`.
   */
  commandLines(): string[];
  /** Starts what the image starts. */
  serve(): Promise<RehearsedService>;
  /** Runs shell commands in which `docker compose exec -T api` is the image, and a published port is the service's. */
  shell(commands: string, service: RehearsedService): Promise<Ended>;
  /** Runs the image's health check. */
  checkHealth(service: RehearsedService): Promise<Ended>;
}

/** Builds the image of the checkout, makes the secrets, starts the server. */
export async function rehearse(checkout: string): Promise<Rehearsal> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-compose-'));
  opened.defer(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const image = await buildImage(checkout, join(folder, 'image'));
  const server = await startPostgres();
  opened.defer(() => server.stop());

  cpSync(join(checkout, 'compose'), join(folder, 'compose'), { recursive: true });
  cpSync(join(checkout, '.env.example'), join(folder, '.env.example'));
  const { stdout } = await run('sh', ['compose/secrets.sh'], { cwd: folder });
  const { services } = readComposeFile(readFileSync(join(checkout, 'docker-compose.yml'), 'utf8'), readEnvironmentFile(stdout));
  await server.createDatabase('catalog');
  const shards = Object.keys(services).filter((name) => /^(mssql|postgres)-\w$/.test(name));
  const tables = readFileSync(join(checkout, 'compose/tables.postgres.sql'), 'utf8');
  for (const shard of shards) await createWithTables(server, standIn(shard, 'shop'), tables);

  const { variables, record } = writeStage(folder, image, server);
  const account = serverAccount();
  mkdirSync(variables['NODE_COMPILE_CACHE'] ?? '');
  for (const path of [record, variables['NODE_COMPILE_CACHE'] ?? '']) chmodSync(path, 0o777);
  const surroundings = (service: string) => ({
    env: { ...services[service]?.environment, ...variables },
    cwd: join(image.root, image.folder),
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  const ended = ([program = '', ...args]: readonly string[], service = 'api'): Promise<Ended> =>
    new Promise((resolve, reject) => {
      const child = execFile(program, args, surroundings(service), (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }));
      child.once('error', reject);
    });
  let told = 0;
  const all = opened.move();
  return {
    image,
    program: (...line) => ended(line),
    setup: () => ended(['sh', join(folder, 'compose/setup.sh')], 'setup'),
    commandLines: () => {
      const lines = readFileSync(record, 'utf8').split('\n').slice(told, -1);
      told += lines.length;
      return lines;
    },
    serve: () => serve([...image.entrypoint, ...image.command], surroundings('api')),
    shell: (commands, { apiPort, opsPort }) =>
      ended(['sh', '-euc', commands.replaceAll(':8080/', `:${apiPort}/`).replaceAll(':9090/', `:${opsPort}/`)]),
    checkHealth: ({ opsPort }) => ended(image.healthcheck.map((word) => word.replace(':9090/', `:${opsPort}/`))),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function serve([program = '', ...args]: readonly string[], options: object): Promise<RehearsedService> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The service ended:\n${log}`)));
  let said = '';
  const addresses = /^api http:\/\/0\.0\.0\.0:(\d+)\nops http:\/\/0\.0\.0\.0:(\d+)\n/;
  const listens = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (addresses.test(said)) resolve();
    });
  });
  await Promise.race([listens, ended]);
  ended.catch(() => undefined); // from here on its end is the test's to judge
  const [apiPort = 0, opsPort = 0] = (addresses.exec(said) ?? []).slice(1).map(Number);
  return { process: child, apiPort, opsPort };
}

async function createWithTables(server: PostgresServer, name: string, tables: string): Promise<void> {
  await server.createDatabase(name);
  const address = { engine: 'postgres', host: server.host, port: server.port, database: name, tls: 'disable' } as const;
  const database = createPostgresEngine().open(address, server);
  try {
    await database.query(sqlText(tables));
  } finally {
    await database.close();
  }
}
