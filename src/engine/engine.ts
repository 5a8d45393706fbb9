import type { CapabilitySettings } from '../core/capability-settings.ts';
import type { ContextProtection } from '../core/context-protection.ts';
import type { Dialect } from 'kysely';
import type { CompiledSql } from '../core/compile-sql.ts';
import type { RowPolicy } from '../core/predicate.ts';
import type { ShardVerifier } from '../core/shard-signer.ts';
import type { SqlDialect } from '../core/sql.ts';
import type { Login } from '../core/principal.ts';
import type { Row, SqlDatabase, SqlResult } from '../core/session.ts';
import type { ShardAddress } from '../core/shard-address.ts';
import type { Capabilities, CapabilitiesOf } from './capabilities.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { Entry } from './entry.ts';

/** How statements are written for an engine: Tenantry's own `sql`, and kysely's builder as a compiler without a driver. */
export interface EngineDialect extends SqlDialect {
  readonly kysely: Pick<Dialect, 'createAdapter' | 'createIntrospector' | 'createQueryCompiler'>;
}

/** Isolation of a routed transaction; `read committed` is the default. */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** How a routed statement or transaction runs. */
export interface EnterOptions {
  /** The caller says it only reads: the engine enforces it where it can. */
  readonly readOnly: boolean;
  /** What the call brings besides its tenant (`contextText`); undefined: nothing. The shard keeps it as it keeps the tenant. */
  readonly contextValues?: string | undefined;
  /** Cancels the statement on the server. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that the statement (or each statement of a transaction) may take. */
  readonly timeoutMs: number;
}

/** A tenant's open transaction on a shard. One statement at a time. */
export interface EngineTransaction {
  /** After ANSWER_TOO_LARGE the transaction can only be rolled back. */
  query<R extends Row>(statement: CompiledSql): Promise<SqlResult<R>>;
  /** Rows with backpressure; leaving the loop early ends the statement on the server. */
  stream<R extends Row>(statement: CompiledSql): AsyncIterableIterator<R>;
  /**
   * Rejects with COMMIT_UNKNOWN where the answer was lost, and with STATEMENT_FAILED where the server rolled back
   * instead, because a statement had failed before.
   */
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * One connection of a shard as `app`, opened, checked and able to serve any of its tenants, one after another; one use alone where
 * its capabilities lack `resetClearsContext`.
 * `execute` and `begin` reject with `EntryRefused` where the shard does not admit the entry, with SHARD_UNAVAILABLE where
 * the connection was lost and nothing can have happened (a read, or a statement never sent), COMMIT_UNKNOWN otherwise.
 * An answer above `answerBytes` is ANSWER_TOO_LARGE, with the outcome `unknown` where the statement may be committed.
 */
export interface EngineConnection {
  /** False once its state is not known to be clean, or its socket is gone: it is discarded then, never given to another caller. */
  readonly usable: boolean;
  /** What its server can do: as it was found when this was opened, or as the configuration says. */
  readonly capabilities: Capabilities;
  readonly dialect: EngineDialect;
  /** enter + statement in a transaction of their own, in one round trip. */
  execute<R extends Row>(entry: Entry, statement: CompiledSql, options: EnterOptions): Promise<SqlResult<R>>;
  /** BEGIN + enter in one round trip. */
  begin(entry: Entry, options: EnterOptions & { readonly isolation: Isolation }): Promise<EngineTransaction>;
  /** Resolves once the socket is gone on this side: a frozen server is never waited for. What still runs fails. */
  close(): Promise<void>;
}

/** A table whose rows belong to tenants; without a schema, in the engine's default one. */
export interface ExpectedTable {
  readonly name: string;
  readonly schema?: string;
  readonly table: string;
  readonly tenantColumn: string;
  /** Besides the tenant's. A shard that has more of them is as good. */
  readonly policies?: readonly RowPolicy[];
}

/** What a connection is checked against before it may serve tenants, and what it holds them to. */
export interface ConnectionExpectations {
  /** The shard's id in the catalog; the database must say it is this shard. */
  readonly shardId: string;
  /** Who the server was when the shard was registered, as `identify` gave it. */
  readonly incarnation: string;
  readonly tables: readonly ExpectedTable[];
  /** What is configured: the least that a shard may have. */
  readonly contextProtection: ContextProtection;
  /** What the configuration says that servers can do, instead of what is found. */
  readonly capabilities?: CapabilitySettings;
  /** Of this shard: what protects its tenants must be what was accepted by the fleet key. */
  readonly signer: ShardVerifier;
  /** Instead of the defaults. */
  readonly limits?: Partial<ConnectionLimits>;
}

/** How `open` connects; all in all a few connections, closed when idle. */
export interface OpenOptions {
  /** Most connections at once; 4 by default. */
  readonly connections?: number;
  /** Milliseconds until connecting is given up; 5,000 by default. A database that says it is waking up is waited for, for two minutes. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds after which a statement is ended, on the server and here; none by default: schema changes may take long. */
  readonly statementTimeoutMs?: number;
  /** Milliseconds that a statement waits for what another transaction holds; it is TIMEOUT then. None by default. */
  readonly lockTimeoutMs?: number;
  /**
   * For a login that may be the server's superuser, in a database where others may make functions and operators: what is named without
   * a schema is the server's own, where such names could mean theirs. Tables have to be named with their schema. False by default.
   */
  readonly serverNamesOnly?: boolean;
}

/** One kind of database server. `main.ts` joins engines to the rest; nobody else knows a concrete one. */
export interface Engine {
  readonly name: string;
  readonly capabilitiesOf: CapabilitiesOf;
  /** The forms in which its shards can keep the tenant of a transaction. */
  readonly contextForms: readonly ContextProtection[];
  /** Whether what watches a shard is made when its server is provisioned, so that admin cannot change it (`watchingFiles`). */
  readonly watchesApart: boolean;
  readonly dialect: EngineDialect;
  /**
   * Loads what connections are made with. They do it themselves, within the time of whoever waits for the first one: where it is
   * known that there will be some, it is done before.
   */
  load(): Promise<void>;
  /** Opens and checks a connection for tenant traffic. Throws SHARD_UNAVAILABLE or SHARD_UNVERIFIED. */
  connect(address: ShardAddress, login: Login, expectations: ConnectionExpectations, signal?: AbortSignal): Promise<EngineConnection>;
  /** A database for the program's own work, connecting when first used, with a few pooled connections. */
  open(address: ShardAddress, login: Login, options?: OpenOptions): SqlDatabase;
}
