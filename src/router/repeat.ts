import pRetry from 'p-retry';
import type { Clock } from '../core/clock.ts';
import { TenantryError } from '../core/errors.ts';
import { EntryRefused, type Refusal } from '../engine/entry.ts';
import type { RoutedCall } from './routed-call.ts';
import type { RouterDependencies } from './router-dependencies.ts';
import { isUnknownShard } from './shard-dispatcher.ts';

/** Corrections of a route that are followed at once; more of them mean that the tenant is on its way. */
const freeHops = 3;
/** Times that a call is repeated after trouble with a shard. */
const mostRepeats = 3;
const firstPauseMs = 20;
const longestPauseMs = 1_000;
/** When a caller should come again whose tenant could not be served. */
const comeAgainMs = 1_000;

/**
 * Goes on with a call whose first attempt failed, where nothing of it can have run twice: after refusals of an entry, after
 * trouble before the statement was sent or that rolled it back, and after any trouble where the call may be repeated.
 * Pauses have full jitter and end with the deadline. Rejects with what the caller is to know.
 */
export async function repeat<T>(
  call: RoutedCall<T>,
  firstFailure: unknown,
  dispatch: (call: RoutedCall<T>) => Promise<T>,
  dependencies: RouterDependencies,
): Promise<T> {
  const patience = new Patience(call, dependencies);
  await patience.prepare(firstFailure);
  return pRetry(() => dispatch(call), {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    onFailedAttempt: ({ error }) => patience.prepare(error),
  });
}

/** How much longer one call goes on. */
class Patience {
  readonly #call: RoutedCall<unknown>;
  readonly #dependencies: RouterDependencies;
  readonly #clock: Clock;
  #hops = 0;
  #refusedTokens = 0;
  #notReset = 0;
  #repeats = 0;
  #pauses = 0;
  #movingSince: number | undefined;

  constructor(call: RoutedCall<unknown>, dependencies: RouterDependencies) {
    this.#call = call;
    this.#dependencies = dependencies;
    this.#clock = dependencies.clock;
  }

  /** Resolves when the next attempt may start; rejects where there is to be none. */
  async prepare(failure: unknown): Promise<void> {
    if (failure instanceof EntryRefused) {
      await this.#afterRefusal(failure.refusal.reason);
      this.#report(failure.refusal.reason);
      return;
    }
    if (!(failure instanceof TenantryError)) throw new TenantryError('INTERNAL', undefined, { cause: failure });
    if (isUnknownShard(failure)) await this.#hop();
    else await this.#afterTrouble(failure);
    this.#report(failure.code);
  }

  #report(because: Refusal['reason'] | TenantryError['code']): void {
    this.#dependencies.observer.callRepeated(this.#call.route?.shardId ?? 'none', because);
  }

  async #afterRefusal(reason: Refusal['reason']): Promise<void> {
    switch (reason) {
      case 'MOVED':
      case 'STALE_EPOCH':
      case 'UNKNOWN_MAPPING':
        return this.#hop();
      case 'DRAINING':
      case 'INCOMING':
        return this.#awaitMove();
      case 'OFFLINE':
        throw new TenantryError('TENANT_OFFLINE', undefined, { retryAfterMs: comeAgainMs });
      case 'BAD_TOKEN':
        this.#refusedTokens += 1;
        // By every key once; and, where there are two, by the first again: between two attempts a rotation may have changed the token.
        if (this.#refusedTokens < 2 * this.#dependencies.tokens.length - 1) return undefined;
        throw new TenantryError('SHARD_UNVERIFIED', 'The shard knows this tenant by another fleet key.', { retryAfterMs: comeAgainMs });
      case 'UNVERIFIED':
        // Nothing that is done again helps: until somebody has looked at the shard it serves nobody.
        throw new TenantryError(
          'SHARD_UNVERIFIED',
          'What protects the tenants of the shard was changed, and what it is now was not accepted. `tenantry doctor` says what was changed, by whom and when.',
          { retryAfterMs: comeAgainMs },
        );
      case 'NOT_RESET':
        // Nothing has run, and the connections that nobody has used yet are without fault.
        this.#notReset += 1;
        if (this.#notReset <= mostRepeats) return undefined;
        throw new TenantryError('INTERNAL', 'Connections of the shard are not reset between their uses.');
    }
  }

  /** The lookup has been corrected: at once, unless shard and catalog go on to contradict each other. */
  async #hop(): Promise<void> {
    this.#hops += 1;
    if (this.#hops > freeHops)
      await this.#awaitMove('The shard and the catalog contradict each other over this tenant; `tenantry recover` shows where.');
  }

  async #awaitMove(detail?: string): Promise<void> {
    this.#movingSince ??= this.#clock.now();
    const pauseMs = this.#pauseMs();
    const leftMs = this.#movingSince + this.#dependencies.limits.waitMs - this.#clock.now();
    if (pauseMs >= Math.min(leftMs, this.#call.deadline.remainingMs))
      throw new TenantryError('TENANT_MOVING', detail, { retryAfterMs: comeAgainMs });
    await this.#pause(pauseMs);
  }

  async #afterTrouble(error: TenantryError): Promise<void> {
    this.#repeats += 1;
    if (!this.#mayRepeat(error) || this.#repeats > mostRepeats || this.#call.shard?.retries.spend() !== true) throw error;
    const pauseMs = this.#pauseMs();
    if (pauseMs >= this.#call.deadline.remainingMs) throw error;
    await this.#pause(pauseMs);
  }

  /**
   * OVERLOADED is not repeated. Azure asks to be left alone for 5 to 10 seconds then, longer than most callers wait, and calls that
   * waited here would all come back together; they are told at once, with the time after which it is worth while.
   */
  #mayRepeat({ code, outcome, retryAfterMs }: TenantryError): boolean {
    if (code === 'COMMIT_UNKNOWN') return this.#call.repeatable;
    if (code === 'SERIALIZATION_FAILURE') return true;
    return code === 'SHARD_UNAVAILABLE' && retryAfterMs === undefined && (outcome === 'not-run' || this.#call.repeatable);
  }

  #pauseMs(): number {
    const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#pauses);
    this.#pauses += 1;
    return longest * this.#dependencies.random();
  }

  #pause(ms: number): Promise<void> {
    return this.#call.deadline.race('The call', new Promise((resolve) => this.#clock.after(ms, resolve)));
  }
}
