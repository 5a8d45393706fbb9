import { schemaVersions } from '../../src/core/schema-version.ts';
import { once } from 'node:events';
import { encodeInt } from '../../shardmap/key-encoding.ts';
import type { CapabilitySettings } from '../../src/core/capability-settings.ts';
import type { ContextProtection } from '../../src/core/context-protection.ts';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { compileSql, type CompiledSql } from '../../src/core/compile-sql.ts';
import type { Sql } from '../../src/core/sql.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import type { EngineConnection, ExpectedTable, OpenOptions } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { createMssqlEngine } from '../../src/engine/mssql/mssql-engine.ts';
import { QueryLibrary } from '../../src/engine/mssql/query-library.ts';
import { logIn } from '../../src/engine/mssql/login.ts';
import { MssqlConnection } from '../../src/engine/mssql/mssql-connection.ts';
import { mssqlDialect } from '../../src/engine/mssql/mssql-dialect.ts';
import { WireClient } from '../../src/engine/mssql/wire-client.ts';
import { SqlServerModel } from './tds/model/model.ts';
import { protectionAnswer, type SaidOfProtection } from './protection-answer.ts';
import type { ModelStatement, StatementAnswer } from './tds/model/statement.ts';
import { signerOfTests } from './accepting.ts';
import { allCapabilities } from './all-capabilities.ts';
import { startTdsServer, type TdsServer } from './tds/server.ts';

/** Epoch of every tenant here. */
export const epoch = 5;
/** The shard as the catalog knows it. */
export const shardId = '00000000-0000-4000-8000-00000000000a';
export const incarnation = '00000000-0000-4000-8000-0000000000ff';
/** What no error and no log may show. */
export const secretPassword = 'a secret password';

/** How a connection to the scripted shard is opened. */
export interface ScriptedConnectionOptions {
  readonly answerBytes?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Milliseconds for the login; 30,000 by default. */
  readonly timeoutMs?: number;
}

/**
 * A shard that a scripted server plays: tenants 1 to 4, whose statements are answered as a test says. It stands for what goes
 * over the wire; nothing is known here of what a statement would find in a table.
 */
export class ScriptedShard implements AsyncDisposable {
  readonly model: SqlServerModel;
  readonly server: TdsServer;
  /** Marks of the changes that are committed: the first parameter of what is no query. */
  readonly committed: unknown[];
  /** Answers statements; by default a query gives one row, and anything else changes one. */
  answer: (statement: ModelStatement) => StatementAnswer | Promise<StatementAnswer>;
  readonly #connections: MssqlConnection[] = [];
  readonly #engine = createMssqlEngine();
  #disorder: Disorder = {};

  private constructor(model: SqlServerModel, server: TdsServer, committed: unknown[], hands: { answer: ScriptedShard['answer'] }) {
    this.model = model;
    this.server = server;
    this.committed = committed;
    this.answer = (statement) => this.byDefault(statement);
    hands.answer = (statement) => answerToProgram(statement, this.#disorder) ?? this.answer(statement);
  }

  static async start(): Promise<ScriptedShard> {
    const hands: { answer: ScriptedShard['answer'] } = { answer: () => ({ count: 0 }) };
    const model = new SqlServerModel({ statement: (statement) => hands.answer(statement) });
    for (const tenant of [1, 2, 3, 4]) {
      const { key, token } = entryOf(tenant);
      model.mappings.set(tenant, { key: Buffer.from(key), token: Buffer.from(token), epoch: BigInt(epoch), state: 'ONLINE' });
    }
    return new ScriptedShard(model, await startTdsServer(model), [], hands);
  }

  /** What is wrong with the database, for connections that are opened from now on. */
  saysOfItself(disorder: Disorder): void {
    this.#disorder = disorder;
  }

  /** What statements answer unless a test says otherwise. */
  byDefault({ text, parameters }: ModelStatement): StatementAnswer {
    if (text.startsWith('select')) return { columns: { n: 'int' }, rows: [[1]] };
    return { count: 1, effect: () => this.committed.push(parameters[0]?.value) };
  }

  /** A connection as app, without the checks of an engine's `connect`. */
  async connect(options: ScriptedConnectionOptions = {}): Promise<MssqlConnection> {
    const opened = await ScriptedShard.connectTo(this.server, options);
    this.#connections.push(opened);
    return opened;
  }

  /** The database for the program's own work, as an engine's `open` gives it. */
  openDatabase(options: OpenOptions & { readonly clock?: Clock } = {}): SqlDatabase {
    const { clock = systemClock, ...open } = options;
    return createMssqlEngine({ clock }).open(this.#address, { user: 'admin', password: secretPassword }, open);
  }

  /** A connection as an engine's `connect` opens it: checked, and ready for any tenant. */
  async open({
    signal,
    capabilities = {},
    contextProtection = 'guarded',
    tables = [],
    clock,
  }: {
    readonly signal?: AbortSignal;
    readonly capabilities?: CapabilitySettings;
    readonly contextProtection?: ContextProtection;
    readonly tables?: readonly ExpectedTable[];
    readonly clock?: Clock;
  } = {}): Promise<EngineConnection> {
    const engine = clock === undefined ? this.#engine : createMssqlEngine({ clock });
    const expectations = { shardId, incarnation, tables, contextProtection, capabilities, signer: signerOfTests(shardId) };
    return await engine.connect(this.#address, { user: 'app', password: secretPassword }, expectations, signal);
  }

  get #address(): ShardAddress {
    return addressOf(this.server);
  }

  static async connectTo(
    server: Pick<TdsServer, 'host' | 'port'>,
    { answerBytes = 1_000_000, clock = systemClock, signal, timeoutMs = 30_000 }: ScriptedConnectionOptions = {},
  ): Promise<MssqlConnection> {
    const held = await logIn(addressOf(server), { user: 'app', password: secretPassword }, { clock, timeoutMs, signal });
    return new MssqlConnection(new WireClient(held, { clock, answerBytes, bigints: 'text' }), allCapabilities);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) await connection.close();
    await this.server.close();
  }
}

function addressOf({ host, port }: Pick<TdsServer, 'host' | 'port'>): ShardAddress {
  return { engine: 'mssql', host, port, database: 'shard', tls: 'disable' };
}

/** What a database may say of itself that is not in order. */
export interface Disorder {
  /** It answers nothing that it is asked. */
  readonly silent?: boolean;
  readonly shardId?: string | null;
  readonly schemaVersion?: number;
  readonly incarnation?: string | null;
  readonly contextProtection?: string | null;
  /** Instead of a row, none. */
  readonly rows?: readonly [];
  /** Version, edition and level of compatibility. */
  readonly server?: readonly [major: number, edition: number, compatibility: number];
  /** Whether tenants' plans are serial; they are, unless said otherwise. */
  readonly serialPlans?: boolean;
  /** Whether changes are tracked; they are, unless said otherwise. */
  readonly changeTracking?: boolean;
  /** Instead of an answer, an error of this number. */
  readonly error?: number;
  /** Why the login may not serve; with a table, why it may not with that one. */
  readonly problems?: readonly (readonly [table: string | null, problem: string])[];
  /** Instead of the gate's answer, an error of this number. */
  readonly gateError?: number;
  /** Of what protects its tenants; all of it is as it was accepted, unless said otherwise. */
  readonly protection?: SaidOfProtection;
  /** Instead of what protects them, an error of this number. */
  readonly protectionError?: number;
}

const library = new QueryLibrary();
/** The model hands these out in parts, cut where they try what may be refused. */
const serverQuestion = library.query('engine/server').text;
const gateQuestion = library.query('policy/gate', { tables: '[]' }).text;
const verificationQuestion = library.query('policy/verification').text;

/** What a shard answers to the checks of a new connection. */
function answerToProgram(statement: ModelStatement, disorder: Disorder): StatementAnswer | Promise<StatementAnswer> | undefined {
  const { text, tenant } = statement;
  if (tenant !== undefined) return undefined;
  if (disorder.silent === true) return untilAttention(statement);
  if (text.includes('[tenantry].[schema_version]')) {
    if (disorder.error !== undefined) return { error: { number: disorder.error } };
    const columns = { shardId: 'uniqueidentifier', schemaVersion: 'int', incarnation: 'nvarchar(36)', contextProtection: 'nvarchar(10)' };
    const said = { shardId, schemaVersion: schemaVersions.shard, incarnation, contextProtection: 'guarded', ...disorder };
    return { columns, rows: disorder.rows ?? [[said.shardId, said.schemaVersion, said.incarnation, said.contextProtection]] };
  }
  if (serverQuestion.includes(text)) {
    if (!text.includes('ProductMajorVersion')) return { count: 0 };
    return {
      columns: { major: 'int', edition: 'int', compatibility: 'int', serialPlans: 'bit', changeTracking: 'bit' },
      rows: [[...(disorder.server ?? [15, 3, 150]), disorder.serialPlans ?? true, disorder.changeTracking ?? true]],
    };
  }
  if (verificationQuestion.includes(text) && text.includes('[tenantry].[acceptance]()')) {
    if (disorder.protectionError !== undefined) return { error: { number: disorder.protectionError } };
    return protectionAnswer(signerOfTests(shardId), disorder.protection);
  }
  if (!text.includes('sys.security_predicates')) return gateQuestion.includes(text) ? { count: 0 } : undefined;
  if (disorder.gateError !== undefined) return { error: { number: disorder.gateError } };
  return {
    columns: { table: 'nvarchar(400)', problem: 'nvarchar(400)' },
    rows: disorder.problems ?? [],
  };
}

/** What a router presents for a tenant from 1 to 4. */
export function entryOf(tenant: number): Entry {
  return { mappingId: tenant, key: encodeInt(tenant), epoch, token: new Uint8Array(16).fill(tenant) };
}

/** A statement as callers compile it. */
export function compiled(statement: Sql): CompiledSql {
  return compileSql(statement, mssqlDialect);
}

/** A statement that runs until it is cancelled. */
export async function untilAttention({ answer: { attention } }: ModelStatement): Promise<StatementAnswer> {
  if (!attention.aborted) await once(attention, 'abort');
  return 'sent';
}
