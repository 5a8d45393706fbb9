import type { Clock } from '../../core/clock.ts';
import { requestCancel, type CancelTarget } from './cancel-request.ts';

/** Milliseconds that a server has to answer a cancel request before its connection is given up. */
const cancelGraceMs = 2_000;
/** Milliseconds until a cancel request is made again: the server ignores one that overtakes its statement. */
const cancelAgainMs = 100;

/** Cancel requests for what runs on a connection, one after another until its answer has come. */
export class Cancellation {
  readonly #target: CancelTarget;
  readonly #clock: Clock;
  readonly #settled = Promise.withResolvers<void>();
  readonly #stopGrace: () => void;
  /** Never rejects. */
  readonly #requested: Promise<void>;

  /** `giveUp` ends a connection whose server does not answer, or which a request that was not seen through might hit later. */
  constructor(target: CancelTarget, clock: Clock, giveUp: () => void) {
    this.#target = target;
    this.#clock = clock;
    const grace = new AbortController();
    this.#stopGrace = clock.after(cancelGraceMs, () => {
      grace.abort(new Error('The server did not answer a cancel request.'));
      giveUp();
    });
    this.#requested = this.#request(grace.signal).catch(giveUp);
  }

  /** The answer has come. Resolves once no request can reach the connection any more, which serves again only then. */
  async seeThrough(): Promise<void> {
    this.#settled.resolve();
    await this.#requested;
    this.#stopGrace();
  }

  async #request(signal: AbortSignal): Promise<void> {
    let isSettled = false;
    for (;;) {
      await requestCancel(this.#target, signal);
      let stopPause = (): void => undefined;
      const pause = new Promise<void>((resolve) => (stopPause = this.#clock.after(cancelAgainMs, resolve)));
      await Promise.race([pause, this.#settled.promise.then(() => (isSettled = true))]);
      stopPause();
      if (isSettled || signal.aborted) return;
    }
  }
}
