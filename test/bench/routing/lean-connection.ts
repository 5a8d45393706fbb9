import pg from 'pg';
import { systemClock } from '../../../src/core/clock.ts';
import type { Row } from '../../../src/core/session.ts';
import type { CompiledSql } from '../../../src/core/compile-sql.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { clientConfig } from '../../../src/engine/postgres/client-config.ts';
import { Exchange, type Parsing } from '../../../src/engine/postgres/exchange.ts';
import { StatementCache, type PreparedStatement } from '../../../src/engine/postgres/statement-cache.ts';
import { WireClient } from '../../../src/engine/postgres/wire-client.ts';
import { WireWriter } from '../../../src/engine/postgres/wire-writer.ts';
import type { Login } from '../../../src/core/principal.ts';

/** The engine's own wire code without its fence: the base line that shows what the fence alone costs. */
export class LeanConnection {
  readonly #wire: WireClient;
  readonly #writer = new WireWriter();
  readonly #statements = new StatementCache(10, 'l');
  readonly processId: number;

  private constructor(client: pg.Client, address: ShardAddress) {
    this.processId = processIdOf(client);
    this.#wire = new WireClient(client, { host: address.host, port: address.port, tls: false }, systemClock, 16_777_216);
  }

  static async open(address: ShardAddress, login: Login): Promise<LeanConnection> {
    const client = new pg.Client(clientConfig(address, login));
    await client.connect();
    return new LeanConnection(client, address);
  }

  /** Nothing but the statement. */
  async bare(statement: CompiledSql): Promise<Row[]> {
    return await this.#run([statement]);
  }

  /** `set_config` for the transaction, then the statement, in one Sync. */
  async withContext(context: string, statement: CompiledSql): Promise<Row[]> {
    return await this.#run([{ text: `select set_config('backtrace_functions', $1, true)`, values: [context] }, statement]);
  }

  async #run(statements: readonly CompiledSql[]): Promise<Row[]> {
    const parsings: Parsing[] = [];
    let last: PreparedStatement | undefined;
    for (const [index, { text, values }] of statements.entries()) {
      let statement = this.#statements.find(text);
      if (statement === undefined) {
        statement = this.#statements.create(text);
        this.#writer.parse(statement.name, text);
        parsings.push({ statement, cache: this.#statements });
      }
      this.#writer.bind(statement.name, '', values);
      if (statement.shape === undefined && index === statements.length - 1) this.#writer.describePortal('');
      this.#writer.execute('', 0);
      last = statement;
    }
    if (last === undefined) throw new Error('No statement.');
    this.#writer.sync();
    const exchange = new Exchange(this.#writer.take(), last, parsings, statements.length - 1);
    await this.#wire.run(exchange, { timeoutMs: 15_000 });
    if (exchange.error !== undefined) throw exchange.error;
    return exchange.rows;
  }

  async close(): Promise<void> {
    await this.#wire.close();
  }
}

/** The server process of a client of pg; missing from pg's types. */
export function processIdOf(client: pg.Client): number {
  return (client as unknown as { processID: number }).processID;
}
