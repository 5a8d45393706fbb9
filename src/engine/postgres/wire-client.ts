import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { Clock } from '../../core/clock.ts';
import { TenantryError } from '../../core/errors.ts';
import { MessageTimer } from '../message-timer.ts';
import type { CancelTarget } from './cancel-request.ts';
import { Cancellation } from './cancellation.ts';
import type { Exchange } from './exchange.ts';
import { messageType, saysUnreplicated } from './server-message.ts';
import { WireFramer } from './wire-framer.ts';

/** Rows of a stream that wait for their reader before the server has to wait too, in bytes. */
const streamBytes = 1_048_576;
const noBody = Buffer.alloc(0);
const terminate = Buffer.from([0x58, 0, 0, 0, 4]);

/** When an exchange is to be interrupted. */
export interface ExchangeLimits {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** Why an exchange was interrupted, as an error code. */
export type Interruption = 'CANCELLED' | 'TIMEOUT' | 'ANSWER_TOO_LARGE';

interface RunningInterruption {
  readonly code: Interruption;
  readonly cancellation: Cancellation;
}

/** What pg's client keeps to itself: its socket, and what a cancel request needs. Seen in pg 8.23. */
interface PgInternals {
  readonly connection: pg.Connection & { emit(event: 'readyForQuery', message: { readonly status: string }): boolean };
  readonly processID: number;
  readonly secretKey: number;
}

/**
 * A connection of pg on which an `Exchange` reads its answer straight from the socket, without an event for every message.
 * Everything else (start-up, statements of pg's own, notices) goes to pg as ever. One exchange at a time.
 */
export class WireClient {
  readonly #client: pg.Client;
  readonly #internals: PgInternals;
  readonly #stream: Duplex;
  readonly #answerBytes: number;
  readonly #clock: Clock;
  readonly #target: Omit<CancelTarget, 'processId' | 'secretKey'>;
  readonly #toPg: (chunk: Buffer) => void;
  readonly #timer: MessageTimer;
  #exchange: Exchange | undefined;
  #lost = false;
  /** What the server said when it ended the connection while nothing ran on it. */
  #lastWords: pg.DatabaseError | undefined;
  #discarded = false;
  #timeoutMs = Infinity;
  #paused = false;
  #interruption: RunningInterruption | undefined;

  /** `client` has connected; an answer has at most `answerBytes`. */
  constructor(client: pg.Client, target: Omit<CancelTarget, 'processId' | 'secretKey'>, clock: Clock, answerBytes: number) {
    this.#client = client;
    this.#internals = client as unknown as PgInternals;
    this.#stream = this.#internals.connection.stream;
    this.#clock = clock;
    this.#target = target;
    this.#answerBytes = answerBytes;
    this.#toPg = takeListener(this.#stream);
    this.#timer = new MessageTimer(clock, () => this.#interrupt('TIMEOUT'));
    const framer = new WireFramer(Math.max(answerBytes, streamBytes), this.#handle, this.#handleTooLong);
    this.#stream.on('data', (chunk: Buffer) => framer.push(chunk));
    // What runs at that moment is told by pg through handleError.
    client.on('error', (error: Error) => {
      this.#lost = true;
      if (error instanceof pg.DatabaseError) this.#lastWords ??= error;
    });
    client.once('end', () => {
      this.#lost = true;
      this.#timer.stop();
    });
  }

  /** False once the connection is gone, or in a state that nobody knows. */
  get usable(): boolean {
    return !this.#lost && !this.#discarded && this.#stream.writable;
  }

  get busy(): boolean {
    return this.#exchange !== undefined;
  }

  /**
   * Sends the exchange, and resolves once its answer is whole, its connection lost, or an interruption has been dealt with to
   * the end; says which interruption there was. Never rejects but for use by two at once.
   */
  run(exchange: Exchange, limits: ExchangeLimits): Promise<Interruption | undefined> {
    if (this.#exchange !== undefined) throw new TenantryError('SESSION_MISUSE', 'A statement is running already; wait for it.');
    this.#exchange = exchange;
    this.#timeoutMs = limits.timeoutMs;
    this.#timer.start(limits.timeoutMs);
    const { signal } = limits;
    const onAbort = signal === undefined ? undefined : (): void => this.#interrupt('CANCELLED');
    if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
    return new Promise((resolve) => {
      exchange.onSettled = () => {
        if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
        this.#settle(exchange, resolve);
      };
      this.#client.query(exchange);
    });
  }

  /** The rows of an exchange that was full have been taken: the server may send more, and has its time for it. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#timer.start(this.#timeoutMs);
    this.#stream.resume();
  }

  /**
   * Runs a statement of the program's own that follows what runs now. A failure costs the connection, at once: pg sends what
   * is queued behind it as soon as the server is ready, before any promise has settled.
   */
  runAfter(text: string): void {
    this.#client.query(text, (error: Error | null) => {
      if (error !== null) this.discard();
    });
  }

  /** Closes at once: what is open on the server is rolled back by it. */
  discard(): void {
    this.#discarded = true;
    this.#timer.stop();
    this.#stream.destroy();
  }

  /** Resolves once the socket is gone here; a server that does not answer is not waited for. */
  async close(): Promise<void> {
    if (this.#stream.closed) return;
    const closed = new Promise<void>((resolve) => this.#stream.once('close', resolve));
    if (this.usable && !this.busy) this.#stream.write(terminate);
    this.discard();
    await closed;
  }

  readonly #handle = (type: number, buffer: Buffer, start: number, end: number): void => {
    const exchange = this.#exchange;
    const isForAll = type === messageType.notice || type === messageType.notification || type === messageType.parameterStatus;
    if (exchange === undefined || !exchange.sent || exchange.settled || isForAll) {
      if (type === messageType.notice && exchange !== undefined && saysUnreplicated(buffer, start, end)) exchange.unreplicated = true;
      this.#toPg(buffer.subarray(start - 5, end));
      return;
    }
    if (exchange.handle(type, buffer, start, end)) this.#internals.connection.emit('readyForQuery', { status: exchange.status });
    else if (exchange.bytes > streamBytes || exchange.bytes > this.#answerBytes) this.#makeRoom(exchange);
  };

  readonly #handleTooLong = (type: number): void => {
    const exchange = this.#exchange;
    if (exchange === undefined || !exchange.sent || exchange.settled) return;
    if (type === messageType.dataRow) this.#refuseRows(exchange);
    // What an error says is lost then; that the server has rolled back is not.
    else if (type === messageType.error) exchange.handle(type, noBody, 0, 0);
  };

  /** Has the server wait for the reader of a stream, or ends an answer that nobody can take in pieces. */
  #makeRoom(exchange: Exchange): void {
    if (exchange.onFull === undefined) {
      if (exchange.bytes > this.#answerBytes) this.#refuseRows(exchange);
      return;
    }
    this.#paused = true;
    this.#timer.pause();
    this.#stream.pause();
    exchange.onFull();
  }

  #refuseRows(exchange: Exchange): void {
    exchange.dropRows();
    this.#interrupt('ANSWER_TOO_LARGE');
  }

  #interrupt(interruption: Interruption): void {
    if (this.#interruption !== undefined) return;
    if (this.#exchange?.onFull !== undefined) {
      // What the server answers to the interruption comes behind the rows, and nobody may be there to take them.
      this.#exchange.dropRows();
      this.resume();
    }
    const { processID: processId, secretKey } = this.#internals;
    const cancellation = new Cancellation({ ...this.#target, processId, secretKey }, this.#clock, () => this.discard());
    this.#interruption = { code: interruption, cancellation };
  }

  #settle(exchange: Exchange, resolve: (interruption: Interruption | undefined) => void): void {
    this.resume();
    this.#timer.pause();
    if (exchange.loss !== undefined) {
      this.#lost = true;
      if (!exchange.sent) exchange.error = this.#lastWords;
    }
    const interruption = this.#interruption;
    if (interruption === undefined) {
      this.#exchange = undefined;
      resolve(undefined);
      return;
    }
    void this.#seeThrough(interruption).then(resolve);
  }

  /** A connection serves again only once a cancel request can no longer reach it. */
  async #seeThrough({ code, cancellation }: RunningInterruption): Promise<Interruption> {
    await cancellation.seeThrough();
    this.#exchange = undefined;
    this.#interruption = undefined;
    return code;
  }
}

/** Takes the place of pg's listener on its socket, and returns it. */
function takeListener(stream: Duplex): (chunk: Buffer) => void {
  const listeners = stream.listeners('data');
  const [listener] = listeners;
  if (listener === undefined || listeners.length !== 1)
    throw new TenantryError('INTERNAL', 'This version of pg reads its socket in another way than 8.23.');
  stream.removeListener('data', listener as (chunk: Buffer) => void);
  return listener as (chunk: Buffer) => void;
}
