import { TenantryError } from '../core/errors.ts';
import { SqlFailure, type LetsInLater } from './sql-failure.ts';

/** Milliseconds after which a database that still says it lets nobody in is in trouble: Azure SQL takes about one minute to wake one up. */
const longestMs = 120_000;
/** Milliseconds after which a caller whose time is over may come again. */
const comeAgainMs = 10_000;
/** Milliseconds between two attempts at a database that is waking up. */
const wakingPauseMs = 1_000;
/**
 * Milliseconds for which a server that asks for it is left alone, at first and at most: less than five "risks overwhelming the cloud
 * service", and the pause is to grow exponentially up to a minute ("Troubleshoot transient connection errors", by Microsoft).
 */
const leastAlonePauseMs = 5_000;
const mostAlonePauseMs = 60_000;

const because: Readonly<Record<LetsInLater, string>> = {
  awake: 'The server answers, and lets nobody into the database yet: a paused one takes about a minute to wake up.',
  'left alone': 'The server answers, lets nobody in just now, and asks to be left alone for a while.',
};

/** What a server has said lately of a database that lets nobody in yet. */
export class Waking {
  #since = 0;
  #heardAt = Number.NEGATIVE_INFINITY;
  #error: TenantryError | undefined;
  #lasts = false;
  #pauseMs = wakingPauseMs;

  /**
   * What a failed attempt to connect means: the error for those whose time ends before the database lets them in; `undefined` where
   * it is another trouble, or has been the same for two minutes. A server that is silent after it said so is still at it.
   */
  hear(failure: unknown, wasSilent: boolean, now: number): TenantryError | undefined {
    const when = letsInLater(failure);
    if (when !== undefined) {
      if (now - this.#heardAt > longestMs) this.#since = now;
      this.#heardAt = now;
      this.#error = notYet(failure as TenantryError, when);
      this.#pauseMs = when === 'awake' ? wakingPauseMs : alonePauseMs(failure as TenantryError, now - this.#since);
    } else if (!wasSilent) this.#error = undefined;
    this.#lasts = this.#error !== undefined && now - this.#since > longestMs;
    return this.#lasts ? undefined : this.#error;
  }

  /** Whether it still says so after two minutes: nobody waits for it then, and it is asked no more often than before. */
  get lasts(): boolean {
    return this.#lasts;
  }

  /** Milliseconds until it is worth while to ask again, by what was heard last. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** It lets logins in. */
  end(): void {
    this.#heardAt = Number.NEGATIVE_INFINITY;
    this.#error = undefined;
    this.#lasts = false;
  }
}

function letsInLater(failure: unknown): LetsInLater | undefined {
  return failure instanceof TenantryError && failure.cause instanceof SqlFailure ? failure.cause.letsInLater : undefined;
}

/** As long again as it has lasted already, which doubles it each time. */
function alonePauseMs({ retryAfterMs = 0 }: TenantryError, lastedMs: number): number {
  return Math.min(mostAlonePauseMs, Math.max(leastAlonePauseMs, retryAfterMs, lastedMs));
}

function notYet({ code, cause, retryAfterMs = comeAgainMs }: TenantryError, when: LetsInLater): TenantryError {
  return new TenantryError(code, because[when], { cause, retryAfterMs });
}
