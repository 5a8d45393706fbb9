const headerBytes = 5;

/** Takes one whole message: its type, and where its body lies in the buffer. */
export type MessageHandler = (type: number, buffer: Buffer, start: number, end: number) => void;

/** Is told the type of a message that is too long, before its end has come; it is passed over. */
export type TooLongHandler = (type: number) => void;

/** Cuts what a socket delivers into messages: one byte of type, four of length, the body. */
export class WireFramer {
  /** Start of a message whose end has not come yet, in pieces. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  #neededBytes = 0;
  /** What is still to come of a message that is passed over. */
  #skippedBytes = 0;
  readonly #mostBytes: number;
  readonly #handle: MessageHandler;
  readonly #tooLong: TooLongHandler;

  /** `mostBytes` of a message that comes in pieces are kept until it is whole. */
  constructor(mostBytes: number, handle: MessageHandler, tooLong: TooLongHandler) {
    this.#mostBytes = mostBytes;
    this.#handle = handle;
    this.#tooLong = tooLong;
  }

  push(chunk: Buffer): void {
    let buffer = this.#skippedBytes > 0 ? this.#skip(chunk) : chunk;
    if (this.#piecesBytes > 0) {
      this.#pieces.push(chunk);
      this.#piecesBytes += chunk.length;
      if (this.#piecesBytes < this.#neededBytes) return;
      buffer = Buffer.concat(this.#pieces, this.#piecesBytes);
      this.#pieces = [];
      this.#piecesBytes = 0;
    }
    let offset = 0;
    const length = buffer.length;
    while (offset + headerBytes <= length) {
      const end = offset + 1 + buffer.readUInt32BE(offset + 1);
      if (end > length) break;
      this.#handle(buffer[offset] ?? 0, buffer, offset + headerBytes, end);
      offset = end;
    }
    if (offset < length) this.#keep(offset === 0 ? buffer : buffer.subarray(offset));
  }

  /** The part of the chunk behind the message that is passed over. */
  #skip(chunk: Buffer): Buffer {
    const skipped = Math.min(this.#skippedBytes, chunk.length);
    this.#skippedBytes -= skipped;
    return chunk.subarray(skipped);
  }

  #keep(rest: Buffer): void {
    const bytes = rest.length < headerBytes ? headerBytes : 1 + rest.readUInt32BE(1);
    if (bytes > this.#mostBytes) {
      this.#skippedBytes = bytes - rest.length;
      this.#tooLong(rest[0] ?? 0);
      return;
    }
    this.#pieces = [rest];
    this.#piecesBytes = rest.length;
    this.#neededBytes = bytes;
  }
}
