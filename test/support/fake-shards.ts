import type { Row, SqlResult } from '../../src/core/session.ts';
import type { CompiledSql } from '../../src/core/compile-sql.ts';
import type { Capabilities } from '../../src/engine/capabilities.ts';
import type { EngineConnection, EngineTransaction, EnterOptions, Isolation } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import { allCapabilities } from './all-capabilities.ts';

/** One thing a fake connection was asked to do. */
export interface FakeRequest {
  readonly entry: Entry;
  /** Absent for `begin`. */
  readonly statement?: CompiledSql;
  readonly options: EnterOptions & { readonly isolation?: Isolation };
}

/** What a shard answers; it throws what the engine would. */
export type FakeAnswer = (request: FakeRequest, connection: FakeConnection) => Promise<Row[]>;

/** A connection in memory, for the router's own logic where no real server produces the case on command. */
export class FakeConnection implements EngineConnection {
  readonly dialect = postgresDialect;
  readonly capabilities: Capabilities;
  usable = true;
  closed = false;
  readonly shard: FakeShard;

  constructor(shard: FakeShard) {
    this.shard = shard;
    this.capabilities = shard.capabilities;
  }

  async execute<R extends Row>(entry: Entry, statement: CompiledSql, options: EnterOptions): Promise<SqlResult<R>> {
    const rows = await this.shard.ask({ entry, statement, options }, this);
    return { rows: rows as R[], rowCount: rows.length };
  }

  async begin(entry: Entry, options: EnterOptions & { readonly isolation: Isolation }): Promise<EngineTransaction> {
    await this.shard.ask({ entry, options }, this);
    return new FakeTransaction(this, entry, options);
  }

  close(): Promise<void> {
    if (!this.closed) this.shard.open -= 1;
    this.closed = true;
    this.usable = false;
    return this.shard.closing;
  }
}

/** Remembers what became of it in its shard's log. */
class FakeTransaction implements EngineTransaction {
  readonly #connection: FakeConnection;
  readonly #entry: Entry;
  readonly #options: EnterOptions;

  constructor(connection: FakeConnection, entry: Entry, options: EnterOptions) {
    this.#connection = connection;
    this.#entry = entry;
    this.#options = options;
  }

  query<R extends Row>(statement: CompiledSql): Promise<SqlResult<R>> {
    return this.#connection.execute<R>(this.#entry, statement, this.#options);
  }

  async *stream<R extends Row>(statement: CompiledSql): AsyncIterableIterator<R> {
    yield* (await this.query<R>(statement)).rows;
  }

  async commit(): Promise<void> {
    this.#connection.shard.log.push('commit');
  }

  async rollback(): Promise<void> {
    this.#connection.shard.log.push('rollback');
  }
}

const mostAsked = 10_000;

/** A shard in memory. */
export class FakeShard {
  /** Connections that are open. */
  open = 0;
  /** Connections that were ever opened. */
  opened = 0;
  /** Statements that reached the shard. */
  asked = 0;
  readonly log: string[] = [];
  /** Of connections that are opened from now on. */
  capabilities: Capabilities = allCapabilities;
  /** What every statement and every `begin` is answered. */
  answer: FakeAnswer = async () => [];
  /** Runs before a connection is made; throws what the engine would. */
  connecting: (signal: AbortSignal) => Promise<void> = async () => {};
  /** Closing a connection waits for it. */
  closing: Promise<void> = Promise.resolve();

  ask(request: FakeRequest, connection: FakeConnection): Promise<Row[]> {
    this.asked += 1;
    // No timer of a test runs while calls go round without a pause.
    if (this.asked > mostAsked) throw new Error(`A fake shard was asked ${this.asked} times: something is repeated without end.`);
    return this.answer(request, connection);
  }

  async connect(signal: AbortSignal): Promise<FakeConnection> {
    await this.connecting(signal);
    this.open += 1;
    this.opened += 1;
    return new FakeConnection(this);
  }
}
