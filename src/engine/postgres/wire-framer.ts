const headerBytes = 5;

/** Takes one whole message: its type, and where its body lies in the buffer. */
export type MessageHandler = (type: number, buffer: Buffer, start: number, end: number) => void;

/** Cuts what a socket delivers into messages: one byte of type, four of length, the body. */
export class WireFramer {
  /** Start of a message whose end has not come yet, in pieces. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  #neededBytes = 0;

  push(chunk: Buffer, handle: MessageHandler): void {
    let buffer = chunk;
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
      handle(buffer[offset] ?? 0, buffer, offset + headerBytes, end);
      offset = end;
    }
    if (offset < length) this.#keep(offset === 0 ? buffer : buffer.subarray(offset));
  }

  #keep(rest: Buffer): void {
    this.#pieces = [rest];
    this.#piecesBytes = rest.length;
    this.#neededBytes = rest.length < headerBytes ? headerBytes : 1 + rest.readUInt32BE(1);
  }
}
