import { TenantryError } from '../../core/errors.ts';
import type { WireClient } from './wire-client.ts';

/** Milliseconds without use after which a connection is closed. */
const idleMs = 10_000;

/** A few connections of the program's own, opened when all are lent, closed when idle. */
export class ConnectionSet {
  readonly #most: number;
  readonly #open: () => Promise<WireClient>;
  readonly #idle: WireClient[] = [];
  readonly #waiting: ((wire: WireClient | Promise<WireClient>) => void)[] = [];
  readonly #lent = new Set<WireClient>();
  #opening = 0;
  #closed = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(most: number, open: () => Promise<WireClient>) {
    this.#most = most;
    this.#open = open;
  }

  /** A connection of one's own until it is given back. */
  async take(): Promise<WireClient> {
    if (this.#closed) throw closed();
    for (let wire = this.#idle.pop(); wire !== undefined; wire = this.#idle.pop()) {
      if (wire.alive) return this.#lend(wire);
      await wire.close();
    }
    if (this.#lent.size + this.#opening < this.#most) return this.#lend(await this.#opened());
    return this.#lend(await new Promise<WireClient>((resolve) => this.#waiting.push(resolve)));
  }

  async give(wire: WireClient): Promise<void> {
    this.#lent.delete(wire);
    const next = this.#waiting.shift();
    if (wire.alive && !this.#closed) {
      if (next === undefined) this.#keep(wire);
      else {
        this.#lent.add(wire);
        next(wire);
      }
      return;
    }
    if (next !== undefined) next(this.#opened());
    await wire.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweep);
    for (const next of this.#waiting.splice(0)) next(Promise.reject(closed()));
    await Promise.all([...this.#idle.splice(0), ...this.#lent].map((wire) => wire.close()));
  }

  async #opened(): Promise<WireClient> {
    this.#opening += 1;
    try {
      return await this.#open();
    } finally {
      this.#opening -= 1;
    }
  }

  #lend(wire: WireClient): WireClient {
    this.#lent.add(wire);
    return wire;
  }

  #keep(wire: WireClient): void {
    this.#idle.push(wire);
    // A process may end while connections are idle; the sockets of idle ones are let go by the sweep.
    this.#sweep ??= setTimeout(() => {
      this.#sweep = undefined;
      for (const idle of this.#idle.splice(0)) void idle.close();
    }, idleMs).unref();
  }
}

function closed(): TenantryError {
  return new TenantryError('SESSION_MISUSE', 'The database is closed.');
}
