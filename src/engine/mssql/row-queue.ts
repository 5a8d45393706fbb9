import type { Row } from '../../core/session.ts';

/** Rows that wait for their reader before the server is told to wait, and their bytes. */
const mostRows = 256;
const mostBytes = 1_048_576;

/** What makes the server wait and send on. */
interface Flow {
  pause(): void;
  resume(): void;
}

/** Rows between a server that sends and a reader that takes them one by one. */
export class RowQueue<R extends Row> implements AsyncIterable<R> {
  readonly #flow: Flow;
  #rows: R[] = [];
  #bytes = 0;
  #ended = false;
  #dropped = false;
  #wake: (() => void) | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  add(row: R, bytes: number): void {
    if (this.#dropped) return;
    this.#rows.push(row);
    this.#bytes += bytes;
    if (this.#rows.length >= mostRows || this.#bytes >= mostBytes) this.#flow.pause();
    this.#wake?.();
  }

  /** No more rows come. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Nobody reads on. */
  drop(): void {
    this.#dropped = true;
    this.#rows = [];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R> {
    while (this.#rows.length > 0 || !this.#ended) {
      const rows = this.#rows;
      this.#rows = [];
      this.#bytes = 0;
      yield* rows;
      if (this.#rows.length > 0 || this.#ended) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#flow.resume();
      await promise;
      this.#wake = undefined;
    }
  }
}
