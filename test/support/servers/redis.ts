import { randomBytes } from 'node:crypto';
import { programOnPath } from './program-on-path.ts';
import { serverDirectory } from './server-directory.ts';
import { ServerProgram } from './server-program.ts';

/** A Redis for tests that do not hurt it. */
export interface RedisAccess {
  /** Address with its password. */
  readonly url: string;
  /** Ends it, where it is ours. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A Redis of our own, which may be hurt. It keeps nothing on disk: a restart empties it. */
export interface RedisServer extends RedisAccess {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly pid: number;
  restart(): Promise<void>;
  /** SIGKILL; `restart` brings it back, empty, on the same port. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
}

/** Why no Redis of our own can be started here; undefined where one can. */
export function redisServerMissing(): string | undefined {
  return redisProgram() === undefined ? 'there is no redis-server on the PATH' : undefined;
}

/** Why tests with a Redis cannot run here; undefined where they can. */
export function redisMissing(): string | undefined {
  return foreignAddress() === undefined && redisProgram() === undefined
    ? 'TENANTRY_TEST_REDIS names none, and there is no redis-server on the PATH'
    : undefined;
}

/** The Redis that TENANTRY_TEST_REDIS names, else one of our own. Throws where there is neither. */
export async function useRedis(): Promise<RedisAccess> {
  const url = foreignAddress();
  if (url === undefined) return startRedis();
  const stop = (): Promise<void> => Promise.resolve();
  return { url, stop, [Symbol.asyncDispose]: stop };
}

/** Starts a Redis of our own on 127.0.0.1, with a password, nothing kept on disk. Ends with this process at the latest. */
export async function startRedis(): Promise<RedisServer> {
  const path = redisProgram();
  if (path === undefined) throw new Error(`Redis cannot be started: ${redisServerMissing()}.`);
  const password = randomBytes(18).toString('base64url');
  const directory = serverDirectory('tenantry-redis-', 'SIGTERM');
  const program = new ServerProgram(
    {
      name: 'Redis',
      program: path,
      args: (port) => [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        directory,
        '--requirepass',
        password,
        '--save',
        '',
        '--appendonly',
        'no',
      ],
      env: process.env,
      account: undefined,
      readyText: 'Ready to accept connections',
      portTakenText: 'Address already in use',
      quit: 'SIGTERM',
    },
    directory,
  );
  await program.start();
  const { port } = program;
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    password,
    get pid() {
      return program.pid;
    },
    restart: () => program.restart('SIGTERM'),
    kill: () => program.kill(),
    freeze: () => program.freeze(),
    thaw: () => program.thaw(),
    stop: () => program.stop(),
    [Symbol.asyncDispose]: () => program.stop(),
  };
}

function foreignAddress(): string | undefined {
  const address = process.env['TENANTRY_TEST_REDIS'];
  return address === '' ? undefined : address;
}

function redisProgram(): string | undefined {
  return programOnPath('redis-server');
}
