import type { Clock } from '../core/clock.ts';
import type { Deadline } from '../core/deadline.ts';
import { asError, TenantryError } from '../core/errors.ts';
import { WaitQueue, type WaitQueueLimits } from '../core/wait-queue.ts';
import type { BudgetMember, BudgetShare, ConnectionBudget } from './connection-budget.ts';
import { Waking } from './waking.ts';

/** What a pool keeps of a connection's interface. */
export interface PooledConnection {
  /** False: it is closed instead of being lent again. */
  readonly usable: boolean;
  /** Resolves once the socket is gone on this side. */
  close(): Promise<void>;
}

/** How a pool behaves; its size is the budget's. */
export interface PoolLimits extends WaitQueueLimits {
  /** Milliseconds to open a connection before SHARD_UNAVAILABLE. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without use after which a connection is closed, at the latest after twice as many. */
  readonly idleMs: number;
}

/** Told of a pool's connections. */
export interface PoolObserver {
  opened(durationMs: number): void;
  /** Opening failed. Nobody else is told where calls go on waiting for connections that are lent. */
  failed(error: unknown): void;
  /** The server said that it lets connections in later: it is asked again while calls wait. */
  putOff(error: unknown): void;
  /** With an error where closing failed; the socket is gone all the same. */
  closed(error?: unknown): void;
}

/** What a pool works with. */
export interface PoolDependencies<C extends PooledConnection> {
  /** Opens a connection; rejects soon after the signal aborts. */
  readonly connect: (signal: AbortSignal) => Promise<C>;
  /** Whether a connection, which has just been opened, may be lent a second time. Default: every one may. */
  readonly reuses?: (connection: C) => boolean;
  readonly budget: ConnectionBudget;
  readonly limits: PoolLimits;
  readonly clock: Clock;
  readonly observer: PoolObserver;
}

/** Milliseconds after a failed attempt to open a connection in which calls wait for those that are lent. */
const reconnectMs = 200;

/**
 * The connections of one shard as one principal: opened when a call waits, the one used last lent first, closed when
 * idle, bounded by a budget that all pools share. A database that lets nobody in yet is asked now and again while calls wait, by
 * one attempt at a time, which holds no slot in between.
 */
export class Pool<C extends PooledConnection> implements BudgetMember {
  readonly #dependencies: PoolDependencies<C>;
  readonly #share: BudgetShare;
  readonly #queue: WaitQueue<C>;
  readonly #idle: C[] = [];
  /** All that are open: idle or lent. */
  readonly #connections = new Set<C>();
  /** Connections that are closed when they come back. */
  readonly #retired = new Set<C>();
  readonly #closing = new AbortController();
  readonly #waking = new Waking();
  /** What every call is told until the server, which has let nobody in for two minutes, is asked again. */
  #refusal: Error | undefined;
  #connecting = 0;
  /** Of what is checked when a connection is opened: raised when that holds no more. */
  #generation = 0;
  #closed = false;
  /** The smallest number of idle connections since the last sweep: so many at the bottom were not needed. */
  #unneeded = 0;
  #stopSweep: (() => void) | undefined;
  #stopRetry: (() => void) | undefined;

  constructor(dependencies: PoolDependencies<C>) {
    this.#dependencies = dependencies;
    this.#share = dependencies.budget.join(this);
    this.#queue = new WaitQueue(dependencies.clock, dependencies.limits, 'a connection to the shard');
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Why no connection comes for now, although one will. */
  get holdUp(): TenantryError | undefined {
    return this.#queue.holdUp;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Connections open, being opened or being closed. */
  get size(): number {
    return this.#share.held;
  }

  /** How many may be on their way to be opened. */
  get #wanted(): number {
    const oneByOne = this.#queue.holdUp !== undefined || this.#waking.lasts;
    return oneByOne ? Math.min(1, this.#queue.length) : this.#queue.length;
  }

  /** How many a call has. */
  get #lent(): number {
    return this.#connections.size - this.#idle.length;
  }

  /** A connection that is free now. */
  take(): C | undefined {
    let connection = this.#idle.pop();
    while (connection !== undefined && !connection.usable) {
      void this.#discard(connection);
      connection = this.#idle.pop();
    }
    if (this.#idle.length < this.#unneeded) this.#unneeded = this.#idle.length;
    return connection;
  }

  /** The next connection that comes free or can be opened. Rejects with OVERLOADED, TIMEOUT, CANCELLED, or why none could be opened. */
  wait(deadline: Deadline): Promise<C> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    const connection = this.#queue.wait(deadline);
    this.grow();
    return connection;
  }

  /** Takes back a connection that was lent. */
  give(connection: C): void {
    const retired = this.#retired.size > 0 && this.#retired.delete(connection);
    if (retired || !connection.usable || this.#closed || this.#dependencies.budget.mustYield(this.#share)) void this.#discard(connection);
    else this.#offer(connection);
  }

  /** Rejects every call that waits. */
  failWaiting(error: Error): void {
    this.#queue.failAll(error);
  }

  /** Lends none of today's connections again, nor any that is being opened: what was checked for them does not hold any more. */
  retire(): void {
    this.#generation += 1;
    for (const connection of this.#idle.splice(0)) void this.#discard(connection);
    for (const connection of this.#connections) this.#retired.add(connection);
  }

  /** As `retire`, and what runs on lent connections fails. */
  cut(): void {
    this.retire();
    // Whoever has one gives it back when its call has failed.
    for (const connection of this.#connections) void connection.close();
  }

  closeIdle(): void {
    const connection = this.#idle.shift();
    this.#unneeded = Math.min(this.#unneeded, this.#idle.length);
    if (connection !== undefined) void this.#discard(connection);
  }

  grow(): void {
    if (this.#stopRetry !== undefined && (this.#lent > 0 || this.#queue.holdUp !== undefined || this.#refusal !== undefined)) return;
    while (this.#connecting < this.#wanted && !this.#closed && this.#dependencies.budget.reserve(this.#share)) void this.#open();
  }

  /** Rejects the calls that wait and closes every connection; what runs on a lent one fails. Nobody may ask for one any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    this.#stopSweep?.();
    this.#stopRetry?.();
    this.#queue.failAll(new TenantryError('SESSION_MISUSE', 'The pool of connections is closed.'));
    const idle = this.#idle.splice(0).map((connection) => this.#discard(connection));
    this.#dependencies.budget.leave(this.#share);
    await Promise.all([...idle, ...Array.from(this.#connections, (connection) => connection.close())]);
  }

  async #open(): Promise<void> {
    const { budget, clock, connect, limits, observer, reuses } = this.#dependencies;
    const startedAt = clock.now();
    const generation = this.#generation;
    const attempt = new AbortController();
    const stopTimer = clock.after(limits.connectTimeoutMs, () => attempt.abort());
    this.#connecting += 1;
    try {
      const connection = await connect(AbortSignal.any([attempt.signal, this.#closing.signal]));
      this.#connecting -= 1;
      if (generation !== this.#generation) return void this.#abandon(connection);
      this.#connections.add(connection);
      if (reuses?.(connection) === false) this.#retired.add(connection);
      observer.opened(clock.now() - startedAt);
      this.#waking.end();
      this.#queue.holdUp = undefined;
      this.#refusal = undefined;
      if (this.#closed) void this.#discard(connection);
      else this.#offer(connection);
      this.grow();
    } catch (error) {
      this.#connecting -= 1;
      const wasSilent = attempt.signal.aborted;
      if (this.#closed) budget.release(this.#share);
      else this.#openFailed(wasSilent ? this.#tooSlow(error) : error, wasSilent);
    } finally {
      stopTimer();
    }
  }

  /** Nobody is told that it was open: it says nothing of how the shard is now. */
  async #abandon(connection: C): Promise<void> {
    try {
      await connection.close();
    } finally {
      this.#dependencies.budget.release(this.#share);
      this.grow();
    }
  }

  #tooSlow(cause: unknown): TenantryError {
    return new TenantryError('SHARD_UNAVAILABLE', `Opening a connection took more than ${this.#dependencies.limits.connectTimeoutMs} ms.`, {
      cause,
    });
  }

  /** While connections are lent, one comes back sooner or later, and calls go on waiting for it. */
  #openFailed(error: unknown, wasSilent: boolean): void {
    const { budget, clock, observer } = this.#dependencies;
    this.#queue.holdUp = this.#waking.hear(error, wasSilent, clock.now());
    if (this.#queue.holdUp !== undefined) {
      observer.putOff(error);
      this.#retryIn(this.#waking.pauseMs);
    } else {
      observer.failed(error);
      const { lasts, pauseMs } = this.#waking;
      if (this.#lent > 0 || lasts) this.#retryIn(lasts ? pauseMs : reconnectMs);
      if (this.#lent === 0) this.#refuse(asError(error), lasts);
    }
    budget.release(this.#share);
    this.grow();
  }

  #refuse(error: Error, lasts: boolean): void {
    if (!lasts) return this.#queue.failFirst(error);
    this.#refusal = error;
    this.#queue.failAll(error);
  }

  #retryIn(ms: number): void {
    this.#stopRetry ??= this.#dependencies.clock.after(ms, () => this.#retry(), 'background');
  }

  #retry(): void {
    this.#stopRetry = undefined;
    this.#refusal = undefined;
    if (this.#queue.length === 0) this.#queue.holdUp = undefined;
    this.grow();
  }

  #offer(connection: C): void {
    if (this.#queue.length > 0 && this.#queue.give(connection)) return;
    this.#idle.push(connection);
    this.#stopSweep ??= this.#sweepLater();
  }

  #sweepLater(): () => void {
    this.#unneeded = this.#idle.length;
    return this.#dependencies.clock.after(this.#dependencies.limits.idleMs, () => this.#sweep(), 'background');
  }

  #sweep(): void {
    for (const connection of this.#idle.splice(0, this.#unneeded)) void this.#discard(connection);
    this.#stopSweep = this.#idle.length > 0 ? this.#sweepLater() : undefined;
  }

  async #discard(connection: C): Promise<void> {
    const { budget, observer } = this.#dependencies;
    this.#connections.delete(connection);
    this.#retired.delete(connection);
    try {
      await connection.close();
      observer.closed();
    } catch (error) {
      observer.closed(error);
    }
    budget.release(this.#share);
    this.grow();
  }
}
