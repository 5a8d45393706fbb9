import pg from 'pg';
import { TenantryError, type ErrorCode } from '../../core/errors.ts';
import type { Login } from '../../core/principal.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { EntryRefused, type Refusal } from '../entry.ts';
import { lockNotGiven } from '../lock-not-given.ts';
import { SqlFailure } from '../sql-failure.ts';
import { EncryptionRefused, ForeignServer, unreachable } from '../unreachable.ts';

/** A lock was not to be had within `lock_timeout`. */
const lockTimedOut = '55P03';
const noSuchDatabase = '3D000';
/** SQLSTATEs, or their first two characters, and what they mean to a caller. The server has rolled back in every case. */
const codes: Readonly<Record<string, ErrorCode>> = {
  '23505': 'CONFLICT',
  '23P01': 'CONFLICT',
  '23': 'CONSTRAINT_VIOLATION',
  '42501': 'FORBIDDEN',
  '40001': 'SERIALIZATION_FAILURE',
  '40P01': 'SERIALIZATION_FAILURE',
  '57014': 'TIMEOUT',
  [lockTimedOut]: 'TIMEOUT',
  '25P03': 'TIMEOUT',
  '25P04': 'TIMEOUT',
  '57P': 'SHARD_UNAVAILABLE',
  '53300': 'OVERLOADED',
  '53': 'SHARD_UNAVAILABLE',
  '08': 'SHARD_UNAVAILABLE',
  // A message that is not as it should be: a statement with other values than it has parameters for, or with a zero byte.
  '08P01': 'STATEMENT_FAILED',
  '28': 'SHARD_UNAVAILABLE',
  '3D000': 'SHARD_UNAVAILABLE',
};

/** SQLSTATEs by which a shard's `enter` refuses. */
const refusals: Readonly<Record<string, Exclude<Refusal['reason'], 'MOVED'>>> = {
  TN001: 'UNKNOWN_MAPPING',
  TN002: 'OFFLINE',
  TN003: 'DRAINING',
  TN004: 'INCOMING',
  TN006: 'STALE_EPOCH',
  TN007: 'BAD_TOKEN',
  TN012: 'UNVERIFIED',
};

/** No such table, no such schema, no right to either. */
const noSchema: ReadonlySet<string> = new Set(['42P01', '3F000', '42501']);

/** RAISE EXCEPTION that names no code. */
const raised = 'P0001';
/** What looks for the part of a row, which is in no language; its SQLSTATE is a check's. */
const findPart = 'ExecFindPartition';
/** What provisioning raises. */
const inTheWay = 'TN010';
/** Said of a login: it has no right to connect to the database. */
const mayNotConnect = '42501';

/** What an error of pg means: `EntryRefused`, or a `TenantryError` whose cause holds no text that could carry a row's values. */
export function toEngineError(error: unknown): Error {
  if (error instanceof TenantryError || error instanceof EntryRefused) return error;
  if (!(error instanceof pg.DatabaseError)) return new TenantryError('SHARD_UNAVAILABLE', undefined, { cause: transportFailure(error) });
  const refusal = refusalOf(error);
  return refusal === undefined ? toStatementError(error) : new EntryRefused(refusal);
}

/** What an error means that came while a connection was opened. */
export function toConnectError(error: unknown, address: ShardAddress, { trust }: Login): Error {
  if (error instanceof TenantryError) return error;
  if (error instanceof pg.DatabaseError) return toLoginError(error);
  // pg's own words, which have no code.
  const isRefused = error instanceof Error && error.message === 'The server does not support SSL connections';
  const isForeign = error instanceof Error && error.message === 'There was an error establishing an SSL connection';
  const failure = isRefused ? new EncryptionRefused(error.message) : isForeign ? new ForeignServer(error.message) : error;
  return unreachable(failure, { kind: 'PostgreSQL', address, trust });
}

/** What an error means that a login got: nobody has asked for anything yet that could be forbidden to him, or be his mistake. */
function toLoginError(error: pg.DatabaseError): TenantryError {
  const failure = failureOf(error, error.code?.startsWith('28') === true || error.code === mayNotConnect);
  return new TenantryError(codeOf(failure.sqlState) === 'OVERLOADED' ? 'OVERLOADED' : 'SHARD_UNAVAILABLE', `${failure.message}.`, {
    cause: failure,
    retryable: !failure.loginRefused && failure.sqlState !== noSuchDatabase,
  });
}

/** What an error means that a statement of a caller's raised: never a refusal of its entry, whatever SQLSTATE it took. */
export function toStatementError(error: pg.DatabaseError): TenantryError {
  const failure = failureOf(error, error.code?.startsWith('28') === true);
  return new TenantryError(codeOf(failure.sqlState), `${failure.message}.`, { cause: failure });
}

function failureOf({ code, constraint, table, column, position, routine }: pg.DatabaseError, loginRefused: boolean): SqlFailure {
  return new SqlFailure({
    sqlState: code ?? '',
    constraint,
    table,
    column,
    position: position === undefined ? undefined : Number(position),
    loginRefused,
    raised: code === raised,
    noPart: routine === findPart,
  });
}

/**
 * What an error means that the program's own work got. Where provisioning finds something in the way its text says what, and is told:
 * it stood in what was `sent`, so no trigger made it of a row. The table that it is said of has fields of its own.
 */
export function toOwnError(error: unknown, sent: string): Error {
  const failure = toEngineError(error);
  if (failure.cause instanceof SqlFailure && failure.cause.sqlState === lockTimedOut) return lockNotGiven(failure.cause);
  if (!(error instanceof pg.DatabaseError) || error.code !== inTheWay || !sent.includes(error.message)) return failure;
  const of = error.table === undefined ? '' : ` The table is ${error.schema}.${error.table}.`;
  return new TenantryError('INVALID_CONFIGURATION', error.message + of, { cause: failure.cause });
}

/** The error of a commit whose wait for a synchronous standby was called off. */
export function committedHereAlone(): TenantryError {
  return new TenantryError('COMMIT_UNKNOWN', 'The server has committed it, and its synchronous standby may not have it.', {
    outcome: 'unknown',
  });
}

/** Whether the server ends the connection with this error. */
export function endsConnection(error: pg.DatabaseError): boolean {
  return error.severity === 'FATAL' || error.severity === 'PANIC';
}

/** Whether the database has none of Tenantry's schema, or shows this login none. */
export function lacksSchema({ sqlState }: SqlFailure): boolean {
  return noSchema.has(sqlState);
}

function codeOf(sqlState: string): ErrorCode {
  return codes[sqlState] ?? codes[sqlState.slice(0, 3)] ?? codes[sqlState.slice(0, 2)] ?? 'STATEMENT_FAILED';
}

function refusalOf(error: pg.DatabaseError): Refusal | undefined {
  if (error.code === 'TN005') {
    const { shardId, epoch } = JSON.parse(error.detail ?? '{}') as { shardId: string; epoch: number };
    return { reason: 'MOVED', shardId, epoch };
  }
  const reason = refusals[error.code ?? ''];
  return reason === undefined ? undefined : { reason };
}

/** Codes such as ECONNREFUSED are kept; messages of sockets name hosts and ports, never rows. */
function transportFailure(error: unknown): Error {
  return error instanceof Error ? error : new Error('The connection failed.');
}
