import { join } from 'node:path';
import { createDatabase, postgresUrl, type PostgresAccess } from './postgres-access.ts';
import { copyTemplate, postgresTemplate, serverEnvironment } from './postgres-template.ts';
import { serverDirectory } from './server-directory.ts';
import { ServerProgram } from './server-program.ts';

/** How a server differs from the usual one. */
export interface PostgresOptions {
  /** Server settings, as on its command line. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Flush to disk as in production; default false. True also keeps full_page_writes. */
  readonly fsync?: boolean;
}

/** A server of our own, which may be hurt. */
export interface PostgresServer extends PostgresAccess {
  /** Everything of this server. */
  readonly directory: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  /**
   * Shuts down (fast, or immediate as in a crash) where it runs, and starts again on the same port; its data directory is at rest in
   * between.
   */
  restart(shutdown?: 'fast' | 'immediate', atRest?: (dataDirectory: string) => Promise<void>): Promise<void>;
  /** SIGKILL to all its processes; `restart` brings it back by crash recovery. */
  kill(): Promise<void>;
  /** SIGSTOP to all its processes: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** The last megabyte of the server's log. */
  log(): string;
}

/**
 * Starts a PostgreSQL server of its own from npm's binaries, on 127.0.0.1 with password authentication. Ends with this process at the
 * latest.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const template = await postgresTemplate();
  const { account, superuser: user, password } = template;
  const directory = serverDirectory('tenantry-postgres-', 'SIGQUIT', account);
  await copyTemplate(template, join(directory, 'data'));

  const program = new ServerProgram(
    {
      name: 'PostgreSQL',
      program: template.program,
      args: (port) => ['-D', join(directory, 'data'), ...settings(options, port).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      env: serverEnvironment(),
      account,
      readyText: 'database system is ready to accept connections',
      portTakenText: 'Address already in use',
      quit: 'SIGQUIT',
    },
    directory,
  );
  await program.start();

  const { port } = program;
  const url: PostgresServer['url'] = (database = 'postgres', login = { user, password }) =>
    postgresUrl({ host: '127.0.0.1', port }, database, login);
  return {
    host: '127.0.0.1',
    port,
    user,
    password,
    directory,
    url,
    get pid() {
      return program.pid;
    },
    createDatabase: async (name) => {
      await createDatabase(url(), name);
      return url(name);
    },
    restart: (shutdown = 'fast', atRest) =>
      program.restart(shutdown === 'fast' ? 'SIGINT' : 'SIGQUIT', () => atRest?.(join(directory, 'data')) ?? Promise.resolve()),
    kill: () => program.kill(),
    freeze: () => program.freeze(),
    thaw: () => program.thaw(),
    log: () => program.log(),
    stop: () => program.stop(),
    [Symbol.asyncDispose]: () => program.stop(),
  };
}

function settings({ fsync = false, settings: own = {} }: PostgresOptions, port: number): [string, string | number | boolean][] {
  return Object.entries({
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync,
    full_page_writes: fsync,
    // In the data directory, so that a killed server leaves nothing in /dev/shm.
    dynamic_shared_memory_type: 'mmap',
    ...own,
  });
}
