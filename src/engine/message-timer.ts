import type { Clock } from '../core/clock.ts';

/** The time limit of what runs on a connection. One timer serves many messages: it looks at the moment that counts when it fires. */
export class MessageTimer {
  readonly #clock: Clock;
  readonly #expired: () => void;
  /** When what runs is out of time, by the clock. */
  #endsAt = Infinity;
  #timerAt = Infinity;
  #stopTimer: () => void = () => undefined;

  /** `expired` is told that what runs is out of time. */
  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** What runs has so many milliseconds from now; `Infinity`: no limit. */
  start(timeoutMs: number): void {
    this.#endsAt = this.#clock.now() + timeoutMs;
    if (this.#endsAt >= this.#timerAt || timeoutMs === Infinity) return;
    this.#stopTimer();
    this.#timerAt = this.#endsAt;
    this.#stopTimer = this.#clock.after(timeoutMs, () => {
      this.#timerAt = Infinity;
      if (this.#endsAt === Infinity) return;
      const leftMs = this.#endsAt - this.#clock.now();
      if (leftMs > 0) this.start(leftMs);
      else this.#expired();
    });
  }

  /** Nothing runs, or its reader is waited for. */
  pause(): void {
    this.#endsAt = Infinity;
  }

  /** The connection is gone. */
  stop(): void {
    this.#stopTimer();
  }
}
