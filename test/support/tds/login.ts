import { ByteReader } from './byte-reader.ts';

/** What a LOGIN7 message said; its password is looked at by nobody. */
export interface TdsLogin {
  readonly user: string;
  readonly database: string;
  readonly host: string;
  readonly application: string;
  readonly packetSize: number;
  /** Option flags 1, 2, type flags, option flags 3 (MS-TDS 2.2.6.4). */
  readonly flags: readonly [number, number, number, number];
  /** Whether ANSI options are switched on by the login itself (fODBC). */
  readonly odbc: boolean;
  readonly readOnlyIntent: boolean;
}

/** What PRELOGIN says of encryption. */
export const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

const passwordField = 2;
const firstField = 36;

/** Reads LOGIN7 without its password. */
export function readLogin(data: Buffer): TdsLogin {
  const flags = [24, 25, 26, 27].map((offset) => data.readUInt8(offset)) as [number, number, number, number];
  return {
    host: textField(data, 0),
    user: textField(data, 1),
    application: textField(data, 3),
    database: textField(data, 8),
    packetSize: data.readUInt32LE(8),
    flags,
    odbc: (flags[1] & 0x02) !== 0,
    readOnlyIntent: (flags[2] & 0x20) !== 0,
  };
}

/** The data of LOGIN7 with zeros for its password. */
export function withoutPassword(data: Buffer): Buffer {
  const blank = Buffer.from(data);
  const { offset, length } = field(data, passwordField);
  return blank.fill(0, offset, offset + length);
}

/** The answer to PRELOGIN: version 16.0 and what is said of encryption. */
export function preloginAnswer(encrypt: number): Buffer {
  const version = Buffer.from([16, 0, 0x10, 0x4a, 0, 0]);
  const head = Buffer.from([0, 0, 11, 0, version.length, 1, 0, 11 + version.length, 0, 1, 0xff]);
  return Buffer.concat([head, version, Buffer.from([encrypt])]);
}

/** What a PRELOGIN message asks of encryption. */
export function askedEncryption(data: Buffer): number {
  const reader = new ByteReader(data);
  for (let option = reader.uint8(); option !== 0xff; option = reader.uint8()) {
    const offset = reader.take(2).readUInt16BE();
    reader.take(2);
    if (option === 1) return data.readUInt8(offset);
  }
  return encryption.notSupported;
}

function textField(data: Buffer, index: number): string {
  const { offset, length } = field(data, index);
  return data.toString('utf16le', offset, offset + length);
}

/** Names, in the order of MS-TDS 2.2.6.4: host, user, password, application, server, extension, library, language, database. */
function field(data: Buffer, index: number): { offset: number; length: number } {
  const at = firstField + index * 4;
  return { offset: data.readUInt16LE(at), length: data.readUInt16LE(at + 2) * 2 };
}
