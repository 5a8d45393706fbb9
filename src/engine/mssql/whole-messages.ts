import type { Readable } from 'node:stream';
import type { Connection } from 'tedious';
import type { Driver, WrittenParts } from './driver.ts';

/** The parts of the driver that its types keep to themselves (tedious 20). */
interface Requests {
  makeRequest(request: unknown, packetType: number, payload: unknown): void;
}

/** A call, as the driver writes it by itself: part by part, each once the one before is on its way through four streams. */
interface Call {
  readonly parameters: readonly { readonly type: ParameterWriter; readonly data: unknown }[];
  readonly options: unknown;
  writeHeader(buffer: WrittenParts): void;
  writeParameterHeader(buffer: WrittenParts, parameter: unknown): void;
}

interface ParameterWriter {
  writeTypeInfo(buffer: WrittenParts, data: unknown, options: unknown): void;
  /** Gives what is left to write, where the value is a stream. */
  writeValue(buffer: WrittenParts, data: unknown, options: unknown): unknown;
}

/** Told like a value that the driver itself refuses: nothing has been sent. */
class UnwrittenValue extends Error {
  override readonly name = 'UnwrittenValue';
  readonly code = 'EPARAM';
}

/** Longer ones are not copied once more. */
const longestPiece = 65_536;

/**
 * Has the driver take a call's message in one piece (docs/decisions/015-driver.md); what it writes is the same. What cannot be written
 * whole throws before anything is sent.
 */
export function sendWhole(connection: Connection, { WrittenParts: Parts }: Driver): void {
  const internals = connection as unknown as Requests;
  const make = internals.makeRequest.bind(internals);
  internals.makeRequest = (request, packetType, payload) =>
    make(request, packetType, isCall(payload) ? written(payload, new Parts()) : payload);
}

function isCall(payload: unknown): payload is Call {
  return typeof payload === 'object' && payload !== null && 'writeParameterHeader' in payload;
}

function written(call: Call, buffer: WrittenParts): Buffer | readonly Buffer[] {
  call.writeHeader(buffer);
  for (const parameter of call.parameters) {
    const { type, data } = parameter;
    call.writeParameterHeader(buffer, parameter);
    try {
      type.writeTypeInfo(buffer, data, call.options);
      if (type.writeValue(buffer, data, call.options) !== undefined) throw new TypeError('The value is a stream.');
    } catch (error) {
      throw new UnwrittenValue('A value could not be written.', { cause: error });
    }
  }
  return buffer.length <= longestPiece ? buffer.data : buffer.getBuffers();
}

/** An answer that comes in, or has come. */
export type ComingMessage = Readable & { readonly writableFinished: boolean };

/** What the driver reads an answer from: of one that has come whole, its end need not be waited for. */
export function readWhole(message: ComingMessage): ComingMessage | Iterable<Buffer> {
  const bytes: unknown = message.writableFinished ? message.read() : undefined;
  return Buffer.isBuffer(bytes) ? [bytes] : message;
}
