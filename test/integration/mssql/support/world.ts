import { readFileSync } from 'node:fs';
import mssql from 'mssql';
import type { Login } from '../../../../src/core/principal.ts';
import type { Row, SqlDatabase, SqlSession } from '../../../../src/core/session.ts';
import { sql, sqlText, type Sql } from '../../../../src/core/sql.ts';
import type { EngineConnection } from '../../../../src/engine/engine.ts';
import { connectionConfig } from '../../../../src/engine/mssql/connection-config.ts';
import { createMssqlEngine } from '../../../../src/engine/mssql/mssql-engine.ts';
import { addPoint } from '../../../support/add-point.ts';
import { createMssqlTestShard, type MssqlTestShard } from '../../../support/mssql-shard.ts';
import { enter, enterText, entryOf } from './entries.ts';
import { carelessTraffic, routedTraffic, type Traffic } from './traffic.ts';
import { expectationsOf } from '../../../support/shard-expectations.ts';

/** Tables of the world as a configuration names them. */
const routedTables = [
  { name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' },
  { name: 'Posts', table: 'Posts', tenantColumn: 'TenantId' },
];
const otherShardId = '22222222-2222-4222-8222-222222222222';
/** A shard with two tenants, of one attack alone, so that its defences can be switched off. */
export interface World {
  /** Users of this world's database alone. */
  readonly users: Readonly<Record<'app' | 'superuser' | 'admin', string>>;
  /** The server's administrator, in this database. */
  readonly root: SqlDatabase;
  /** The shard as the admin login. */
  readonly admin: SqlDatabase;
  /** Set by a defence: connections are handed on as they are, and nobody looks at the server. */
  careless: boolean;
  /** The login of tenant traffic with a connection of its own, which is reset before each use. */
  app(): SqlDatabase;
  /** A transaction on a connection of its own, entered as a tenant, committed after `work`. */
  asTenant<T>(tenant: number, work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Requests of several tenants over one connection: the engine's, unless the world's defence is off. */
  traffic(): Promise<Traffic>;
  /** A connection as a router opens it, which expects the server to be `changed(what it is)`. */
  connect(changed: (incarnation: string) => string): Promise<EngineConnection>;
  /** Bulk load of blogs by the driver, as a tenant. */
  load(tenant: number, rows: readonly (readonly [tenant: number, blog: number, name: string])[]): Promise<void>;
  close(): Promise<void>;
}

/** A new shard with the tables of world.sql and what `more` makes, routed tables among it, and a local map with a mapping in each state. */
export async function createWorld(more = '', tables: readonly string[] = []): Promise<World> {
  const text = `${readFileSync(new URL('world.sql', import.meta.url), 'utf8')}${more}`;
  const routed = [...routedTables, ...tables.map((table) => ({ table, tenantColumn: 'TenantId' }))];
  const shard = await createMssqlTestShard({ text, routed });
  await fillLocalMap(shard.admin);
  return new TestWorld(shard);
}

class TestWorld implements World {
  careless = false;
  readonly #engine = createMssqlEngine();
  readonly #shard: MssqlTestShard;
  readonly #opened: { close(): Promise<void> }[] = [];

  constructor(shard: MssqlTestShard) {
    this.#shard = shard;
  }

  get users(): World['users'] {
    const { app, superuser, admin } = this.#shard.logins;
    return { app: app.user, superuser: superuser.user, admin: admin.user };
  }

  get root(): SqlDatabase {
    return this.#shard.root;
  }

  get admin(): SqlDatabase {
    return this.#shard.admin;
  }

  app(): SqlDatabase {
    return this.#keep(this.#engine.open(this.#shard.address, this.#login, { connections: 1, statementTimeoutMs: 20_000 }));
  }

  asTenant<T>(tenant: number, work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.app().transaction(async (session) => {
      await enter(session, tenant);
      return await work(session);
    });
  }

  async traffic(): Promise<Traffic> {
    const { address } = this.#shard;
    return this.#keep(this.careless ? await carelessTraffic(address, this.#login) : routedTraffic(() => this.connect((is) => is)));
  }

  async connect(changed: (incarnation: string) => string): Promise<EngineConnection> {
    const { address, shardId, incarnation } = this.#shard;
    const expectations = expectationsOf({ shardId, incarnation: changed(incarnation) }, { tables: routedTables });
    return this.#keep(await this.#engine.connect(address, this.#login, expectations));
  }

  async load(tenant: number, rows: readonly (readonly [number, number, string])[]): Promise<void> {
    const { user, password } = this.#login;
    const { server, options } = connectionConfig(
      this.#shard.address,
      { authentication: { type: 'default', options: {} }, trust: undefined },
      5_000,
    );
    const pool = await new mssql.ConnectionPool({ server, options, user, password, pool: { max: 1 } }).connect();
    try {
      const transaction = pool.transaction();
      await transaction.begin();
      await transaction.request().batch(enterText(tenant));
      const table = new mssql.Table('[dbo].[Blogs]');
      table.columns.add('TenantId', mssql.Int, { nullable: false });
      table.columns.add('BlogId', mssql.Int, { nullable: false });
      table.columns.add('Name', mssql.NVarChar(200), { nullable: false });
      for (const row of rows) table.rows.add(...row);
      await transaction.request().bulk(table);
      await transaction.commit();
    } finally {
      await pool.close();
    }
  }

  async close(): Promise<void> {
    for (const opened of this.#opened) await opened.close();
    await this.#shard.close();
  }

  get #login(): Login {
    return this.#shard.logins.app;
  }

  #keep<T extends { close(): Promise<void> }>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }
}

/** The rows of a statement. */
export async function rowsOf(session: SqlSession, text: string): Promise<Row[]> {
  return (await session.query(sqlText(text))).rows;
}

/** A statement about a user of the world's database. */
export function about(user: string, before: string, after = ''): Sql {
  return sql`${sqlText(before)} ${sql.id(user)}${sqlText(after)}`;
}

/** Tenants 1 and 2 are here; tenant 3 has moved, 4 is elsewhere, 5 is being drained, 6 coming and 8 offline. */
async function fillLocalMap(admin: SqlDatabase): Promise<void> {
  const states: readonly [number, string][] = [
    [1, 'ONLINE'],
    [2, 'ONLINE'],
    [3, 'ONLINE'],
    [5, 'DRAINING'],
    [6, 'INCOMING'],
    [8, 'OFFLINE'],
  ];
  for (const [tenant, state] of states) await addPoint(admin, entryOf(tenant), state);
  await admin.query(sql`UPDATE [tenantry].[local_mapping]
    SET [state] = N'MOVED', [token] = NULL, [moved_to] = ${otherShardId}, [moved_epoch] = 6 WHERE [mapping_id] = 3`);
}
