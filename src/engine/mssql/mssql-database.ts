import { systemClock } from '../../core/clock.ts';
import type { Login } from '../../core/principal.ts';
import type { Row, SqlDatabase, SqlParameters, SqlResult, SqlSession } from '../../core/session.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import type { Sql } from '../../core/sql.ts';
import type { OpenOptions } from '../engine.ts';
import { ConnectionSet } from './connection-set.ts';
import { logIn } from './login.ts';
import { OwnSession } from './own-session.ts';
import type { QueryLibrary } from './query-library.ts';
import { WireClient } from './wire-client.ts';

const defaults = { connections: 4, connectTimeoutMs: 5_000 };

/** One database for the program's own work, over a few connections opened when first used. */
export class MssqlDatabase implements SqlDatabase {
  readonly #connections: ConnectionSet;
  readonly #library: QueryLibrary;
  readonly #statementTimeoutMs: number;

  constructor(address: ShardAddress, login: Login, library: QueryLibrary, options: OpenOptions = {}) {
    this.#library = library;
    this.#statementTimeoutMs = options.statementTimeoutMs ?? Infinity;
    const timeoutMs = options.connectTimeoutMs ?? defaults.connectTimeoutMs;
    this.#connections = new ConnectionSet(options.connections ?? defaults.connections, async () => {
      const held = await logIn(address, login, { clock: systemClock, timeoutMs });
      return new WireClient(held, { clock: systemClock, answerBytes: Infinity, bigints: 'number' });
    });
  }

  query<R extends Row>(statement: Sql): Promise<SqlResult<R>> {
    return this.#with((session) => session.query<R>(statement));
  }

  run<R extends Row>(file: string, parameters?: SqlParameters): Promise<SqlResult<R>> {
    return this.#with((session) => session.run<R>(file, parameters));
  }

  script(file: string): Promise<void> {
    return this.#with((session) => session.script(file));
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#with(async (session) => {
      await session.begin();
      let result: T;
      try {
        result = await work(session);
      } catch (error) {
        await session.rollback();
        throw error;
      }
      await session.commit();
      return result;
    });
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  async #with<T>(work: (session: OwnSession) => Promise<T>): Promise<T> {
    const wire = await this.#connections.take();
    wire.beginUse();
    try {
      return await work(new OwnSession(wire, this.#library, this.#statementTimeoutMs));
    } finally {
      if (wire.inTransaction || wire.busy) wire.discard();
      await this.#connections.give(wire);
    }
  }
}
