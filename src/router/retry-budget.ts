/** Repeated calls per first call, in the long run. */
const ratio = 0.1;
const most = 10;

/** Keeps repeated calls a small part of all calls to a shard, so that repeating never makes an overload worse. */
export class RetryBudget {
  #tokens = most;

  /** A call succeeded. */
  deposit(): void {
    if (this.#tokens < most) this.#tokens += ratio;
  }

  /** Whether one call may be repeated now. */
  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
