import { TenantryError } from '../core/errors.ts';
import { SqlFailure } from './sql-failure.ts';

/** Milliseconds after which a database that still says it is waking up is in trouble: Azure SQL takes about one minute. */
const longestMs = 120_000;
/** Milliseconds after which a caller whose time is over may come again. */
const comeAgainMs = 10_000;

/** What a server has said lately of a database that lets nobody in yet. */
export class Waking {
  #since = 0;
  #heardAt = Number.NEGATIVE_INFINITY;
  #error: TenantryError | undefined;

  /**
   * What a failed attempt to connect means: the error for those whose time ends before the database is awake; `undefined` where
   * it is not waking up, or has said so for two minutes. A server that is silent after it said so is still at it.
   */
  hear(failure: unknown, wasSilent: boolean, now: number): TenantryError | undefined {
    if (isWaking(failure)) {
      if (now - this.#heardAt > longestMs) this.#since = now;
      this.#heardAt = now;
      this.#error = notAwake(failure);
    } else if (!wasSilent) this.#error = undefined;
    return now - this.#since > longestMs ? undefined : this.#error;
  }

  /** It lets logins in. */
  end(): void {
    this.#heardAt = Number.NEGATIVE_INFINITY;
    this.#error = undefined;
  }
}

function isWaking(failure: unknown): failure is TenantryError {
  return failure instanceof TenantryError && failure.cause instanceof SqlFailure && failure.cause.letsInLater;
}

function notAwake({ code, cause, retryAfterMs = comeAgainMs }: TenantryError): TenantryError {
  return new TenantryError(
    code,
    'The server answers, and lets nobody into the database yet: a paused one takes about a minute to wake up.',
    {
      cause,
      retryAfterMs,
    },
  );
}
