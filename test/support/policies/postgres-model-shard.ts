import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import { withPolicies } from '../../../src/config/row-policies.ts';
import { compileSql } from '../../../src/core/compile-sql.ts';
import { contextText, type ContextValue } from '../../../src/core/context-values.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { postgresDialect } from '../../../src/engine/postgres/postgres-dialect.ts';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { applyDespiteLeaks } from '../apply-despite-leaks.ts';
import { postgresPolicies } from '../policy-shard.ts';
import { createTestShard, shardLogins } from '../postgres-shard.ts';
import { startPostgres } from '../servers/postgres.ts';
import { ticketBytes } from '../ticket-bytes.ts';
import { contextTypes } from './arbitrary-model.ts';
import { tenants } from './arbitrary-world.ts';
import {
  columnsOf,
  context,
  type Caller,
  type ColumnType,
  type Outcome,
  type Row,
  type Shape,
  type ShapeTable,
  type World,
  type Write,
} from './model.ts';
import type { AskedShard, ModelShard } from './model-shard.ts';
import { cells, name, placeOf, value, writeText } from './postgres-write.ts';
import { accepting } from '../accepting.ts';

const token = randomBytes(16);
const types: Readonly<Record<ColumnType, string>> = {
  int: 'integer',
  bigint: 'bigint',
  uuid: 'uuid',
  text: 'text',
  varchar: 'varchar(40)',
  flag: 'boolean',
};

/** A PostgreSQL of its own with the shape's tables under the tenant's policies; a model is there for the length of a transaction. */
export async function openPostgresModelShard(shape: Shape): Promise<ModelShard> {
  const server = await startPostgres();
  const shard = await createTestShard(server, 'models');
  await shard.root.query(
    sqlText(
      schemas(shape)
        .map((schema) => `create schema if not exists ${name(schema)} authorization tenantry_admin;`)
        .join(''),
    ),
  );
  await shard.admin.query(sqlText(shape.tables.map(tableText).join(';\n')));
  for (const tenant of tenants) await shard.admin.query(sqlText(mappingText(tenant)));
  const tables = shape.tables.map(({ settings }) => settings);
  await applyDespiteLeaks(shard.admin, postgresPolicies, {
    tables,
    procedures: [],
    accepting: accepting(shard.shardId),
    keyType: 'int',
    dryRun: false,
  });
  const client = new pg.Client({ connectionString: server.url('models') });
  await client.connect();
  return {
    manners: { answerAsksReading: true, unchangeable: 'passed over' },
    async within(world, work) {
      try {
        await client.query(`begin; ${setUp(world)}`);
        return await work(new AskedPostgres(client, world));
      } finally {
        await client.query('rollback');
      }
    },
    async close() {
      await client.end();
      await shard.close();
      await server.stop();
    },
  };
}

class AskedPostgres implements AskedShard {
  readonly #client: pg.Client;
  readonly #world: World;

  constructor(client: pg.Client, world: World) {
    this.#client = client;
    this.#world = world;
  }

  async seen(callers: readonly Caller[]): Promise<Row[][][]> {
    const { tables } = this.#world.shape;
    const asked = callers.flatMap((caller) => [entered(caller), ...tables.map(rowsText)]);
    const answers = await this.#run([...asked, leave]);
    // Of each caller the first two answers are of its entry.
    return callers.map((_, index) => {
      const start = index * (tables.length + 2) + 2;
      return answers.slice(start, start + tables.length);
    });
  }

  async attempt(caller: Caller, write: Write): Promise<Outcome> {
    const table = this.#world.shape.tables.find(({ settings }) => settings.name === write.table);
    if (table === undefined) throw new Error(`The shape has no table ${write.table}.`);
    let undo = rollback;
    try {
      const [, , , answered = []] = await this.#run(['savepoint before', entered(caller), writeText(write, table)]);
      const [, rows = []] = await this.#run([leave, rowsText(table), rollback]);
      undo = '';
      return { rows, answered };
    } catch (error) {
      // A row that a policy does not admit, or a key that is taken.
      if (error instanceof pg.DatabaseError && ['42501', '23505'].includes(error.code ?? '')) return 'refused';
      throw error;
    } finally {
      if (undo !== '') await this.#client.query(undo);
    }
  }

  async #run(statements: readonly string[]): Promise<Row[][]> {
    // Statements that come together are answered together.
    const answers = (await this.#client.query(statements.join(';\n'))) as unknown as readonly pg.QueryResult<Row>[];
    return answers.map(({ rows }) => rows);
  }
}

const leave = 'reset session authorization';
const rollback = 'rollback to before';

/** Becomes app, and enters the caller's tenant with what its call brings. */
function entered({ tenant, values }: Caller): string {
  const given = Object.fromEntries(Object.entries(values).map(([key, text]) => [key, asGiven(key, text)]));
  const text = contextText(contextTypes, given);
  const ticket = ticketBytes({ epoch: 1, token });
  const proof = `${tenant}, ${bytes(encodeInt(tenant))}, ${bytes(ticket)}`;
  return `set local session authorization ${shardLogins.app.user}; select tenantry.enter(${proof}${text === undefined ? '' : `, ${value(text)}`})`;
}

function asGiven(key: string, text: string | readonly string[]): ContextValue {
  const { type } = context.find((setting) => setting.name === key) ?? {};
  return (type === 'int' || type === 'bigint') && typeof text === 'string' ? BigInt(text) : text;
}

function rowsText(table: ShapeTable): string {
  return `select ${cells(table, 'shown')} from ${placeOf(table)} as shown`;
}

/** Policies as admin makes them, in the renderer's own words, and the rows. */
function setUp({ shape, policies, rows }: World): string {
  const tables = withPolicies({ tables: shape.tables.map(({ settings }) => settings), context, policies });
  const statements = tables.flatMap(({ schema = 'public', table, tenantColumn = null, policies: own = [] }) => {
    const found = { schema, table, tenantColumn, role: 'routed', sequences: [], capturable: true, key: [], columns: [] } as const;
    const wanted = postgresPolicyRenderer.wanted({ ...found, policies: own }, 'int', []);
    const items = wanted.filter(({ item }) => item.startsWith('policy tenantry_rows_'));
    return items.flatMap((item) => item.statements.map((statement) => compileSql(statement, postgresDialect).text));
  });
  const inserts = shape.tables.flatMap((table) => insertion(table, rows[table.settings.name] ?? []));
  return [`set local session authorization ${shardLogins.admin.user}`, ...statements, leave, ...inserts].join(';\n');
}

function insertion(table: ShapeTable, rows: readonly Row[]): string[] {
  const columns = columnsOf(table);
  if (rows.length === 0) return [];
  const tuples = rows.map((row) => `(${columns.map((column) => value(row[column])).join(', ')})`);
  return [`insert into ${placeOf(table)} (${columns.map(name).join(', ')}) values ${tuples.join(', ')}`];
}

function tableText(table: ShapeTable): string {
  const { tenantColumn } = table.settings;
  const keys = [...(tenantColumn === undefined ? [] : [tenantColumn]), table.key];
  const columns = Object.entries(table.columns).map(([column, type]) => `${name(column)} ${types[type]}`);
  const all = [...keys.map((column) => `${name(column)} integer not null`), ...columns, `primary key (${keys.map(name).join(', ')})`];
  return `create table ${placeOf(table)} (${all.join(', ')})`;
}

function schemas({ tables }: Shape): string[] {
  return tables.flatMap(({ settings: { schema } }) => (schema === undefined ? [] : [schema]));
}

function mappingText(tenant: number): string {
  const values = `${tenant}, 'point', ${bytes(encodeInt(tenant))}, 'ONLINE', 1, ${bytes(token)}`;
  return `insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (${values})`;
}

function bytes(of: Uint8Array): string {
  return `'\\x${Buffer.from(of).toString('hex')}'`;
}
