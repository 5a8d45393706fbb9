import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantryConfig } from '../../src/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { PrincipalName } from '../../src/core/principal.ts';
import { createEngines } from '../../src/main/engines.ts';
import { createServices } from '../../src/main/services.ts';
import { runCommand, type CommandResult } from '../../test/support/command-line.ts';
import { startPostgres, type PostgresServer } from '../../test/support/servers/postgres.ts';
import { passwordVariable } from './configuration.ts';

/** What a stage is set up with. */
export interface StagePlan {
  readonly config: TenantryConfig;
  /** How many servers there are for shards. */
  readonly servers: number;
  /** The database that each of them has. */
  readonly database: string;
}

/** A catalog server and servers of shards, a configuration, and the command line that works with them. */
export interface Stage {
  readonly catalog: PostgresServer;
  /** Those of shards. */
  readonly servers: readonly PostgresServer[];
  readonly database: string;
  /** The configuration as a file, for the command line. */
  readonly configFile: string;
  /** What the configuration and command lines refer to. */
  readonly environment: Record<string, string>;
  /** The URL of a database on a shard's server, as a login of the configuration; without one, as the server's superuser. */
  url(login?: PrincipalName, at?: { readonly server?: number; readonly database?: string }): string;
  /** Runs a command line in this process. */
  tenantry(line: string, options?: { readonly stop?: AbortSignal; readonly onOutput?: (text: string) => void }): Promise<CommandResult>;
  /** Replaces the configuration in the file that the command line reads. */
  configure(config: TenantryConfig): Promise<void>;
  close(): Promise<void>;
}

/** Starts the servers, each empty but for the databases `catalog` and the plan's. */
export async function createStage({ config, servers: count, database }: StagePlan): Promise<Stage> {
  const [catalog, ...servers] = await Promise.all([startPostgres(), ...Array.from({ length: count }, () => startPostgres())]);
  await Promise.all([catalog.createDatabase('catalog'), ...servers.map((server) => server.createDatabase(database))]);
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-scenario-'));
  const configFile = join(folder, 'tenantry.config.json');
  const environment: Record<string, string> = {
    TENANTRY_CATALOG_URL: catalog.url('catalog'),
    TENANTRY_FLEET_KEY: randomBytes(32).toString('base64'),
    TENANTRY_DEVELOPMENT_KEY: randomBytes(32).toString('base64'),
    ...Object.fromEntries(
      (['app', 'superuser', 'mover', 'admin'] as const).map((principal) => [passwordVariable(principal), randomBytes(12).toString('hex')]),
    ),
    TENANTRY_BOOTSTRAP_USER: catalog.user,
    TENANTRY_BOOTSTRAP_PASSWORD: catalog.password,
    TENANTRY_CONFIG: configFile,
  };
  const services = createServices({ engines: createEngines(), clock: systemClock, now: () => new Date(), warn: () => undefined });
  const configure: Stage['configure'] = async (changed) => writeFile(configFile, JSON.stringify(changed, null, 2));
  await configure(config);
  return {
    catalog,
    servers,
    database,
    configFile,
    environment,
    url: (login, at = {}) => {
      const server = servers[at.server ?? 0];
      if (server === undefined) throw new Error(`There is no server ${at.server}.`);
      const name = at.database ?? database;
      if (login === undefined) return server.url(name);
      const { user } = config.logins[login];
      return server.url(name, { user: typeof user === 'string' ? user : '', password: environment[passwordVariable(login)] ?? '' });
    },
    tenantry: async (line, options = {}) => {
      const { code, out, err } = await runCommand(line.split(' '), { environment, folder, services, ...options });
      return { code, out: out.trimEnd(), err: err.trimEnd() };
    },
    configure,
    close: async () => {
      await Promise.all([catalog, ...servers].map((server) => server.stop()));
      await rm(folder, { recursive: true });
    },
  };
}
