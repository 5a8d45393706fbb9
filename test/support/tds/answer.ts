import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ColumnValue } from './column-value.ts';
import { encodePacket, packetHeaderBytes, packetStatus, type MessageType } from './packets.ts';
import { columnsToken, doneStatus, doneToken, errorToken, rowToken, type Columns, type ServerMessage } from './tokens.ts';

/** Thrown by what a script still wants to send once the client has cancelled or the socket has gone: the script ends there. */
export class AnswerStopped extends Error {
  override readonly name = 'AnswerStopped';
}

/** What an answer needs of its connection. */
export interface AnswerSink {
  readonly stream: Duplex;
  readonly packetSize: number;
  /** Ends the connection with a FIN after what was sent, or with an RST at once. */
  drop(how: 'fin' | 'rst'): void;
  sent(type: MessageType, status: number, bytes: Buffer): void;
}

/** One message to the client, sent as its packets fill. */
export class Answer {
  readonly #sink: AnswerSink;
  readonly #type: MessageType;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #packets = 0;
  #state: 'open' | 'complete' | 'interrupted' | 'dropped' = 'open';
  readonly #attention = new AbortController();
  /** Bytes of data given to the socket. */
  sentBytes = 0;

  constructor(sink: AnswerSink, type: MessageType = 'TABULAR_RESULT') {
    this.#sink = sink;
    this.#type = type;
  }

  get state(): 'open' | 'complete' | 'interrupted' | 'dropped' {
    return this.#state;
  }

  /** Aborted when the client sends an attention while this answer is open, or goes away. */
  get attention(): AbortSignal {
    return this.#attention.signal;
  }

  /** Adds tokens; resolves once the client's socket takes more. Rejects with AnswerStopped where nobody listens any longer. */
  async send(...tokens: readonly Buffer[]): Promise<void> {
    this.#check();
    for (const token of tokens) {
      this.#waiting.push(token);
      this.#waitingBytes += token.length;
    }
    while (this.#waitingBytes > this.#room) this.#packet(0, this.#room);
    await this.#drained();
  }

  /** Sends what waits for its packet to fill. */
  async flush(): Promise<void> {
    this.#check();
    if (this.#waitingBytes > 0) this.#packet(0, this.#waitingBytes);
    await this.#drained();
  }

  async columns(columns: Columns): Promise<void> {
    await this.send(columnsToken(columns));
  }

  async row(columns: Columns, values: readonly ColumnValue[]): Promise<void> {
    await this.send(rowToken(columns, values));
  }

  /** A whole answer of rows, as sp_executesql gives it. */
  async rows(columns: Columns, rows: readonly (readonly ColumnValue[])[]): Promise<void> {
    await this.send(
      columnsToken(columns),
      ...rows.map((row) => rowToken(columns, row)),
      doneToken('DONEINPROC', doneStatus.more, rows.length),
    );
    await this.end(doneToken('DONEPROC'));
  }

  /** A whole answer of one error. */
  async error(error: ServerMessage): Promise<void> {
    await this.end(errorToken(error), doneToken('DONEPROC', doneStatus.error));
  }

  /** Ends the answer, with these tokens at its end. */
  async end(...tokens: readonly Buffer[]): Promise<void> {
    await this.send(...tokens);
    this.#packet(packetStatus.endOfMessage, this.#waitingBytes);
    this.#state = 'complete';
  }

  /** Ends the connection instead; what waits for its packet to fill is sent before a FIN, and lost by an RST. */
  drop(how: 'fin' | 'rst'): void {
    if (how === 'fin' && this.#state === 'open' && this.#waitingBytes > 0) this.#packet(0, this.#waitingBytes);
    if (this.#state === 'open') this.#state = 'dropped';
    this.#sink.drop(how);
  }

  /** The client wants no more: what was begun is closed, whatever the script still does. */
  interrupt(tokens: readonly Buffer[]): void {
    const last = Buffer.concat([...tokens, doneToken('DONE', doneStatus.error)]);
    this.#waiting.push(last);
    this.#waitingBytes += last.length;
    while (this.#waitingBytes > this.#room) this.#packet(0, this.#room);
    this.#packet(packetStatus.endOfMessage, this.#waitingBytes);
    this.#state = 'interrupted';
    this.#attention.abort();
  }

  /** The socket is gone. */
  lose(): void {
    if (this.#state === 'open') this.#state = 'dropped';
    this.#attention.abort();
  }

  get #room(): number {
    return this.#sink.packetSize - packetHeaderBytes;
  }

  #check(): void {
    if (this.#state !== 'open') throw new AnswerStopped(`The answer is ${this.#state}.`);
  }

  #packet(status: number, length: number): void {
    const waiting = Buffer.concat(this.#waiting);
    const data = waiting.subarray(0, length);
    this.#waiting = length < waiting.length ? [waiting.subarray(length)] : [];
    this.#waitingBytes = waiting.length - length;
    this.#packets += 1;
    this.sentBytes += length;
    const bytes = encodePacket(this.#type, status, this.#packets, data);
    this.#sink.sent(this.#type, status, bytes);
    if (this.#sink.stream.writable) this.#sink.stream.write(bytes);
  }

  async #drained(): Promise<void> {
    const { stream } = this.#sink;
    if (!stream.writableNeedDrain) return;
    // Aborted by an attention or a lost socket: whoever sends on is told by #check.
    await once(stream, 'drain', { signal: this.#attention.signal }).catch(() => undefined);
    this.#check();
  }
}
