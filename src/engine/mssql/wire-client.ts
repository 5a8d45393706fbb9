import type { EventEmitter } from 'node:events';
import type { Request } from 'tedious';
import type { Clock } from '../../core/clock.ts';
import { asError, TenantryError } from '../../core/errors.ts';
import { MessageTimer } from '../message-timer.ts';
import { Answer, type Interruption } from './answer.ts';
import type { HeldConnection } from './held-connection.ts';
import { endsConnection } from './mssql-errors.ts';
import { fitsOnePacket, type Message } from './message.ts';
import { resetBatch } from './routed-batch.ts';
import type { BigintForm } from './row-reader.ts';
import { takeAnswer, type RowTaker } from './take-answer.ts';

/** What bounds one message. */
export interface MessageLimits {
  /** `Infinity`: none. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a client reads answers. */
export interface WireOptions {
  readonly clock: Clock;
  /** Most bytes of an answer that is no stream, and of one row. */
  readonly answerBytes: number;
  readonly bigints: BigintForm;
}

interface Running {
  readonly request: Request;
  readonly answer: Answer;
  readonly timeoutMs: number;
}

/** The part of the driver's connection that its types keep to themselves (tedious 20). */
interface DriverInternals {
  readonly state: unknown;
  readonly STATE: { readonly LOGGED_IN: unknown };
  readonly inTransaction: boolean;
  readonly closed: boolean;
  resetConnectionOnNextRequest: boolean;
  readonly messageIo: { packetSize(): number };
  readonly transactionDescriptors: Buffer[];
  currentTransactionDescriptor(): Buffer;
}

/** What is put behind it runs as soon as the running code has ended. */
const soon = Promise.resolve();

/**
 * One connection of the driver's, one message at a time: resets, timers, cancellation, and what is known of its state.
 */
export class WireClient {
  readonly #held: HeldConnection;
  readonly #internals: DriverInternals;
  readonly #options: WireOptions;
  readonly #timer: MessageTimer;
  #running: Running | undefined;
  #used = false;
  #resetDue = false;
  #discarded = false;
  #paused = false;

  constructor(held: HeldConnection, options: WireOptions) {
    const { connection } = held;
    this.#held = held;
    this.#internals = connection as unknown as DriverInternals;
    this.#options = options;
    this.#timer = new MessageTimer(options.clock, () => this.interrupt('TIMEOUT'));
    // An event that the driver's types leave out.
    (connection as EventEmitter).on('rollbackTransaction', () => {
      if (this.#running !== undefined) this.#running.answer.rolledBack = true;
    });
    const { transactionDescriptors } = this.#internals;
    // Of a transaction that begins the driver says nothing: it adds its descriptor here.
    transactionDescriptors.push = (...begun) => {
      if (this.#running !== undefined) this.#running.answer.begins += begun.length;
      return Array.prototype.push.apply(transactionDescriptors, begun);
    };
    connection.on('errorMessage', ({ number, class: severity, message }) => {
      this.#running?.answer.errors.push({ number, class: severity, message });
      this.#discarded ||= severity >= 20;
    });
    connection.on('infoMessage', ({ message }) => this.#running?.answer.hear(message));
  }

  /** False once the connection is gone, or in a state that nobody knows. */
  get usable(): boolean {
    return !this.#discarded && !this.#internals.closed && (this.busy || this.#internals.state === this.#internals.STATE.LOGGED_IN);
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Whether the server said last that a transaction is open. */
  get inTransaction(): boolean {
    return this.#internals.inTransaction;
  }

  /** Names the open transaction; another one has another. */
  get transaction(): string {
    return this.#internals.currentTransactionDescriptor().toString('hex');
  }

  /** Another caller begins to use the connection: its next message resets what the one before left in the session. */
  beginUse(): void {
    if (this.#used) this.#resetDue = true;
    this.#used = true;
  }

  /**
   * Sends a message and resolves once its answer is whole, its connection lost or an interruption dealt with to the end.
   * Rejects only for use by two at once.
   */
  run(message: Message, limits: MessageLimits, take?: RowTaker): Promise<Answer> {
    if (this.busy) return Promise.reject(new TenantryError('SESSION_MISUSE', 'A statement is running already; wait for it.'));
    if (this.#resetDue) {
      this.#resetDue = false;
      this.#internals.resetConnectionOnNextRequest = true;
      // The reset bit belongs into the first packet of a message alone, and the driver sets it in all.
      if (!fitsOnePacket(message, this.#internals.messageIo.packetSize())) return this.#sendBehindReset(message, limits, take);
    }
    return this.#send(message, limits, take);
  }

  /** Has the server wait: the reader of a stream has enough for now. */
  pause(): void {
    if (this.#running === undefined) return;
    this.#timer.pause();
    this.#paused = true;
    this.#running.request.pause();
  }

  /** The server may send on, and has its time for it. */
  resume(): void {
    if (this.#running === undefined || !this.#paused) return;
    this.#paused = false;
    this.#timer.start(this.#running.timeoutMs);
    this.#running.request.resume();
  }

  /** Ends what runs; its answer still comes. Rows that come until then are dropped. */
  interrupt(interruption: Interruption): void {
    const running = this.#running;
    if (running === undefined || running.answer.interruption !== undefined) return;
    running.answer.interruption = interruption;
    running.answer.rows = [];
    running.request.cancel();
    this.resume();
  }

  /** Closes at once: what is open on the server is rolled back by it. */
  discard(): void {
    this.#discarded = true;
    this.#timer.stop();
    if (!this.#internals.closed) this.#held.connection.close();
  }

  /** Resolves once the socket is gone here; a server that does not answer is not waited for. */
  async close(): Promise<void> {
    this.discard();
  }

  async #sendBehindReset(message: Message, limits: MessageLimits, take?: RowTaker): Promise<Answer> {
    const reset = await this.#send({ kind: 'batch', text: resetBatch }, limits);
    if (reset.errors.length > 0 || reset.loss !== undefined || reset.interruption !== undefined) return notSent(reset);
    return await this.#send(message, limits, take);
  }

  #send(message: Message, { timeoutMs, signal }: MessageLimits, take?: RowTaker): Promise<Answer> {
    const answer = new Answer();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const onAbort = (): void => this.interrupt('CANCELLED');
    const ended = (error?: Error | null): void => {
      signal?.removeEventListener('abort', onAbort);
      if (error !== undefined && error !== null) answer.fail(error);
      resolve(this.#settle(answer));
    };
    const request = this.#held.request(message, ended);
    this.#running = { request, answer, timeoutMs };
    const { answerBytes, bigints } = this.#options;
    takeAnswer(request, answer, { bigints, mostBytes: answerBytes, take, tooLarge: () => this.interrupt('ANSWER_TOO_LARGE') });
    this.#timer.start(timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    // A caller who gives up at once has nothing sent. What the driver threw, instead of saying it to the request, nobody else would hear.
    soon
      .then(() => {
        // The driver, which goes on to read what came before its connection was closed, would take more to send then, and not answer.
        if (this.#internals.closed) return ended(new Error('The connection is closed.'));
        answer.sent = !request.canceled;
        this.#held.send(message.kind, request);
      })
      .catch((error: unknown) => ended(asError(error)));
    return promise;
  }

  #settle(answer: Answer): Answer {
    this.#timer.pause();
    this.#running = undefined;
    this.#paused = false;
    const { closed, state, STATE, inTransaction } = this.#internals;
    if (!answer.done && answer.errors.length === 0) answer.loss ??= answer.unexplained;
    if (closed || state !== STATE.LOGGED_IN) answer.loss ??= new Error('The connection ended.');
    else if (answer.loss !== undefined) this.discard();
    answer.inTransaction = inTransaction;
    if (answer.errors.some((error) => endsConnection(error, answer.rolledBack))) this.discard();
    return answer;
  }
}

/** What became of a message whose reset failed before it. */
function notSent(reset: Answer): Answer {
  reset.sent = false;
  return reset;
}
