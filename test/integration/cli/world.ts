import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createEngines, engineOf } from '../../../src/main/engines.ts';
import { createServices } from '../../../src/main/services.ts';
import { runCommand, type CommandResult } from '../../support/command-line.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';

const fleetKey = Buffer.alloc(32, 5).toString('base64');
const developmentKey = Buffer.alloc(32, 6).toString('base64');

/** A server with an empty catalog database, and a folder with a configuration that names it. */
export interface CliWorld {
  readonly server: PostgresServer;
  readonly folder: string;
  readonly environment: Record<string, string>;
  /** Warnings of services. */
  readonly warnings: string[];
  run(
    line: string,
    options?: {
      readonly answers?: readonly string[];
      readonly environment?: Record<string, string>;
      readonly stop?: AbortSignal;
      readonly version?: string;
      readonly onOutput?: (text: string) => void;
      /** Of limits and pauses; the system's by default. */
      readonly clock?: Clock;
    },
  ): Promise<CommandResult>;
  /** A database of the server, as its superuser; closed with the world. */
  openDatabase(name: string): SqlDatabase;
  /** A new database with the configured tables, and nothing of Tenantry's. */
  createShardDatabase(name: string): Promise<SqlDatabase>;
  close(): Promise<void>;
}

/** Blogs and Posts as the configuration below names them. */
const tables = `
  create table "Blogs" ("TenantId" integer not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
  create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "Title" text not null, primary key ("TenantId", "PostId"))`;

/** The configuration of the tests, as JSON; `parts` stand in place of what it has. */
export function configuration(parts: object = {}): string {
  const login = (name: string): object => ({ user: name, password: { env: 'TENANTRY_PASSWORD' } });
  return JSON.stringify({
    catalog: { engine: 'postgres', url: { env: 'TENANTRY_CATALOG_URL' } },
    fleetKey: { current: { env: 'TENANTRY_FLEET_KEY' } },
    map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
    logins: { app: login('t_app'), superuser: login('t_superuser'), mover: login('t_mover'), admin: login('t_admin') },
    tables: { Blogs: { tenant: 'TenantId' }, Posts: { tenant: 'TenantId' } },
    auth: {
      issuers: [
        {
          issuer: 'dev',
          audience: 'api',
          key: { env: 'TENANTRY_DEVELOPMENT_KEY' },
          algorithms: ['HS256'],
          tenants: '*',
          development: true,
        },
      ],
    },
    http: { port: 0, opsPort: 0 },
    ...parts,
  });
}

/** Starts a server; the catalog's database is there, and empty. */
export async function createCliWorld(): Promise<CliWorld> {
  const server = await startPostgres();
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-cli-'));
  const environment = {
    TENANTRY_CATALOG_URL: await server.createDatabase('catalog'),
    TENANTRY_FLEET_KEY: fleetKey,
    TENANTRY_PASSWORD: 'a password, 3 words',
    TENANTRY_DEVELOPMENT_KEY: developmentKey,
    TENANTRY_BOOTSTRAP_USER: server.user,
    TENANTRY_BOOTSTRAP_PASSWORD: server.password,
    // For what is started as a process of its own.
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
  };
  await writeFile(join(folder, 'tenantry.config.json'), configuration());
  const warnings: string[] = [];
  const engines = createEngines();
  const servicesBy = (clock: Clock) => createServices({ engines, clock, now: () => new Date(), warn: (text) => warnings.push(text) });
  const opened: SqlDatabase[] = [];
  const open = (database: string): SqlDatabase => {
    const address = { engine: 'postgres', host: server.host, port: server.port, database, tls: 'disable' as const };
    const connection = engineOf(engines, address).open(address, server);
    opened.push(connection);
    return connection;
  };
  return {
    server,
    folder,
    environment,
    warnings,
    run: (line, { clock = systemClock, ...options } = {}) =>
      runCommand(
        line.split(' ').filter((word) => word !== ''),
        { folder, services: servicesBy(clock), ...options, environment: { ...environment, ...options.environment } },
      ),
    openDatabase: open,
    createShardDatabase: async (name) => {
      await server.createDatabase(name);
      const database = open(name);
      await database.query(sqlText(tables));
      return database;
    },
    close: async () => {
      await Promise.all(opened.map((database) => database.close()));
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
