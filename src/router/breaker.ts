import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';

/** Failures one after another that open a breaker. */
const threshold = 5;
const shortestMs = 250;
const longestMs = 8_000;

/**
 * Fails the calls for a shard in trouble at once. Opened by failures of the transport one after another, and at once
 * by a shard found unfit to serve; then lets one call through now and again, twice as seldom after each failure, and
 * closes as soon as the shard answers.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #changed: (state: 'open' | 'closed', cause?: TenantryError) => void;
  #failures = 0;
  #openMs = 0;
  #nextTryAt = 0;
  /** A call was let through and has not failed yet. */
  #trying = false;
  #cause: TenantryError | undefined;

  /** `changed` hears of each opening, with its cause, and of each closing. */
  constructor(clock: Clock, random: () => number, changed: (state: 'open' | 'closed', cause?: TenantryError) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#changed = changed;
  }

  /** Throws SHARD_UNAVAILABLE or SHARD_UNVERIFIED, with `retryAfterMs`, while it is open. */
  check(): void {
    if (this.#openMs === 0) return;
    const leftMs = this.#nextTryAt - this.#clock.now();
    if (leftMs > 0) throw this.error(leftMs);
    this.#trying = true;
    this.#delay();
  }

  /** Whether it knows nothing that matters: it is closed, or the time of the next try has been over for long. */
  get isStale(): boolean {
    return this.#openMs === 0 || this.#clock.now() > this.#nextTryAt + longestMs;
  }

  /** A connection was opened: the shard is there and fit to serve. */
  connected(): void {
    const wasOpen = this.#openMs > 0;
    this.#failures = 0;
    this.#openMs = 0;
    this.#cause = undefined;
    if (wasOpen) this.#changed('closed');
  }

  /** The shard answered on a connection opened before; that says nothing of whether it is fit still. */
  answered(): void {
    if (this.#failures > 0 && this.#cause?.code !== 'SHARD_UNVERIFIED') this.connected();
  }

  /** The shard did not answer, or is not fit to serve. `true` where this opened the breaker, or one that was open has learnt the latter. */
  failed(cause: TenantryError): boolean {
    const isLearnt = cause.code === 'SHARD_UNVERIFIED' && this.#cause?.code !== 'SHARD_UNVERIFIED';
    const wasOpen = this.#openMs > 0 && !isLearnt;
    if (wasOpen && !this.#trying) return false;
    this.#failures += 1;
    this.#cause = cause;
    if (this.#failures < threshold && cause.code !== 'SHARD_UNVERIFIED') return false;
    this.#trying = false;
    this.#openMs = Math.min(longestMs, Math.max(shortestMs, this.#openMs * 2));
    this.#delay();
    if (!wasOpen) this.#changed('open', cause);
    return !wasOpen;
  }

  /** It was seen, beside its calls, that the shard is not fit to serve. */
  unfit(cause: TenantryError): void {
    this.#trying = true;
    this.failed(cause);
  }

  /** What calls are told while it is open. */
  error(retryAfterMs: number = this.#openMs): TenantryError {
    const isUnfit = this.#cause?.code === 'SHARD_UNVERIFIED';
    const detail = isUnfit
      ? (this.#cause?.detail ?? 'The shard is not fit to serve.')
      : 'The shard failed just now and is left alone for a moment.';
    return new TenantryError(isUnfit ? 'SHARD_UNVERIFIED' : 'SHARD_UNAVAILABLE', detail, {
      cause: this.#cause,
      retryAfterMs: Math.ceil(retryAfterMs),
    });
  }

  /** Half to all of the time, so that many processes do not come back together. */
  #delay(): void {
    this.#nextTryAt = this.#clock.now() + this.#openMs * (0.5 + this.#random() / 2);
  }
}
