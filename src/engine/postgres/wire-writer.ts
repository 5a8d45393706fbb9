import pg from 'pg';
import type { SqlValue } from '../../core/sql.ts';
import type { Entry } from '../entry.ts';
import { parameterValue } from './parameter-value.ts';

/** pg's own way of writing a value as a parameter: text, bytes or null. Exported by pg, missing from its types. */
const { prepareValue } = (pg as unknown as { utils: { prepareValue: (value: unknown) => string | Uint8Array | null } }).utils;

const initialBytes = 8192;
/** A batch larger than this is not kept as the buffer of the next ones. */
const keptBytes = 65_536;

/**
 * Frontend messages of PostgreSQL's protocol (version 3, "Message Formats" in the manual), written one after another into one
 * buffer that goes to the socket in one write. The buffer is used again for the next batch: the server has answered by then.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes);
  #length = 0;
  #start = 0;

  /** The batch; valid until the next one is begun. */
  take(): Uint8Array {
    const batch = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
    return batch;
  }

  /** Gives up what was written since the last `take`. */
  clear(): void {
    this.#length = 0;
  }

  parse(name: string, text: string): void {
    this.#begin(0x50);
    this.#cString(name);
    this.#cString(text);
    this.#int16(0);
    this.#end();
  }

  /** Binds all parameters as pg does, as text but for bytes; results come as text. */
  bind(statement: string, portal: string, values: readonly SqlValue[]): void {
    const count = values.length;
    this.#begin(0x42);
    this.#cString(portal);
    this.#cString(statement);
    this.#int16(count);
    this.#reserve(count * 2 + 2);
    let format = this.#length;
    this.#buffer.fill(0, format, format + count * 2);
    this.#length += count * 2;
    this.#int16(count);
    for (let index = 0; index < count; index += 1) {
      const value = values[index];
      const text = typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : prepareValue(parameterValue(value));
      if (text === null) this.#int32(-1);
      else if (typeof text === 'string') this.#text(text);
      else {
        this.#buffer[format + 1] = 1;
        this.#int32(text.length);
        this.#bytes(text);
      }
      format += 2;
    }
    this.#int16(0);
    this.#end();
  }

  /**
   * Binds the parameters of `enter` in binary: mapping, key, epoch and token as one; the key of a point is part of that one, unless
   * values of the context stand behind it, for which there is one form alone.
   */
  bindEntry(statement: string, { mappingId, key, epoch, token, isPoint: isOfPoint = false }: Entry, contextValues?: string): void {
    const isPoint = isOfPoint && contextValues === undefined;
    this.#begin(0x42);
    this.#reserve(64 + key.length + token.length);
    const buffer = this.#buffer;
    buffer[this.#length++] = 0;
    this.#cString(statement);
    // One format for all parameters: binary.
    this.#int32(0x0001_0001);
    this.#int16(contextValues !== undefined ? 4 : isPoint ? 2 : 3);
    this.#int32(4);
    this.#int32(mappingId);
    if (!isPoint) {
      this.#int32(key.length);
      this.#bytes(key);
    }
    this.#int32(8 + token.length + (isPoint ? key.length : 0));
    this.#int32(Math.floor(epoch / 0x1_0000_0000));
    this.#int32(epoch | 0);
    this.#bytes(token);
    if (isPoint) this.#bytes(key);
    if (contextValues !== undefined) this.#text(contextValues);
    this.#int16(0);
    this.#end();
  }

  describePortal(portal: string): void {
    this.#begin(0x44);
    this.#reserve(1);
    this.#buffer[this.#length++] = 0x50;
    this.#cString(portal);
    this.#end();
  }

  /** `maxRows` 0: all of them. */
  execute(portal: string, maxRows: number): void {
    this.#begin(0x45);
    this.#cString(portal);
    this.#int32(maxRows);
    this.#end();
  }

  closeStatement(name: string): void {
    this.#close(0x53, name);
  }

  closePortal(name: string): void {
    this.#close(0x50, name);
  }

  sync(): void {
    this.#begin(0x53);
    this.#end();
  }

  #close(kind: number, name: string): void {
    this.#begin(0x43);
    this.#reserve(1);
    this.#buffer[this.#length++] = kind;
    this.#cString(name);
    this.#end();
  }

  #begin(type: number): void {
    this.#reserve(5);
    this.#buffer[this.#length] = type;
    this.#start = this.#length + 1;
    this.#length += 5;
  }

  #end(): void {
    this.#buffer.writeInt32BE(this.#length - this.#start, this.#start);
  }

  #int16(value: number): void {
    this.#reserve(2);
    this.#length = this.#buffer.writeInt16BE(value, this.#length);
  }

  #int32(value: number): void {
    this.#reserve(4);
    const buffer = this.#buffer;
    buffer[this.#length++] = value >>> 24;
    buffer[this.#length++] = value >>> 16;
    buffer[this.#length++] = value >>> 8;
    buffer[this.#length++] = value;
  }

  #text(text: string): void {
    this.#reserve(4 + text.length * 3);
    const at = this.#length;
    const size = this.#buffer.write(text, at + 4);
    this.#buffer.writeInt32BE(size, at);
    this.#length = at + 4 + size;
  }

  #cString(text: string): void {
    this.#reserve(1 + text.length * 3);
    if (text !== '') this.#length += this.#buffer.write(text, this.#length);
    this.#buffer[this.#length++] = 0;
  }

  #bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
