import { failureCode } from '../src/core/failure-code.ts';

/** Hears of Redis going away and coming back. */
export interface RedisListener {
  /** Something began to fail, or fails for another reason than before; a text that is malformed is told each time. Requests go on. */
  readonly onTrouble: (error: unknown) => void;
  /** Everything that failed works again. */
  readonly onRecovered?: (() => void) | undefined;
}

/** How one connection is, told by whoever uses it. */
export interface ConnectionHealth {
  failed(error: unknown): void;
  well(): void;
}

/** How all connections to one Redis are: whoever listens is told of changes, not of every command that sees them. */
export class RedisHealth {
  readonly #listener: RedisListener;
  /** What a connection fails with. */
  readonly #failing = new Map<string, string>();
  #closed = false;

  constructor(listener: RedisListener) {
    this.#listener = listener;
  }

  connection(name: string): ConnectionHealth {
    return { failed: (error) => this.#failed(name, error), well: () => this.#well(name) };
  }

  /** Tells of something that says nothing of a connection. */
  malformed(error: unknown): void {
    if (!this.#closed) this.#listener.onTrouble(error);
  }

  /** Nothing is told any more. */
  close(): void {
    this.#closed = true;
  }

  #failed(name: string, error: unknown): void {
    const code = failureCode(error);
    const isKnown = [...this.#failing.values()].includes(code);
    this.#failing.set(name, code);
    if (!isKnown && !this.#closed) this.#listener.onTrouble(error);
  }

  #well(name: string): void {
    if (this.#failing.delete(name) && this.#failing.size === 0 && !this.#closed) this.#listener.onRecovered?.();
  }
}
