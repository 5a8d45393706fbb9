import { ByteReader } from './byte-reader.ts';
import { packetStatus, type Message } from './packets.ts';
import { readType, readValue, type ParameterValue } from './parameter-value.ts';
import { describeSqlType } from './sql-type.ts';

/** A parameter of a request. */
export interface RecordedParameter {
  /** With its `@`; empty where it goes by position. */
  readonly name: string;
  /** Its type on the wire, such as `nvarchar(40)`. */
  readonly type: string;
  /** Its type as sp_executesql was told. */
  readonly declared?: string;
  readonly value: ParameterValue;
}

interface RequestBase {
  /** Status bits of its packets, in order. */
  readonly statuses: readonly number[];
  /** Whether a packet asked for the connection to be reset. */
  readonly reset: boolean;
  /** Descriptor of the transaction that the client believes to be in; 0 for none. */
  readonly transaction: bigint;
}

/** SQL as text, without parameters. */
export interface BatchRequest extends RequestBase {
  readonly kind: 'batch';
  readonly text: string;
}

/** A procedure; for sp_executesql, `text` is the statement and `parameters` are those of the statement. */
export interface RpcRequest extends RequestBase {
  readonly kind: 'rpc';
  readonly procedure: string;
  readonly text: string;
  readonly parameters: readonly RecordedParameter[];
}

/** A transaction begun, committed, rolled back or saved by a message of its own kind. */
export interface TransactionRequest extends RequestBase {
  readonly kind: 'transaction';
  readonly operation: 'begin' | 'commit' | 'rollback' | 'save';
  readonly text: '';
}

/** What a client asked for. */
export type TdsRequest = BatchRequest | RpcRequest | TransactionRequest;

/** Procedures that have a number (MS-TDS 2.2.6.6). */
const numbered = (
  ',sp_cursor,sp_cursoropen,sp_cursorprepare,sp_cursorexecute,sp_cursorprepexec,sp_cursorunprepare,sp_cursorfetch,' +
  'sp_cursoroption,sp_cursorclose,sp_executesql,sp_prepare,sp_execute,sp_prepexec,sp_prepexecrpc,sp_unprepare'
).split(',');
const operations: Readonly<Record<number, TransactionRequest['operation']>> = { 5: 'begin', 7: 'commit', 8: 'rollback', 9: 'save' };

/** Reads a message that asks for something. Throws Error for one that does not. */
export function readRequest({ type, statuses, data }: Message): TdsRequest {
  const reader = new ByteReader(data);
  const base = {
    statuses,
    reset: statuses.some((status) => (status & (packetStatus.reset | packetStatus.resetKeepTransaction)) !== 0),
    transaction: readTransaction(reader),
  };
  if (type === 'SQL_BATCH') return { ...base, kind: 'batch', text: reader.rest().toString('utf16le') };
  if (type === 'RPC') return { ...base, kind: 'rpc', ...readCall(reader) };
  const operation = type === 'TRANSACTION_MANAGER' ? operations[reader.uint16()] : undefined;
  if (operation === undefined) throw new Error(`A message of type ${type} that asks for nothing known here.`);
  return { ...base, kind: 'transaction', operation, text: '' };
}

/** ALL_HEADERS (MS-TDS 2.2.5.3): the transaction descriptor is in the header of type 2. */
function readTransaction(reader: ByteReader): bigint {
  const headers = new ByteReader(reader.take(reader.uint32() - 4));
  let descriptor = 0n;
  while (!headers.done) {
    const header = new ByteReader(headers.take(headers.uint32() - 4));
    if (header.uint16() === 2) descriptor = header.uint64();
  }
  return descriptor;
}

function readCall(reader: ByteReader): Pick<RpcRequest, 'procedure' | 'text' | 'parameters'> {
  const length = reader.uint16();
  const procedure = length === 0xffff ? (numbered[reader.uint16()] ?? 'unknown') : reader.text(length);
  reader.uint16();
  const parameters: RecordedParameter[] = [];
  while (!reader.done) parameters.push(readParameter(reader));
  if (procedure.toLowerCase() !== 'sp_executesql') return { procedure, text: '', parameters };
  const [statement, declarations, ...values] = parameters;
  const declared = declaredTypes(typeof declarations?.value === 'string' ? declarations.value : '');
  return {
    procedure,
    text: String(statement?.value),
    parameters: values.map((parameter) => Object.assign(parameter, { declared: declared.get(parameter.name) })),
  };
}

function readParameter(reader: ByteReader): RecordedParameter {
  const name = reader.text(reader.uint8());
  reader.uint8();
  const type = readType(reader);
  return { name, type: describeSqlType(type), value: readValue(reader, type) };
}

/** The types in `@p1 int, @p2 decimal(18, 4)` by name. */
function declaredTypes(declarations: string): Map<string, string> {
  const each = declarations.matchAll(/(@\w+)\s+(\w+(?:\s*\([^)]*\))?)/g);
  return new Map([...each].map(([, name = '', type = '']) => [name, type.replaceAll(' ', '').toLowerCase()]));
}
