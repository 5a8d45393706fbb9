import { collation, encodeType, encodeValue, littleEndian, type ColumnValue } from './column-value.ts';

/** Columns of an answer: names to types such as `nvarchar(40)`. */
export type Columns = Readonly<Record<string, string>>;

/** Bits of a DONE token (MS-TDS 2.2.7.6). */
export const doneStatus = { more: 0x01, error: 0x02, inTransaction: 0x04, count: 0x10, attention: 0x20, serverError: 0x100 } as const;

/** What an ERROR or INFO token says. */
export interface ServerMessage {
  readonly number: number;
  readonly message?: string;
  /** 1 by default. */
  readonly state?: number;
  /** Severity; 16 by default. */
  readonly class?: number;
  readonly procedure?: string;
  readonly line?: number;
}

const doneTokens = { DONE: 0xfd, DONEPROC: 0xfe, DONEINPROC: 0xff } as const;
const environment = { database: 1, packetSize: 4, collation: 7, begin: 8, commit: 9, rollback: 10, reset: 18 } as const;

/** COLMETADATA; every column may be null. */
export function columnsToken(columns: Columns): Buffer {
  const each = Object.entries(columns).map(([name, type]) =>
    Buffer.concat([Buffer.from([0, 0, 0, 0, 0x09, 0]), encodeType(type), shortText(name)]),
  );
  return Buffer.concat([Buffer.from([0x81]), littleEndian(BigInt(each.length), 2), ...each]);
}

/** ROW, its values in the order of the columns. */
export function rowToken(columns: Columns, values: readonly ColumnValue[]): Buffer {
  const types = Object.values(columns);
  if (types.length !== values.length) throw new Error(`A row of ${types.length} columns has ${values.length} values.`);
  return Buffer.concat([Buffer.from([0xd1]), ...types.map((type, index) => encodeValue(type, values[index] ?? null))]);
}

/** DONE, DONEPROC or DONEINPROC; with a count, its bit is set. */
export function doneToken(kind: keyof typeof doneTokens, status = 0, count?: number): Buffer {
  const bits = count === undefined ? status : status | doneStatus.count;
  return Buffer.concat([
    Buffer.from([doneTokens[kind]]),
    littleEndian(BigInt(bits), 2),
    Buffer.alloc(2),
    littleEndian(BigInt(count ?? 0), 8),
  ]);
}

/** RETURNSTATUS: what a procedure returned. */
export function returnStatusToken(status: number): Buffer {
  return Buffer.concat([Buffer.from([0x79]), littleEndian(BigInt.asUintN(32, BigInt(status)), 4)]);
}

/** RETURNVALUE: an output parameter. */
export function returnValueToken(name: string, declaration: string, value: ColumnValue): Buffer {
  return Buffer.concat([
    Buffer.from([0xac, 0, 0]),
    shortText(`@${name}`),
    Buffer.from([1, 0, 0, 0, 0, 0, 0]),
    encodeType(declaration),
    encodeValue(declaration, value),
  ]);
}

/** FEDAUTHINFO: whom a client gets its token from, and for what (MS-TDS 2.2.7.12). */
export function fedAuthInfoToken({ stsUrl, spn }: { readonly stsUrl: string; readonly spn: string }): Buffer {
  const values = [Buffer.from(stsUrl, 'utf16le'), Buffer.from(spn, 'utf16le')];
  let at = 4 + values.length * 9;
  const head = values.map(({ length }, index) => {
    const offset = at;
    at += length;
    return Buffer.concat([Buffer.from([index + 1]), littleEndian(BigInt(length), 4), littleEndian(BigInt(offset), 4)]);
  });
  const data = Buffer.concat([littleEndian(BigInt(values.length), 4), ...head, ...values]);
  return Buffer.concat([Buffer.from([0xee]), littleEndian(BigInt(data.length), 4), data]);
}

/** FEATUREEXTACK of a login by Entra ID. */
export function fedAuthAckToken(): Buffer {
  return Buffer.from([0xae, 0x02, 0, 0, 0, 0, 0xff]);
}

/** ERROR. */
export function errorToken(error: ServerMessage): Buffer {
  return message(0xaa, error);
}

/** INFO. */
export function infoToken(info: ServerMessage): Buffer {
  return message(0xab, { class: 0, ...info });
}

/** LOGINACK of TDS 7.4 by version 16.0; the protocol's version is the one number in big-endian order. */
export function loginAckToken(): Buffer {
  const data = Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4]), shortText('Microsoft SQL Server'), Buffer.from([16, 0, 0x10, 0x4a])]);
  return withLength(0xad, data);
}

/** ENVCHANGE: another database. */
export function databaseToken(name: string): Buffer {
  return withLength(0xe3, Buffer.concat([Buffer.from([environment.database]), shortText(name), shortText('master')]));
}

/** ENVCHANGE: packets of another size, in bytes. */
export function packetSizeToken(bytes: number): Buffer {
  return withLength(0xe3, Buffer.concat([Buffer.from([environment.packetSize]), shortText(`${bytes}`), shortText('4096')]));
}

/** ENVCHANGE: the collation of text. */
export function collationToken(): Buffer {
  return withLength(0xe3, Buffer.concat([Buffer.from([environment.collation]), shortBytes(collation), shortBytes(Buffer.alloc(0))]));
}

/** ENVCHANGE: a transaction has begun, was committed or rolled back. */
export function transactionToken(change: 'begin' | 'commit' | 'rollback', descriptor: bigint): Buffer {
  const [now, before] = [littleEndian(descriptor, 8), Buffer.alloc(0)];
  const values = change === 'begin' ? [now, before] : [before, now];
  return withLength(0xe3, Buffer.concat([Buffer.from([environment[change]]), ...values.map(shortBytes)]));
}

/** ENVCHANGE: the reset that a request asked for is done. */
export function resetToken(): Buffer {
  return withLength(0xe3, Buffer.from([environment.reset, 0, 0]));
}

function message(
  token: number,
  { number, message: text = `Message ${number}`, state = 1, class: severity = 16, procedure = '', line = 1 }: ServerMessage,
): Buffer {
  const words = Buffer.from(text, 'utf16le');
  return withLength(
    token,
    Buffer.concat([
      littleEndian(BigInt.asUintN(32, BigInt(number)), 4),
      Buffer.from([state, severity]),
      littleEndian(BigInt(text.length), 2),
      words,
      shortText('scripted'),
      shortText(procedure),
      littleEndian(BigInt(line), 4),
    ]),
  );
}

function withLength(token: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([token]), littleEndian(BigInt(data.length), 2), data]);
}

/** B_VARCHAR: its length is in characters. */
function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'utf16le')]);
}

function shortBytes(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
