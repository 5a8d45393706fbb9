/** Kinds of TDS messages (MS-TDS 2.2.3.1.1), by the number in their packets' first byte. */
const messageTypes = {
  1: 'SQL_BATCH',
  3: 'RPC',
  4: 'TABULAR_RESULT',
  6: 'ATTENTION',
  7: 'BULK_LOAD',
  8: 'FEDAUTH_TOKEN',
  14: 'TRANSACTION_MANAGER',
  16: 'LOGIN7',
  18: 'PRELOGIN',
} as const;

/** A kind of message by its name. */
export type MessageType = (typeof messageTypes)[keyof typeof messageTypes];

/** Bits of a packet's second byte (MS-TDS 2.2.3.1.2). */
export const packetStatus = { endOfMessage: 0x01, ignore: 0x02, reset: 0x08, resetKeepTransaction: 0x10 } as const;

/** Bytes before a packet's data. */
export const packetHeaderBytes = 8;

/** One packet as it came. */
export interface Packet {
  readonly type: MessageType;
  /** Bits of `packetStatus`. */
  readonly status: number;
  /** Header and data. */
  readonly bytes: Buffer;
}

/** The packets of one message put together. */
export interface Message {
  readonly type: MessageType;
  /** Status bits of its packets, in order. */
  readonly statuses: readonly number[];
  readonly data: Buffer;
}

/** Cuts a byte stream into packets. Throws Error for bytes that are no packet. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): Packet[] {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const packets: Packet[] = [];
    while (rest.length >= packetHeaderBytes) {
      const length = rest.readUInt16BE(2);
      if (length < packetHeaderBytes) throw new Error(`A packet of ${length} bytes is shorter than its header.`);
      if (rest.length < length) break;
      packets.push({ type: typeOf(rest.readUInt8(0)), status: rest.readUInt8(1), bytes: rest.subarray(0, length) });
      rest = rest.subarray(length);
    }
    this.#rest = rest;
    return packets;
  }
}

/** Puts packets together to messages; ATTENTION, which may come at any time, is a message of its own. */
export class MessageAssembler {
  #packets: Packet[] = [];

  /** The message that this packet completes. Throws Error for a packet of another message in the middle of one. */
  push(packet: Packet): Message | undefined {
    if (packet.type === 'ATTENTION') return messageOf([packet]);
    if (this.#packets.some(({ type }) => type !== packet.type)) throw new Error(`A packet of ${packet.type} within another message.`);
    this.#packets.push(packet);
    if ((packet.status & packetStatus.endOfMessage) === 0) return undefined;
    const message = messageOf(this.#packets);
    this.#packets = [];
    return message;
  }
}

/** A packet as bytes; `data` must fit its size. */
export function encodePacket(type: MessageType, status: number, number: number, data: Buffer): Buffer {
  const header = Buffer.alloc(packetHeaderBytes);
  header.writeUInt8(numberOf(type), 0);
  header.writeUInt8(status, 1);
  header.writeUInt16BE(packetHeaderBytes + data.length, 2);
  header.writeUInt8(number % 256, 6);
  return Buffer.concat([header, data]);
}

function messageOf(packets: readonly Packet[]): Message {
  return {
    type: packets[0]!.type,
    statuses: packets.map(({ status }) => status),
    data: Buffer.concat(packets.map(({ bytes }) => bytes.subarray(packetHeaderBytes))),
  };
}

function typeOf(number: number): MessageType {
  const type = (messageTypes as Record<number, MessageType>)[number];
  if (type === undefined) throw new Error(`There is no message of type ${number}.`);
  return type;
}

function numberOf(type: MessageType): number {
  return Number(Object.entries(messageTypes).find(([, name]) => name === type)![0]);
}
