/* Reads packets for the judge. It shares nothing with the server's own reader, so that a fault in one is seen by the other. */

/** A packet as it travelled. */
export interface JudgedPacket {
  readonly connection: number;
  readonly from: 'client' | 'server';
  readonly bytes: Buffer;
}

/** A message of a client's. */
export interface JudgedMessage {
  readonly type: 'batch' | 'rpc' | 'attention' | 'transaction' | 'login';
  /** Second byte of each packet. */
  readonly status: readonly number[];
  /** Names the transaction that the client takes to be open; zero where there is none. */
  readonly transaction: bigint;
  readonly text: string;
  /** Parameters of sp_executesql's statement as they were sent, without their types; null for NULL. */
  readonly values: ReadonlyMap<string, Buffer | null>;
}

const kinds: Readonly<Record<number, JudgedMessage['type']>> = {
  1: 'batch',
  3: 'rpc',
  6: 'attention',
  14: 'transaction',
  16: 'login',
  18: 'login',
};
const spExecuteSql = 10;
const utf16 = new TextDecoder('utf-16le');

/** Puts a client's packets together. Throws Error for what it cannot read. */
export function readClientMessage(packets: readonly Buffer[]): JudgedMessage {
  const type = kinds[packets[0]![0]!];
  if (type === undefined) throw new Error(`A packet begins with ${packets[0]![0]}.`);
  const status = packets.map((packet) => packet[1]!);
  const data = new DataView(Uint8Array.from(Buffer.concat(packets.map((packet) => packet.subarray(8)))).buffer);
  if (type !== 'batch' && type !== 'rpc') return { type, status, transaction: 0n, text: '', values: new Map() };
  const start = data.getUint32(0, true);
  const transaction = transactionIn(data, start);
  if (type === 'batch') return { type, status, transaction, text: utf16.decode(data.buffer.slice(start)), values: new Map() };
  return { type, status, transaction, ...readCall(data, start) };
}

/** The descriptor among the headers before a message (MS-TDS 2.2.5.3.2). */
function transactionIn(data: DataView<ArrayBuffer>, end: number): bigint {
  for (let at = 4; at < end; at += data.getUint32(at, true)) if (data.getUint16(at + 4, true) === 2) return data.getBigUint64(at + 6, true);
  throw new Error('A message says nothing of its transaction.');
}

function readCall(data: DataView<ArrayBuffer>, start: number): Pick<JudgedMessage, 'text' | 'values'> {
  let at = start;
  const nameLength = data.getUint16(at, true);
  if (nameLength === 0xffff) {
    if (data.getUint16(at + 2, true) !== spExecuteSql) throw new Error('A procedure other than sp_executesql.');
    at += 4;
  } else {
    if (textAt(data, at + 2, nameLength).toLowerCase() !== 'sp_executesql') throw new Error('A procedure other than sp_executesql.');
    at += 2 + nameLength * 2;
  }
  at += 2;
  const found: [string, Buffer | null][] = [];
  while (at < data.byteLength) {
    const length = data.getUint8(at);
    const name = textAt(data, at + 1, length);
    const { value, end } = valueAt(data, at + 2 + length * 2);
    found.push([name, value]);
    at = end;
  }
  return { text: found[0]?.[1]?.toString('utf16le') ?? '', values: new Map(found.slice(2)) };
}

/** A value behind its TYPE_INFO: how long each of the two is depends on the type's class (MS-TDS 2.2.5.4). */
function valueAt(data: DataView<ArrayBuffer>, at: number): { value: Buffer | null; end: number } {
  const type = data.getUint8(at);
  // Variable length of two bytes, with a collation where it is text.
  if (type === 0xe7 || type === 0xa7 || type === 0xa5) {
    const from = at + 3 + (type === 0xa5 ? 0 : 5);
    if (data.getUint16(at + 1, true) === 0xffff) return chunksAt(data, from);
    const length = data.getUint16(from, true);
    return length === 0xffff ? { value: null, end: from + 2 } : bytesAt(data, from + 2, length);
  }
  // A length of one byte, after one byte about the type, three for decimals, none for a date.
  const about = type === 0x6a || type === 0x6c ? 3 : Number(type !== 0x28);
  const length = data.getUint8(at + 1 + about);
  return length === 0 ? { value: null, end: at + 2 + about } : bytesAt(data, at + 2 + about, length);
}

function chunksAt(data: DataView<ArrayBuffer>, at: number): { value: Buffer | null; end: number } {
  if (data.getBigUint64(at, true) === 2n ** 64n - 1n) return { value: null, end: at + 8 };
  const parts: Buffer[] = [];
  let end = at + 8;
  for (;;) {
    const length = data.getUint32(end, true);
    end += 4;
    if (length === 0) return { value: Buffer.concat(parts), end };
    parts.push(bytesAt(data, end, length).value);
    end += length;
  }
}

function bytesAt(data: DataView<ArrayBuffer>, at: number, length: number): { value: Buffer; end: number } {
  return { value: Buffer.from(data.buffer, at, length), end: at + length };
}

function textAt(data: DataView<ArrayBuffer>, at: number, units: number): string {
  return utf16.decode(data.buffer.slice(at, at + units * 2));
}
