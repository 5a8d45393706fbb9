import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import { closeGraceMs } from '../own-database.ts';
import type { WireClient } from './wire-client.ts';

/** Milliseconds without use after which a connection is closed. */
const idleMs = 10_000;

/** A few connections of the program's own, opened when all are lent, closed when idle. */
export class ConnectionSet {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #open: () => Promise<WireClient>;
  readonly #idle: WireClient[] = [];
  readonly #waiting: ((wire: WireClient | Promise<WireClient>) => void)[] = [];
  readonly #lent = new Set<WireClient>();
  #opening = 0;
  #closed = false;
  #stopSweep: (() => void) | undefined;
  #returned: () => void = () => undefined;

  constructor(most: number, clock: Clock, open: () => Promise<WireClient>) {
    this.#most = most;
    this.#clock = clock;
    this.#open = open;
  }

  /** A connection of one's own until it is given back. */
  async take(): Promise<WireClient> {
    if (this.#closed) throw closed();
    for (let wire = this.#idle.pop(); wire !== undefined; wire = this.#idle.pop()) {
      if (wire.alive) return this.#lend(wire);
      await wire.close();
    }
    if (this.#lent.size + this.#opening < this.#most) return await this.#lendNew();
    return await new Promise<WireClient>((resolve) => this.#waiting.push(resolve));
  }

  async give(wire: WireClient): Promise<void> {
    this.#lent.delete(wire);
    if (wire.alive && !this.#closed) {
      const next = this.#waiting.shift();
      if (next === undefined) this.#keep(wire);
      else next(this.#lend(wire));
      return;
    }
    this.#openForNext();
    await wire.close();
    if (this.#isUnused) this.#returned();
  }

  /** Lends none any more, and waits for those that are lent, but no longer than `closeGraceMs`: what they do fails then. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopSweep?.();
    for (const next of this.#waiting.splice(0)) next(Promise.reject(closed()));
    if (!this.#isUnused) await this.#untilReturned();
    await Promise.all([...this.#idle.splice(0), ...this.#lent].map((wire) => wire.close()));
  }

  get #isUnused(): boolean {
    return this.#lent.size + this.#opening === 0;
  }

  #untilReturned(): Promise<void> {
    return new Promise((resolve) => {
      const stopTimer = this.#clock.after(closeGraceMs, resolve);
      this.#returned = () => {
        stopTimer();
        resolve();
      };
    });
  }

  async #lendNew(): Promise<WireClient> {
    this.#opening += 1;
    try {
      return this.#lend(await this.#open());
    } catch (error) {
      this.#openForNext();
      throw error;
    } finally {
      this.#opening -= 1;
      if (this.#isUnused) this.#returned();
    }
  }

  /** Whoever waits would wait for ever for a connection that nobody gives back. */
  #openForNext(): void {
    this.#waiting.shift()?.(this.#lendNew());
  }

  #lend(wire: WireClient): WireClient {
    this.#lent.add(wire);
    return wire;
  }

  #keep(wire: WireClient): void {
    this.#idle.push(wire);
    // A process may end while connections are idle; the sockets of idle ones are let go by the sweep.
    this.#stopSweep ??= this.#clock.after(idleMs, () => this.#sweep(), 'background');
  }

  #sweep(): void {
    this.#stopSweep = undefined;
    for (const idle of this.#idle.splice(0)) void idle.close();
  }
}

function closed(): TenantryError {
  return new TenantryError('SESSION_MISUSE', 'The database is closed.');
}
