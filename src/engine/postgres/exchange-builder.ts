import type { CompiledSql } from '../../core/compile-sql.ts';
import type { EnterOptions, Isolation } from '../engine.ts';
import type { Entry } from '../entry.ts';
import { Exchange, type Parsing } from './exchange.ts';
import { StatementCache, type PreparedStatement } from './statement-cache.ts';
import { requireTenantStatement } from './statement-word.ts';
import { WireWriter } from './wire-writer.ts';

/** Named statements of callers kept on one connection. */
const statementLimit = 128;
const ownLimit = 16;

/** No row comes back: none has to be described, sent and read. */
const enterText = {
  write: 'select where tenantry.enter($1, $2, $3) is null',
  read: 'select where tenantry.enter_read_only($1, $2, $3) is null',
};
const enterPointText = {
  write: 'select where tenantry.enter_point($1, $2) is null',
  read: 'select where tenantry.enter_point_read_only($1, $2) is null',
};

/** For a call that brings values besides its tenant. */
const enterWithValuesText = {
  write: 'select where tenantry.enter($1, $2, $3, $4) is null',
  read: 'select where tenantry.enter_read_only($1, $2, $3, $4) is null',
};

const audible = 'set local client_min_messages = notice';

/** What is said of a call where it enters. */
type EnteringCall = Pick<EnterOptions, 'readOnly' | 'contextValues'>;

/** Composes the batches of one connection, each in one buffer, and keeps the statements that are prepared on it. */
export class ExchangeBuilder {
  readonly #writer = new WireWriter();
  readonly #statements = new StatementCache(statementLimit, 's');
  readonly #own = new StatementCache(ownLimit, 'o');
  #parsings: Parsing[] = [];

  /** enter and a statement, in an implicit transaction of their own; of `settingsChanged` see `commit`. */
  enterAndRun(entry: Entry, call: EnteringCall, statement: CompiledSql, settingsChanged: boolean): Exchange {
    const evicted = this.#makeRoom(statement);
    this.#enter(entry, call);
    const running = this.#run(statement, '', 0, evicted);
    if (settingsChanged && !call.readOnly) this.#execute(audible);
    return this.#finish(running, 1);
  }

  /** BEGIN and enter. */
  beginAndEnter(entry: Entry, call: EnteringCall & { readonly isolation: Isolation }): Exchange {
    this.#execute(`begin isolation level ${call.isolation}`);
    if (call.isolation === 'read committed') return this.#finish(this.#enter(entry, call), 2);
    // The one snapshot of the transaction is taken behind whoever is closing the gate, or it would show the gate as it was before.
    this.#execute('lock table tenantry_watch.gate in access share mode');
    return this.#finish(this.#enter(entry, call), 3);
  }

  /** A statement in the open transaction. With a portal, at most `maxRows` rows; `fetch` gives more. */
  run(statement: CompiledSql, portal = '', maxRows = 0): Exchange {
    const evicted = this.#makeRoom(statement);
    return this.#finish(this.#run(statement, portal, maxRows, evicted), 0);
  }

  /** More rows of a portal that `run` opened for the same statement. */
  fetch(statement: CompiledSql, portal: string, maxRows: number): Exchange {
    this.#writer.execute(portal, maxRows);
    return this.#finish(this.#statements.find(statement.text) ?? this.#statements.create(statement.text), 0);
  }

  /** Ends a portal before its last row. */
  closePortal(portal: string): Exchange {
    this.#writer.closePortal(portal);
    return this.#finish(this.#own.create(''), 0);
  }

  /** COMMIT of the open transaction; where its statements may have changed settings, the notices that speak of a commit are sent again. */
  commit(settingsChanged: boolean): Exchange {
    if (settingsChanged) this.#execute(audible);
    return this.#finish(this.#execute('commit'), settingsChanged ? 1 : 0);
  }

  /** ROLLBACK of the open transaction. */
  rollback(): Exchange {
    return this.#finish(this.#execute('rollback'), 0);
  }

  /** The statement has to be prepared anew: its tables have changed. */
  forget(statement: CompiledSql): void {
    this.#statements.delete(statement.text);
  }

  /** The session was reset: nothing is prepared any more. */
  forgetAll(): void {
    this.#statements.clear();
    this.#own.clear();
  }

  #enter(entry: Entry, { readOnly, contextValues }: EnteringCall): PreparedStatement {
    const text = contextValues !== undefined ? enterWithValuesText : entry.isPoint === true ? enterPointText : enterText;
    const statement = this.#prepared(this.#own, readOnly ? text.read : text.write);
    this.#writer.bindEntry(statement.name, entry, contextValues);
    this.#writer.execute('', 0);
    return statement;
  }

  #execute(text: string): PreparedStatement {
    const statement = this.#prepared(this.#own, text);
    this.#writer.bind(statement.name, '', []);
    this.#writer.execute('', 0);
    return statement;
  }

  #run({ text, values }: CompiledSql, portal: string, maxRows: number, evicted: PreparedStatement | undefined): PreparedStatement {
    try {
      const statement = this.#prepared(this.#statements, text);
      this.#writer.bind(statement.name, portal, values);
      if (statement.shape === undefined) this.#writer.describePortal(portal);
      this.#writer.execute(portal, maxRows);
      return statement;
    } catch (error) {
      // A statement that is refused or a value that cannot be written: nothing goes out, the statement that should leave stays.
      if (evicted !== undefined) this.#statements.add(evicted);
      this.#parsings = [];
      this.#writer.clear();
      throw error;
    }
  }

  /** Close comes first in the batch, so that no failure can leave the evicted statement behind. */
  #makeRoom({ text }: CompiledSql): PreparedStatement | undefined {
    if (this.#statements.find(text) !== undefined) return undefined;
    const evicted = this.#statements.evict();
    if (evicted !== undefined) this.#writer.closeStatement(evicted.name);
    return evicted;
  }

  #prepared(cache: StatementCache, text: string): PreparedStatement {
    const known = cache.find(text);
    if (known !== undefined) return known;
    if (cache === this.#statements) requireTenantStatement(text);
    const statement = cache.create(text);
    this.#writer.parse(statement.name, text);
    this.#parsings.push({ statement, cache });
    return statement;
  }

  #finish(statement: PreparedStatement, leading: number): Exchange {
    this.#writer.sync();
    const parsings = this.#parsings;
    if (parsings.length > 0) this.#parsings = [];
    return new Exchange(this.#writer.take(), statement, parsings, leading);
  }
}
