import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { encodePacket, packetHeaderBytes, packetStatus, PacketReader } from './packets.ts';

const preloginByte = 0x12;
/** TLS records of the handshake: change_cipher_spec and handshake (RFC 5246, 6.2.1). */
const handshakeRecords = new Set([20, 22]);

/**
 * A socket whose TLS handshake travels in PRELOGIN packets, as TDS 7 wants it, and everything after it as it is. Which of
 * the two some bytes are is told by their first one.
 */
export class PreloginTls extends Duplex {
  readonly #socket: Socket;
  readonly #packets = new PacketReader();
  #plain = false;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    socket.on('error', (error) => this.destroy(error));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const wrapped = handshakeRecords.has(bytes.readUInt8(0));
    this.#socket.write(wrapped ? encodePacket('PRELOGIN', packetStatus.endOfMessage, 1, bytes) : bytes, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(bytes: Buffer): void {
    if (!this.#plain && bytes[0] !== preloginByte) this.#plain = true;
    const pieces = this.#plain ? [bytes] : this.#packets.push(bytes).map((packet) => packet.bytes.subarray(packetHeaderBytes));
    for (const piece of pieces) if (!this.push(piece)) this.#socket.pause();
  }
}
