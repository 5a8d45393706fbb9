import type { RowShape } from './row-shape.ts';

/** A statement prepared on a connection under a name. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
  /** Undefined until the server has described the columns. */
  shape: RowShape | undefined;
}

/** The named prepared statements of one connection, the least recently used one leaving first. */
export class StatementCache {
  readonly #limit: number;
  readonly #prefix: string;
  readonly #statements = new Map<string, PreparedStatement>();
  #last: PreparedStatement | undefined;
  #created = 0;

  /** `prefix` begins the names, so that two caches can serve one connection. */
  constructor(limit: number, prefix: string) {
    this.#limit = limit;
    this.#prefix = prefix;
  }

  find(text: string): PreparedStatement | undefined {
    if (this.#last?.text === text) return this.#last;
    const statement = this.#statements.get(text);
    if (statement === undefined) return undefined;
    this.#statements.delete(text);
    this.#statements.set(text, statement);
    this.#last = statement;
    return statement;
  }

  /** A statement under a name that this connection has not used yet; `add` it once the server has parsed it. */
  create(text: string): PreparedStatement {
    this.#created += 1;
    return { name: `${this.#prefix}${this.#created}`, text, shape: undefined };
  }

  add(statement: PreparedStatement): void {
    this.#statements.set(statement.text, statement);
    this.#last = statement;
  }

  delete(text: string): void {
    this.#statements.delete(text);
    if (this.#last?.text === text) this.#last = undefined;
  }

  /** Takes the statement out that has to make room for a new one, if any has. */
  evict(): PreparedStatement | undefined {
    if (this.#statements.size < this.#limit) return undefined;
    const [oldest] = this.#statements.values();
    if (oldest !== undefined) this.delete(oldest.text);
    return oldest;
  }

  clear(): void {
    this.#statements.clear();
    this.#last = undefined;
  }
}
