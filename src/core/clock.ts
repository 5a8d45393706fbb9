/** Where time comes from, injected so that tests decide it. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /**
   * Calls `callback` once after `ms` milliseconds; the function returned calls that off. A process does not stay alive
   * for what is to happen in the `background`.
   */
  after(ms: number, callback: () => void, kind?: 'background'): () => void;
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback, kind) => {
    const timer = setTimeout(callback, ms);
    if (kind === 'background') timer.unref();
    return () => clearTimeout(timer);
  },
};
