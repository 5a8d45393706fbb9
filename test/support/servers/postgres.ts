import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { copyTemplate, postgresTemplate, serverDirectory, serverEnvironment, type PostgresTemplate } from './postgres-template.ts';
import { endServer, freezeTree, isRunning, killTree, signal, thawTree } from './processes.ts';
import { guard, release } from './watchdog.ts';

const readyText = 'database system is ready to accept connections';
const portTakenText = 'Address already in use';
const attempts = 5;
const logLimit = 1_048_576;

/** How a server differs from the usual one. */
export interface PostgresOptions {
  /** Server settings, as on its command line. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Flush to disk as in production; default false. True also keeps full_page_writes. */
  readonly fsync?: boolean;
  /** Listen on a unix socket in `directory` as well; default false. */
  readonly unixSocket?: boolean;
}

/** Where databases can be made, and by whom. */
export interface PostgresAccess {
  readonly host: string;
  readonly port: number;
  /** A superuser of the server. */
  readonly user: string;
  readonly password: string;
  /** Address of a database, with the superuser's user and password unless others are given; `postgres` by default. */
  url(database?: string, login?: { readonly user: string; readonly password: string }): string;
  /** Creates an empty database and gives its address. */
  createDatabase(name: string): Promise<string>;
  /** Ends the server and removes all of it (or, where it is not ours, the databases that were created). May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server of our own, which may be hurt. */
export interface PostgresServer extends PostgresAccess {
  /** Everything of this server; the unix socket lies here where one was asked for. */
  readonly directory: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Shuts down (fast, or immediate as in a crash) where it runs, and starts again on the same port. */
  restart(shutdown?: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL to all its processes; `restart` brings it back by crash recovery. */
  kill(): Promise<void>;
  /** SIGSTOP to all its processes: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** The last megabyte of the server's log. */
  log(): string;
}

/** Starts a PostgreSQL server of its own from npm's binaries, on 127.0.0.1 with password authentication. Ends with this process at the latest. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const template = await postgresTemplate();
  const directory = serverDirectory('tenantry-postgres-', 'SIGQUIT', template.account);
  await copyTemplate(template, join(directory, 'data'));
  const server = new EmbeddedPostgres(template, directory, options);
  try {
    await server.startOnFreePort();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class EmbeddedPostgres implements PostgresServer {
  readonly host = '127.0.0.1';
  readonly directory: string;
  readonly #template: PostgresTemplate;
  readonly #options: PostgresOptions;
  #port = 0;
  #process: ChildProcess | undefined;
  #log = '';
  #stopped = false;

  constructor(template: PostgresTemplate, directory: string, options: PostgresOptions) {
    this.#template = template;
    this.directory = directory;
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  get user(): string {
    return this.#template.superuser;
  }

  get password(): string {
    return this.#template.password;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('The server does not run.');
    return pid;
  }

  url(database = 'postgres', login: { readonly user: string; readonly password: string } = this): string {
    return postgresUrl(this, database, login);
  }

  async createDatabase(name: string): Promise<string> {
    await createDatabase(this.url(), name);
    return this.url(name);
  }

  log(): string {
    return this.#log;
  }

  async startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort();
      try {
        return await this.#start();
      } catch (error) {
        if (attempt === attempts || !this.#log.includes(portTakenText)) throw error;
      }
    }
  }

  async restart(shutdown: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const running = this.#process;
    if (running?.pid !== undefined && isRunning(running.pid)) {
      thawTree(running.pid);
      running.ref();
      const ended = once(running, 'exit');
      signal(running.pid, shutdown === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await ended;
    }
    await this.#start();
  }

  async kill(): Promise<void> {
    await killTree(this.pid);
  }

  freeze(): void {
    freezeTree(this.pid);
  }

  thaw(): void {
    thawTree(this.pid);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await endServer({ pid: this.#process?.pid ?? 0, directory: this.directory }, 'SIGQUIT');
    release(this.directory);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(): Promise<void> {
    const { program, account } = this.#template;
    const settings = Object.entries({ ...this.#defaultSettings(), ...this.#options.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(program, ['-D', join(this.directory, 'data'), ...settings], {
      // A session of its own: Ctrl-C in a terminal reaches the program that started it, not the server.
      detached: true,
      cwd: this.directory,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    });
    this.#process = child;
    if (child.pid !== undefined) guard(this.directory, 'SIGQUIT', child.pid);
    await this.#ready(child);
    child.unref();
    if (child.stderr !== null && 'unref' in child.stderr && typeof child.stderr.unref === 'function') child.stderr.unref();
  }

  #ready(child: ChildProcess): Promise<void> {
    let output = '';
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signalName) => {
        reject(new Error(`PostgreSQL ended with ${signalName ?? code} before it was ready:\n${output.slice(-2_000)}`));
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-logLimit);
        if (output.includes(readyText)) return;
        output += text;
        if (output.includes(readyText)) resolve();
      });
    });
  }

  #defaultSettings(): Record<string, string | number | boolean> {
    const { fsync = false, unixSocket = false } = this.#options;
    return {
      port: this.#port,
      listen_addresses: this.host,
      unix_socket_directories: unixSocket ? this.directory : '',
      fsync,
      full_page_writes: fsync,
      // In the data directory, so that a killed server leaves nothing in /dev/shm.
      dynamic_shared_memory_type: 'mmap',
    };
  }
}

/** Address of a database of a server. */
export function postgresUrl(server: { readonly host: string; readonly port: number }, database: string, login: { readonly user: string; readonly password: string }): string {
  const url = new URL(`postgresql://${server.host}:${server.port}`);
  url.username = login.user;
  url.password = login.password;
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

/** Creates an empty database through a superuser's address. */
export async function createDatabase(superuserUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
