import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../core/deadline.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { SqlDatabase } from '../../core/session.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { ConnectionBudget } from '../connection-budget.ts';
import type { OpenOptions } from '../engine.ts';
import { closeGraceMs, openDefaults, ownDatabase, type OwnConnections, type OwnSession } from '../own-database.ts';
import { Pool } from '../pool.ts';
import { logIn } from './login.ts';
import { MssqlOwnSession } from './own-session.ts';
import type { QueryLibrary } from './query-library.ts';
import { WireClient } from './wire-client.ts';

/** What a database for the program's own work is opened with. */
interface DatabaseDependencies {
  readonly library: QueryLibrary;
  readonly clock: Clock;
}

/** Milliseconds that the pool lets the login's own timer go first: it knows who did not answer, and begins when the driver is loaded. */
const graceMs = 60_000;
/** Work that may wait for a connection: what asks without end is refused before memory is. */
const mostWaiting = 10_000;
/** Milliseconds without use after which a connection is closed. */
const idleMs = 10_000;

/** One database for the program's own work, over a few connections opened when first used. */
export function openMssqlDatabase(
  address: ShardAddress,
  login: Login,
  { library, clock }: DatabaseDependencies,
  options: OpenOptions = {},
): SqlDatabase {
  const { connections, connectTimeoutMs } = { ...openDefaults, ...options };
  const pool = new Pool<WireClient>({
    connect: async (signal) => {
      const held = await logIn(address, login, { clock, timeoutMs: connectTimeoutMs, signal });
      return new WireClient(held, { clock, answerBytes: Infinity, bigints: 'number' });
    },
    // A pool that is alone gets half of a budget.
    budget: new ConnectionBudget(2 * connections, connections),
    limits: { waiting: mostWaiting, waitMs: Infinity, connectTimeoutMs: connectTimeoutMs + graceMs, idleMs },
    clock,
    observer: { opened: () => undefined, failed: () => undefined, putOff: () => undefined, closed: () => undefined },
  });
  return ownDatabase(new MssqlConnections(pool, clock, (wire) => new MssqlOwnSession(wire, library, options)));
}

class MssqlConnections implements OwnConnections {
  readonly #pool: Pool<WireClient>;
  readonly #clock: Clock;
  readonly #session: (wire: WireClient) => OwnSession;
  #running = 0;
  #closed = false;
  #ended: () => void = () => undefined;

  constructor(pool: Pool<WireClient>, clock: Clock, session: (wire: WireClient) => OwnSession) {
    this.#pool = pool;
    this.#clock = clock;
    this.#session = session;
  }

  get holdUp(): TenantryError | undefined {
    return this.#pool.holdUp;
  }

  async use<T>(work: (session: OwnSession) => Promise<T>): Promise<T> {
    if (this.#closed) throw closed();
    const wire = this.#pool.take() ?? (await this.#pool.wait(new Deadline(this.#clock, Infinity)));
    this.#running += 1;
    wire.beginUse();
    try {
      return await work(this.#session(wire));
    } finally {
      if (wire.inTransaction || wire.busy) wire.discard();
      this.#pool.give(wire);
      this.#running -= 1;
      if (this.#running === 0) this.#ended();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pool.failWaiting(closed());
    if (this.#running > 0) await this.#untilEnded();
    await this.#pool.close();
  }

  #untilEnded(): Promise<void> {
    return new Promise((resolve) => {
      const stopTimer = this.#clock.after(closeGraceMs, resolve);
      this.#ended = () => {
        stopTimer();
        resolve();
      };
    });
  }
}

function closed(): TenantryError {
  return new TenantryError('SESSION_MISUSE', 'The database is closed.');
}
