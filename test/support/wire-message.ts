const sslRequestCode = 80_877_103;
const gssRequestCode = 80_877_104;
const cancelRequestCode = 80_877_102;

/** Which side of the connection sent a message. */
export type WireSide = 'frontend' | 'backend';

/** One message of PostgreSQL's protocol 3 (manual, chapter "Message Formats"). */
export interface WireMessage {
  readonly side: WireSide;
  /** The type byte as a character (`Q`, `P`, `Z`, ...), or the name of one that has no type byte; `bytes` where no boundaries are known. */
  readonly type: string;
  /** The whole message as it travels. */
  readonly bytes: Buffer;
}

/** Cuts one connection's two byte streams into messages. `opaque` takes each piece as it comes, for other protocols. */
export class WireParser {
  #phase: 'start' | 'asked for encryption' | 'typed' | 'opaque';
  readonly #rest: Record<WireSide, Buffer> = { frontend: Buffer.alloc(0), backend: Buffer.alloc(0) };

  constructor(protocol: 'postgres' | 'opaque') {
    this.#phase = protocol === 'postgres' ? 'start' : 'opaque';
  }

  /** The messages that `bytes` completes, in order. */
  push(side: WireSide, bytes: Buffer): WireMessage[] {
    let rest = Buffer.concat([this.#rest[side], bytes]);
    const messages: WireMessage[] = [];
    for (;;) {
      const next = this.#next(side, rest);
      if (next === undefined) break;
      messages.push(next);
      rest = rest.subarray(next.bytes.length);
    }
    this.#rest[side] = rest;
    return messages;
  }

  #next(side: WireSide, bytes: Buffer): WireMessage | undefined {
    if (bytes.length === 0) return undefined;
    if (this.#phase === 'opaque') return { side, type: 'bytes', bytes };
    if (this.#phase === 'asked for encryption' && side === 'backend') {
      // One letter answers: S, and from here on everything is encrypted, or N, and the start-up message follows in the clear.
      this.#phase = bytes[0] === 0x4e ? 'start' : 'opaque';
      return { side, type: 'encryption answer', bytes: bytes.subarray(0, 1) };
    }
    if (this.#phase === 'start' && side === 'frontend') return this.#startMessage(bytes);
    if (bytes.length < 5) return undefined;
    const length = bytes.readInt32BE(1) + 1;
    return bytes.length < length ? undefined : { side, type: String.fromCharCode(bytes.readUInt8(0)), bytes: bytes.subarray(0, length) };
  }

  #startMessage(bytes: Buffer): WireMessage | undefined {
    if (bytes.length < 8) return undefined;
    const length = bytes.readInt32BE(0);
    if (bytes.length < length) return undefined;
    const code = bytes.readInt32BE(4);
    const message = (type: string): WireMessage => ({ side: 'frontend', type, bytes: bytes.subarray(0, length) });
    if (code === sslRequestCode || code === gssRequestCode) {
      this.#phase = 'asked for encryption';
      return message('encryption request');
    }
    if (code === cancelRequestCode) {
      this.#phase = 'opaque';
      return message('cancel request');
    }
    this.#phase = 'typed';
    return message('startup');
  }
}

/** The SQL of a simple Query or a Parse message; undefined for every other. */
export function statementText({ side, type, bytes }: WireMessage): string | undefined {
  if (side !== 'frontend') return undefined;
  if (type === 'Q') return textAt(bytes, 5);
  if (type === 'P') return textAt(bytes, bytes.indexOf(0, 5) + 1);
  return undefined;
}

function textAt(bytes: Buffer, start: number): string {
  return bytes.toString('utf8', start, bytes.indexOf(0, start));
}
