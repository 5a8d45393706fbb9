/** Where a service stands between its start and its end, and how many requests it is working on. */
export class Lifecycle {
  #phase: 'starting' | 'ready' | 'stopping' = 'starting';
  #inFlight = 0;

  /** It listens and was not told to stop. */
  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  get isStopping(): boolean {
    return this.#phase === 'stopping';
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  ready(): void {
    this.#phase = 'ready';
  }

  stopping(): void {
    this.#phase = 'stopping';
  }

  requestStarted(): void {
    this.#inFlight += 1;
  }

  requestEnded(): void {
    this.#inFlight -= 1;
  }
}
