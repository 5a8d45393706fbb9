import type { Writable } from 'node:stream';
import pino, { type Logger } from 'pino';
import type { Clock } from '../core/clock.ts';

/** Characters that are written together: a write costs more than all else that a line does. */
const batchLength = 8_192;
/** The longest that a line is held back, and so what a SIGKILL can lose. */
const heldBackMs = 200;
/** Bytes that wait for a reader who stands still; beyond them lines are dropped, or they would fill the memory. */
const mostWaitingBytes = 67_108_864;

/** Where a log goes, and what it needs. */
export interface ServiceLogOptions {
  /** A file, a pipe or a terminal. */
  readonly stream: Writable & { readonly isTTY?: boolean };
  readonly clock: Clock;
  /** Hears of entries that were lost because nobody reads. */
  readonly onDropped: () => void;
}

/** A log in JSON, one line an entry. */
export interface ServiceLog {
  readonly logger: Logger;
  /** Hands over what is held back. What is logged later is written at once. */
  readonly close: () => void;
}

/**
 * Opens a log. Lines are written in batches and in their order; what is held back follows with `close`, with a fatal
 * entry, and when the process ends by itself or by an error. On a terminal every line appears at once.
 */
export function openServiceLog({ stream, clock, onDropped }: ServiceLogOptions): ServiceLog {
  const options = { base: null, timestamp: timestamps() };
  if (stream.isTTY === true) return { logger: pino(options, stream), close: () => undefined };
  const batches = new Batches(stream, clock, onDropped);
  const onExit = (): void => batches.flushSync();
  process.once('exit', onExit);
  // A service does not end because the reader of its log has.
  stream.on('error', onDropped);
  return {
    logger: pino(options, batches),
    close: () => {
      process.off('exit', onExit);
      batches.close();
    },
  };
}

/** The time as pino's `isoTime` writes it; what lines of one second have in common is formatted once. */
function timestamps(): () => string {
  let second = 0;
  let prefix = '';
  return () => {
    const now = Date.now();
    const thisSecond = Math.floor(now / 1_000);
    if (thisSecond !== second) {
      second = thisSecond;
      prefix = `,"time":"${new Date(now).toISOString().slice(0, -4)}`;
    }
    return `${prefix}${String(now % 1_000).padStart(3, '0')}Z"`;
  };
}

/**
 * pino's own buffered destination writes in another thread, which at the end of a process can come after what is flushed
 * there, and its flush repeats for ever where the reader is gone (sonic-boom 4.2): a stream of the process does neither.
 */
class Batches {
  readonly #stream: Writable;
  readonly #clock: Clock;
  readonly #onDropped: () => void;
  #held = '';
  #isClosed = false;
  #stopTimer: (() => void) | undefined;

  constructor(stream: Writable, clock: Clock, onDropped: () => void) {
    this.#stream = stream;
    this.#clock = clock;
    this.#onDropped = onDropped;
  }

  write(line: string): void {
    this.#held += line;
    if (this.#held.length >= batchLength || this.#isClosed) this.flushSync();
    else this.#stopTimer ??= this.#clock.after(heldBackMs, () => this.flushSync(), 'background');
  }

  /** Under this name pino calls it after a fatal entry. */
  flushSync(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (this.#held === '') return;
    const text = this.#held;
    this.#held = '';
    if (this.#stream.writableLength < mostWaitingBytes && this.#stream.writable) this.#stream.write(text);
    else this.#onDropped();
  }

  close(): void {
    this.#isClosed = true;
    this.flushSync();
  }
}
