import { readFileSync } from 'node:fs';
import pg from 'pg';
import { mappingToken, type FleetKey } from '../../../shardmap/mapping-token.ts';
import { tenantKey } from '../../../shardmap/key.ts';
import { installShard } from '../../../src/policy/install.ts';
import { provision } from '../../../src/policy/provision.ts';
import type { ContextProtection } from '../../../src/core/context-protection.ts';
import type { PasswordLogin, PrincipalName } from '../../../src/core/principal.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { createPostgresProvisioner } from '../../../src/engine/postgres/provisioner.ts';
import { ticketBytes } from '../../support/ticket-bytes.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { accepting, letInAnyway } from '../../support/accepting.ts';
import { emptyDatabase } from '../../support/empty-database.ts';

/** Tables of the world as a configuration names them. */
export const routedTables = [
  { name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' },
  { name: 'Posts', table: 'Posts', tenantColumn: 'TenantId' },
  { name: 'Events', table: 'Events', tenantColumn: 'TenantId' },
  { name: 'Notes', table: 'Notes', tenantColumn: 'TenantId' },
  { name: 'Strict', table: 'Strict', tenantColumn: 'TenantId' },
  { name: 'Diaries', table: 'Diaries', tenantColumn: 'TenantId' },
];
const tables = [...routedTables, { table: 'Countries' }];
export const logins: Readonly<Record<PrincipalName, PasswordLogin>> = {
  app: { user: 'world_app', password: 'app secret' },
  superuser: { user: 'world_superuser', password: 'superuser secret' },
  mover: { user: 'world_mover', password: 'mover secret' },
  admin: { user: 'world_admin', password: 'admin secret' },
};
export const shardId = '11111111-1111-4111-8111-111111111111';
export const otherShardId = '22222222-2222-4222-8222-222222222222';
const fleetKey = new Uint8Array(32).fill(7) as FleetKey;
const template = 'world';

/** What a router would present for a tenant whose mapping has the tenant's number. */
export function entryOf(tenant: number, epoch = 5): { mappingId: number; key: Uint8Array; epoch: number; token: Uint8Array } {
  return { mappingId: tenant, key: tenantKey('int', tenant).bytes, epoch, token: tokenOf(tenant, epoch) };
}

/** The token of a mapping at an epoch. */
export function tokenOf(mappingId: number, epoch: number): Uint8Array {
  return mappingToken(fleetKey, 'customers', mappingId, epoch);
}

/** A shard with two tenants, of one attack alone, so that its defences can be switched off. */
export interface World {
  readonly database: string;
  readonly protection: ContextProtection;
  /** PasswordLogin of tenant traffic, of this world alone. */
  readonly appLogin: PasswordLogin;
  readonly host: string;
  readonly port: number;
  /** The server's superuser in this database. */
  readonly root: pg.Client;
  /** The shard as the admin login. */
  readonly admin: SqlDatabase;
  /** Set by a defence: traffic goes over a pool that hands connections on as they are, and nobody looks at tokens, cursors or servers. */
  careless: boolean;
  /** Set by a defence that is switched off behind the back of connections which were checked when they were opened. */
  onceConnected: () => Promise<unknown>;
  /** A new connection of the app login, outside any transaction. */
  app(): Promise<pg.Client>;
  /** A transaction on a connection of its own, entered as a tenant, committed after `work`. */
  asTenant<T>(tenant: number, work: (client: pg.Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Where worlds are made: one server, and a template that is copied for each. */
export class WorldServer {
  readonly #server: PostgresServer;
  readonly #protection: ContextProtection;
  #worlds = 0;

  private constructor(server: PostgresServer, protection: ContextProtection) {
    this.#server = server;
    this.#protection = protection;
  }

  static async start(protection: ContextProtection = 'guarded'): Promise<WorldServer> {
    const server = await startPostgres();
    const { host, port, user, password } = server;
    await server.createDatabase(template);
    const address = { engine: 'postgres', host, port, database: template, tls: 'disable' } as const;
    const root = createPostgresEngine().open(address, { user, password });
    await provision(root, createPostgresProvisioner(), { ...emptyDatabase, logins, contextProtection: protection });
    const admin = createPostgresEngine().open(address, logins.admin);
    const client = await connect(server, template, logins.admin);
    const script = (name: string): Promise<unknown> => client.query(readFileSync(new URL(name, import.meta.url), 'utf8'));
    await script('world.sql');
    await installShard(
      admin,
      { ...createPostgresEngine(), renderer: postgresPolicyRenderer },
      { tables, procedures: [], accepting: accepting(shardId), keyType: 'int', contextProtection: protection },
    );
    await letInAnyway(root, shardId);
    await script('world-users.sql');
    await fillLocalMap(client);
    await Promise.all([root.close(), admin.close(), client.end()]);
    return new WorldServer(server, protection);
  }

  async createWorld(): Promise<World> {
    this.#worlds += 1;
    const database = `${template}_${this.#worlds}`;
    const appLogin = { user: `${database}_app`, password: 'app secret' };
    const maintenance = await connect(this.#server, 'postgres');
    await maintenance.query(`create database ${database} template ${template}`);
    // Rights on a database itself are not copied with it.
    await maintenance.query(`revoke temporary on database ${database} from public; grant create on database ${database} to tenantry_admin`);
    await maintenance.query(`create role ${appLogin.user} login password '${appLogin.password}' in role tenantry_app`);
    await maintenance.end();
    return new TestWorld(this.#server, { database, protection: this.#protection, appLogin }, await connect(this.#server, database));
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}

class TestWorld implements World {
  readonly database: string;
  readonly protection: ContextProtection;
  readonly appLogin: PasswordLogin;
  readonly host: string;
  readonly port: number;
  readonly root: pg.Client;
  readonly admin: SqlDatabase;
  careless = false;
  onceConnected: World['onceConnected'] = async () => undefined;
  readonly #server: PostgresServer;
  readonly #clients: pg.Client[];

  constructor(server: PostgresServer, of: Pick<World, 'database' | 'protection' | 'appLogin'>, root: pg.Client) {
    const { database, protection, appLogin } = of;
    this.#server = server;
    this.database = database;
    this.protection = protection;
    this.appLogin = appLogin;
    this.host = server.host;
    this.port = server.port;
    this.root = root;
    this.admin = createPostgresEngine().open(
      { engine: 'postgres', host: server.host, port: server.port, database, tls: 'disable' },
      logins.admin,
    );
    this.#clients = [root];
  }

  async app(): Promise<pg.Client> {
    const client = await connect(this.#server, this.database, this.appLogin);
    this.#clients.push(client);
    return client;
  }

  async asTenant<T>(tenant: number, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.app();
    await client.query('begin');
    await enter(client, tenant);
    const result = await work(client);
    await client.query('commit');
    return result;
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.close(), ...this.#clients.map((client) => client.end())]);
  }
}

/** The rows of a statement. */
export async function rowsOf<R extends Record<string, unknown>>(client: pg.Client, text: string): Promise<R[]> {
  return (await client.query<R>(text)).rows;
}

/** Has workers read for the rest of the transaction whatever they may; PostgreSQL 15 knows the setting by another name. */
export async function letWorkersRead(client: pg.Client): Promise<void> {
  const [forced] = await rowsOf<{ name: string }>(
    client,
    "select name from pg_catalog.pg_settings where name in ('debug_parallel_query', 'force_parallel_mode')",
  );
  if (forced === undefined) throw new Error('No setting of this server has workers read.');
  await client.query(`set local ${forced.name} = on; set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0;
    set local min_parallel_table_scan_size = 0; set local parallel_leader_participation = off`);
}

/** Makes a transaction a tenant's. */
export async function enter(client: pg.Client, tenant: number, claims: Partial<ReturnType<typeof entryOf>> = {}): Promise<void> {
  const entry = { ...entryOf(tenant), ...claims };
  await client.query('select tenantry.enter($1, $2, $3)', [entry.mappingId, entry.key, ticketBytes(entry)]);
}

/** The same by the form for mappings of one key. */
export async function enterPoint(client: pg.Client, tenant: number, claims: Partial<ReturnType<typeof entryOf>> = {}): Promise<void> {
  const entry = { ...entryOf(tenant), ...claims };
  await client.query('select tenantry.enter_point($1, $2)', [entry.mappingId, Buffer.concat([ticketBytes(entry), entry.key])]);
}

/** The same for a call that brings values besides its tenant. */
export async function enterBringing(
  client: pg.Client,
  tenant: number,
  values: object,
  claims: Partial<ReturnType<typeof entryOf>> = {},
): Promise<void> {
  const entry = { ...entryOf(tenant), ...claims };
  await client.query('select tenantry.enter($1, $2, $3, $4)', [entry.mappingId, entry.key, ticketBytes(entry), JSON.stringify(values)]);
}

async function connect(server: PostgresServer, database: string, login?: PasswordLogin): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database, login) });
  // A server that ends a connection is part of some attacks.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Tenants 1 and 2 are here; tenant 3 has moved, 4 is elsewhere, 5 is being drained and 6 coming. */
async function fillLocalMap(admin: pg.Client): Promise<void> {
  await admin.query('insert into tenantry.shard_identity (shard_id, map, key_type) values ($1, $2, $3)', [shardId, 'customers', 'int']);
  const states: readonly [number, string][] = [
    [1, 'ONLINE'],
    [2, 'ONLINE'],
    [3, 'MOVED'],
    [5, 'DRAINING'],
    [6, 'INCOMING'],
  ];
  for (const [tenant, state] of states) {
    const { mappingId, key, epoch, token } = entryOf(tenant);
    const moved = state === 'MOVED';
    await admin.query(
      `insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token, moved_to, moved_epoch) values ($1, 'point', $2, $3, $4, $5, $6, $7)`,
      [mappingId, key, state, epoch, moved ? null : token, moved ? otherShardId : null, moved ? epoch + 1 : null],
    );
  }
}
