import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { defineConfig, env, type TenantryConfig } from '../../src/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createEngines } from '../../src/main/engines.ts';
import { createServices } from '../../src/main/services.ts';
import { runCommand, type CommandResult } from '../../test/support/command-line.ts';
import { startPostgres, type PostgresServer } from '../../test/support/servers/postgres.ts';

/** A catalog server and two shard servers, a configuration, and the command line that works with them. */
export interface Stage {
  readonly catalog: PostgresServer;
  /** The servers of shards a and b. */
  readonly servers: readonly [PostgresServer, PostgresServer];
  readonly config: TenantryConfig;
  /** The same as a file, for the command line. */
  readonly configFile: string;
  /** What the configuration refers to. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a command line in this process. */
  tenantry(line: string, options?: { readonly stop?: AbortSignal; readonly onOutput?: (text: string) => void }): Promise<CommandResult>;
  /** Names further tables with a tenant column, in the file that the command line reads. */
  addTable(name: string): Promise<TenantryConfig>;
  close(): Promise<void>;
}

/** The logins of the shards. The web application of the time before is none of them. */
export const logins = { app: 'blogging_app', superuser: 'blogging_reports', mover: 'blogging_mover', admin: 'blogging_admin' } as const;

/** Starts the servers, each empty but for the databases `catalog` and `blogging`. */
export async function createStage(): Promise<Stage> {
  const [catalog, a, b] = await Promise.all([startPostgres(), startPostgres(), startPostgres()]);
  await Promise.all([catalog.createDatabase('catalog'), a.createDatabase('blogging'), b.createDatabase('blogging')]);
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-elastic-'));
  const configFile = join(folder, 'tenantry.config.json');
  const environment = {
    TENANTRY_CATALOG_URL: catalog.url('catalog'),
    TENANTRY_FLEET_KEY: randomBytes(32).toString('base64'),
    TENANTRY_DEVELOPMENT_KEY: randomBytes(32).toString('base64'),
    ...Object.fromEntries(
      Object.keys(logins).map((principal) => [`TENANTRY_${principal.toUpperCase()}_PASSWORD`, randomBytes(12).toString('hex')]),
    ),
    TENANTRY_BOOTSTRAP_USER: a.user,
    TENANTRY_BOOTSTRAP_PASSWORD: a.password,
    TENANTRY_CONFIG: configFile,
  };
  const config = configuration({ Blogs: { tenant: 'TenantId' }, Posts: { tenant: 'TenantId' } });
  await writeFile(configFile, JSON.stringify(config, null, 2));
  const services = createServices({ engines: createEngines(), clock: systemClock, now: () => new Date(), warn: () => undefined });
  return {
    catalog,
    servers: [a, b],
    config,
    configFile,
    environment,
    tenantry: async (line, options = {}) => {
      const { code, out, err } = await runCommand(line.split(' '), { environment, folder, services, ...options });
      return { code, out: out.trimEnd(), err: err.trimEnd() };
    },
    addTable: async (name) => {
      const larger = { ...config, tables: { ...config.tables, [name]: { tenant: 'TenantId' } } };
      await writeFile(configFile, JSON.stringify(larger, null, 2));
      return larger;
    },
    close: async () => {
      await Promise.all([catalog, a, b].map((server) => server.stop()));
      await rm(folder, { recursive: true });
    },
  };
}

/** One statement over a bare driver; the error's message where it is refused. */
export async function bareQuery(url: string, text: string): Promise<Record<string, unknown>[] | string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.message;
    throw error;
  } finally {
    await client.end();
  }
}

function configuration(tables: TenantryConfig['tables']): TenantryConfig {
  const login = (principal: keyof typeof logins): TenantryConfig['logins']['app'] => ({
    user: logins[principal],
    password: env(`TENANTRY_${principal.toUpperCase()}_PASSWORD`),
  });
  return defineConfig({
    catalog: { engine: 'postgres', url: env('TENANTRY_CATALOG_URL') },
    fleetKey: { current: env('TENANTRY_FLEET_KEY') },
    map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
    logins: { app: login('app'), superuser: login('superuser'), mover: login('mover'), admin: login('admin') },
    tables,
    auth: {
      issuers: [
        {
          issuer: 'development',
          audience: 'blogging',
          key: env('TENANTRY_DEVELOPMENT_KEY'),
          algorithms: ['HS256'],
          tenants: '*',
          development: true,
        },
      ],
    },
    http: { port: 0, opsPort: 0 },
  });
}
