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
  /** The login by Entra ID that it asks for. */
  readonly fedAuth: FedAuthLogin | undefined;
}

/** The feature FEDAUTH of LOGIN7 (MS-TDS 2.2.6.4). */
export interface FedAuthLogin {
  /** `token`: brings it along (SECURITYTOKEN). `adal`: asks whom to get it from, and sends it in a message of its own. */
  readonly library: 'token' | 'adal';
  /** The client has seen that the server asks for such a login. */
  readonly echo: boolean;
  readonly token: string | undefined;
}

/** What PRELOGIN says of encryption. */
export const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

const passwordField = 2;
const extensionField = 5;
const firstField = 36;
/** Option flags 3: there are features. */
const extensionUsed = 0x10;
const fedAuthFeature = 0x02;
const lastFeature = 0xff;

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
    fedAuth: (flags[3] & extensionUsed) === 0 ? undefined : fedAuthOf(data.subarray(featuresAt(data))),
  };
}

/** The data of LOGIN7 with zeros for its password, and for its features, where a token is. */
export function withoutPassword(data: Buffer): Buffer {
  const blank = Buffer.from(data);
  const { offset, length } = field(data, passwordField);
  if ((data.readUInt8(27) & extensionUsed) !== 0) blank.fill(0, featuresAt(data));
  return blank.fill(0, offset, offset + length);
}

/** The answer to PRELOGIN: version 16.0, what is said of encryption, and whether logins by Entra ID are asked for. */
export function preloginAnswer(encrypt: number, fedAuth: boolean): Buffer {
  const version = Buffer.from([16, 0, 0x10, 0x4a, 0, 0]);
  const options: readonly (readonly [number, Buffer])[] = [
    [0, version],
    [1, Buffer.from([encrypt])],
    ...(fedAuth ? [[6, Buffer.from([1])] as const] : []),
  ];
  let at = options.length * 5 + 1;
  const head = options.flatMap(([option, { length }]) => {
    const offset = at;
    at += length;
    return [option, offset >> 8, offset & 0xff, 0, length];
  });
  return Buffer.concat([Buffer.from([...head, 0xff]), ...options.map(([, value]) => value)]);
}

/** The token in a message FEDAUTH_TOKEN (MS-TDS 2.2.6.3). */
export function readFedAuthToken(data: Buffer): string {
  const reader = new ByteReader(data);
  reader.uint32();
  return reader.take(reader.uint32()).toString('utf16le');
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

function featuresAt(data: Buffer): number {
  return data.readUInt32LE(field(data, extensionField).offset);
}

function fedAuthOf(features: Buffer): FedAuthLogin | undefined {
  const reader = new ByteReader(features);
  for (let feature = reader.uint8(); feature !== lastFeature; feature = reader.uint8()) {
    const said = new ByteReader(reader.take(reader.uint32()));
    if (feature !== fedAuthFeature) continue;
    const options = said.uint8();
    const isToken = options >> 1 === 1;
    return {
      library: isToken ? 'token' : 'adal',
      echo: (options & 1) === 1,
      token: isToken ? said.take(said.uint32()).toString('utf16le') : undefined,
    };
  }
  return undefined;
}

/** Names, in the order of MS-TDS 2.2.6.4: host, user, password, application, server, extension, library, language, database. */
function field(data: Buffer, index: number): { offset: number; length: number } {
  const at = firstField + index * 4;
  return { offset: data.readUInt16LE(at), length: data.readUInt16LE(at + 2) * 2 };
}
