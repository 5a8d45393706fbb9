import type { Duplex } from 'node:stream';
import type pg from 'pg';
import type { Row } from '../../core/session.ts';
import { readTag, type CommandTag } from './command-tag.ts';
import { RowShape } from './row-shape.ts';
import { messageType, readError } from './server-message.ts';
import type { PreparedStatement, StatementCache } from './statement-cache.ts';

/** CopyFail without a reason, and Sync. */
const refusedCopy = Buffer.from([0x66, 0, 0, 0, 5, 0, 0x53, 0, 0, 0, 4]);

/** What a row takes in memory besides its values. */
const rowBytes = 64;

/** Answer of an empty statement. */
const noCommand: CommandTag = { command: '', rowCount: 0 };

/** A statement that the batch parses, and the cache that it joins once the server has parsed it. */
export interface Parsing {
  readonly statement: PreparedStatement;
  readonly cache: StatementCache;
}

/**
 * One batch of messages that ends with Sync, and its answer up to ReadyForQuery: pg's `Submittable`. Rows are kept from the last
 * execution of the batch only. Nothing is settled before ReadyForQuery: until then the transaction may still fail.
 */
export class Exchange {
  rows: Row[] = [];
  /** Bytes of the rows that are kept. */
  bytes = 0;
  /** Rows were dropped, and those that still come are too. */
  dropped = false;
  tag: CommandTag | undefined;
  /** What the server refused; it has rolled back. */
  error: pg.DatabaseError | undefined;
  /** Why the connection was lost in the middle; undefined while it lives. */
  loss: unknown;
  /** A value that could not be read. */
  rowError: unknown;
  /** Whether the batch went to the socket. */
  sent = false;
  /** The execution stopped at its limit of rows; there may be more. */
  suspended = false;
  /** Transaction status of ReadyForQuery: `I` none, `T` open, `E` failed. */
  status = '';
  /** The server has committed, and given up waiting until a synchronous standby has it too. */
  unreplicated = false;
  /** Whether all is known. */
  settled = false;
  /** Called where rows wait to be taken and the connection takes no more in until it is resumed; undefined: all are kept. */
  onFull: (() => void) | undefined;
  /** Called once, when all is known. */
  onSettled: () => void = () => undefined;

  readonly #batch: Uint8Array;
  readonly #statement: PreparedStatement;
  readonly #parsings: readonly Parsing[];
  #stream: Duplex | undefined;
  #parsed = 0;
  /** Executions whose answers are still to come before the statement's own. */
  #leading: number;

  constructor(batch: Uint8Array, statement: PreparedStatement, parsings: readonly Parsing[], leading: number) {
    this.#batch = batch;
    this.#statement = statement;
    this.#parsings = parsings;
    this.#leading = leading;
  }

  /** Words of the tag, such as `INSERT`; empty where no statement was completed. */
  get command(): string {
    return this.tag?.command ?? '';
  }

  /** Whether all that comes before the statement itself has succeeded: what fails from now on is the caller's. */
  get entered(): boolean {
    return this.#leading === 0;
  }

  /** Rows returned or changed. */
  get rowCount(): number {
    return this.tag?.rowCount ?? 0;
  }

  submit(connection: pg.Connection): Error | null {
    if (!connection.stream.writable) return new Error('The connection is closed.');
    this.sent = true;
    this.#stream = connection.stream;
    connection.stream.write(this.#batch);
    return null;
  }

  /** Takes one message; true where it was ReadyForQuery, the last. */
  handle(type: number, buffer: Buffer, start: number, end: number): boolean {
    switch (type) {
      case messageType.dataRow:
        if (this.#leading === 0 && !this.dropped) this.#addRow(buffer, start, end);
        return false;
      case messageType.commandComplete:
        // What follows the statement is the program's own.
        if (this.#leading === 0) this.tag ??= readTag(buffer, start, end);
        else this.#leading -= 1;
        return false;
      case messageType.emptyQuery:
        this.tag = noCommand;
        return false;
      case messageType.portalSuspended:
        this.suspended = true;
        return false;
      case messageType.parseComplete:
        this.#addParsed();
        return false;
      case messageType.rowDescription:
        this.#statement.shape = RowShape.from(buffer, start);
        return false;
      case messageType.noData:
        this.#statement.shape = RowShape.empty;
        return false;
      case messageType.error:
        this.error = readError(buffer, start, end);
        return false;
      case messageType.readyForQuery:
        this.status = String.fromCharCode(buffer[start] ?? 0);
        return true;
      case messageType.copyIn:
        // The server waits for rows, and has passed over the Sync.
        this.#stream?.write(refusedCopy);
        return false;
      default:
        return false;
    }
  }

  /** Takes the rows that have come, so that there is room for more. */
  takeRows(): Row[] {
    const { rows } = this;
    this.rows = [];
    this.bytes = 0;
    return rows;
  }

  /** Drops the rows, and those that still come. */
  dropRows(): void {
    this.dropped = true;
    this.onFull = undefined;
    this.takeRows();
  }

  handleReadyForQuery(): void {
    this.settled = true;
    this.onSettled();
  }

  /** pg calls this alone where the connection was lost, or could not be used. */
  handleError(error: unknown): void {
    if (this.settled) return;
    this.loss = error;
    this.settled = true;
    this.onSettled();
  }

  #addParsed(): void {
    const parsing = this.#parsings[this.#parsed];
    this.#parsed += 1;
    parsing?.cache.add(parsing.statement);
  }

  #addRow(buffer: Buffer, start: number, end: number): void {
    this.bytes += end - start + rowBytes;
    try {
      this.rows.push((this.#statement.shape ?? RowShape.empty).read(buffer, start));
    } catch (error) {
      this.rowError = error;
    }
  }
}
