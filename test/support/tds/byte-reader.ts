/** Reads the values of a message one after another; text is UCS-2, numbers are little-endian. Throws RangeError past the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  uint8(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64LE();
  }

  /** An unsigned integer of any length. */
  unsigned(bytes: number): bigint {
    return [...this.take(bytes)].reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  }

  /** Text of so many UTF-16 units. */
  text(units: number): string {
    return this.take(units * 2).toString('utf16le');
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#offset) throw new RangeError('The message ends within a value.');
    const taken = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return taken;
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#offset);
  }
}
