import { asTenantryError, TenantryError } from '../core/errors.ts';
import type { Turns } from '../core/turns.ts';
import type { ConnectionBudget } from '../engine/connection-budget.ts';
import type { EngineConnection } from '../engine/engine.ts';
import { EntryRefused } from '../engine/entry.ts';
import { Pool } from '../engine/pool.ts';
import { SqlFailure } from '../engine/sql-failure.ts';
import { Breaker } from './breaker.ts';
import { RetryBudget } from './retry-budget.ts';
import { ShardWatch } from './shard-watch.ts';
import type { RouterDependencies } from './router-dependencies.ts';
import type { RouterObserver } from './router-observer.ts';

/** What all shards of a router have together. */
export interface SharedByShards {
  readonly budget: ConnectionBudget;
  /** Of looks at what protects them. */
  readonly turns: Turns;
}

/** All that the router keeps of one shard: its connections, and what it has learnt of its health. */
export class RoutedShard {
  readonly shardId: string;
  readonly pool: Pool<EngineConnection>;
  readonly breaker: Breaker;
  readonly retries = new RetryBudget();
  readonly #observer: RouterObserver;
  /** Undefined where nobody watches. */
  readonly #watch: ShardWatch | undefined;
  /** No connection was found that a reset had left the tenant of its last use. */
  #resetsHold = true;
  /** How often the shard was found fit to serve. */
  #timesFit = 0;
  /** Failures of attempts that began before the shard was found fit. */
  readonly #overtaken = new WeakSet<object>();

  constructor(shardId: string, { budget, turns }: SharedByShards, { clock, connect, limits, observer, random, watch }: RouterDependencies) {
    this.shardId = shardId;
    this.#observer = observer;
    this.breaker = new Breaker(clock, random, (state, cause) => observer.breakerChanged(shardId, state, cause));
    this.pool = new Pool({
      connect: (signal) => this.#connect(() => connect(shardId, signal)),
      reuses: ({ capabilities }) => this.#resetsHold && capabilities.resetClearsContext,
      budget,
      limits,
      clock,
      observer: {
        opened: (durationMs) => {
          this.#foundFit();
          observer.connectionOpened(shardId, durationMs);
          this.#watch?.start();
        },
        failed: (error) => {
          observer.connectionFailed(shardId, asTenantryError(error).code);
          if (isTrouble(error)) this.#trouble(error);
        },
        putOff: (error) => observer.connectionFailed(shardId, asTenantryError(error).code),
        closed: () => observer.connectionClosed(shardId),
      },
    });
    if (watch === undefined) return;
    this.#watch = new ShardWatch({
      open: () => watch(shardId),
      clock,
      random,
      limits,
      turns,
      isWanted: () => this.pool.size > 0 || this.pool.waiting > 0 || !this.breaker.isStale,
      changed: () => this.pool.retire(),
      fit: () => this.#foundFit(),
      unfit: (error) => this.#unfit(error),
      ended: (outcome) => observer.shardWatched(shardId, outcome),
    });
  }

  /** Whether nobody uses it, and nothing is lost with it: as that of a shard which was removed. */
  get isUnused(): boolean {
    return this.pool.size === 0 && this.pool.waiting === 0 && this.breaker.isStale && this.#resetsHold && this.#watch?.isAtRest !== false;
  }

  /** Has it looked at once whether it is fit to serve, where nobody looks at it now. */
  examine(): void {
    this.#watch?.start();
  }

  /** A statement or an entry came to its end, well or not. */
  ended(connection: EngineConnection, error?: unknown): void {
    if (error === undefined) {
      this.breaker.answered();
      this.retries.deposit();
    } else if (error instanceof EntryRefused || connection.usable || isOwnTimeout(error)) this.breaker.answered();
    else if (isTrouble(error)) this.#trouble(error);
  }

  /**
   * A connection had the tenant of its last use still, although it was reset. From now on each serves one use, whatever the server's version
   * or the configuration promises: a reset that was seen not to hold is not relied upon again by this process.
   */
  notReset(): void {
    if (!this.#resetsHold) return;
    this.#resetsHold = false;
    this.pool.retire();
    this.#observer.resetsFailed(this.shardId);
  }

  /** Closes every connection; what runs on them fails. */
  async close(): Promise<void> {
    await Promise.all([this.#watch?.close(), this.pool.close()]);
  }

  #foundFit(): void {
    this.#timesFit += 1;
    this.breaker.connected();
  }

  async #connect<T>(attempt: () => Promise<T>): Promise<T> {
    const before = this.#timesFit;
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof TenantryError && error.code === 'SHARD_UNVERIFIED' && this.#timesFit !== before) this.#overtaken.add(error);
      throw error;
    }
  }

  #trouble(error: TenantryError): void {
    // Which of both was seen last nobody knows: no call is kept out, and whoever comes next opens a connection that is checked.
    if (this.#overtaken.has(error)) return this.pool.retire();
    if (!this.breaker.failed(error)) return;
    if (error.code === 'SHARD_UNVERIFIED') this.pool.retire();
    this.pool.failWaiting(this.breaker.error());
  }

  /** Whoever is inside stays there no longer: what protects the tenants from each other may be what was taken away. */
  #unfit(error: TenantryError): void {
    this.breaker.unfit(error);
    this.pool.cut();
    this.pool.failWaiting(this.breaker.error());
  }
}

/** Whether an error speaks of the shard or the way to it, and not of a statement. */
function isTrouble(error: unknown): error is TenantryError {
  if (!(error instanceof TenantryError)) return false;
  return ['SHARD_UNAVAILABLE', 'SHARD_UNVERIFIED', 'COMMIT_UNKNOWN', 'TIMEOUT'].includes(error.code);
}

/** A time limit that the server itself enforced, on a connection that it ended: it answers, and a tenant's SQL can set such limits. */
function isOwnTimeout(error: unknown): boolean {
  return error instanceof TenantryError && error.code === 'TIMEOUT' && error.cause instanceof SqlFailure;
}
