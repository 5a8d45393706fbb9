import { TenantryError, type ErrorCode } from '../../core/errors.ts';
import { EntryRefused, type Refusal } from '../entry.ts';
import { SqlFailure } from '../sql-failure.ts';
import { notEntered, wrongTransaction } from './routed-batch.ts';

/** What an ERROR token says, without its message: that can quote values of rows. */
export interface ServerError {
  readonly number: number;
  /** Severity; from 20 on the server ends the connection. */
  readonly class: number;
  /** Only for the numbers of the fence, whose texts are Tenantry's own. */
  readonly message: string;
}

/** What is known of a statement that ended with an error: rolled back for certain, or nothing. */
type Certainty = 'not-run' | 'unknown';

/** One row of the table: what a number means to a caller. */
interface ErrorMeaning {
  readonly code: ErrorCode;
  readonly outcome: Certainty;
  /** Milliseconds after which another attempt is worth while. */
  readonly retryAfterMs?: number;
}

const notRun = (code: ErrorCode, ...numbers: number[]): [number, ErrorMeaning][] =>
  numbers.map((number) => [number, { code, outcome: 'not-run' }]);
/** The server gave up somewhere between the statement and the answer to its COMMIT. */
const unknown = (code: ErrorCode, ...numbers: number[]): [number, ErrorMeaning][] =>
  numbers.map((number) => [number, { code, outcome: 'unknown' }]);
/** What an Azure service that has too much to do asks its callers to leave it alone for. */
const later = (retryAfterMs: number, rows: [number, ErrorMeaning][]): [number, ErrorMeaning][] =>
  rows.map(([number, meaning]) => [number, { ...meaning, retryAfterMs }]);

/** A procedure, sp_executesql among them, left another number of transactions open than it found: expected where it begins one. */
export const transactionCount = 266;

/** "We recommend that you delay for 5 seconds before your first retry"; 40501 itself says 10 (the page on Azure SQL, below). */
const azurePauseMs = 5_000;
const throttledPauseMs = 10_000;

/**
 * Numbers of SQL Server and Azure SQL, and what they mean. Whether the same call may be made again is the code's own
 * `retryable`. Under XACT_ABORT the server has rolled back before it answers with an error of a statement.
 * Sources, all by Microsoft: "Database Engine events and errors" with its pages of single numbers, "Troubleshoot connectivity
 * issues and other errors with Azure SQL Database and Azure SQL Managed Instance", "Troubleshoot transient connection errors".
 */
export const errorTable: readonly (readonly [number, ErrorMeaning])[] = [
  // Keys and constraints: 2601 and 2627 unique, 547 foreign key and check, 515 null, 8152 and 2628 too long.
  ...notRun('CONFLICT', 2601, 2627),
  ...notRun('CONSTRAINT_VIOLATION', 515, 547, 550, 2628, 8152),
  // Values: 220 and 8115 overflow, 241 and 242 times, 245 and 8114 conversion, 8134 division by zero.
  ...notRun('CONSTRAINT_VIOLATION', 220, 241, 242, 245, 248, 8114, 8115, 8134, 9803),
  // Rights: 229 object, 230 column, 262 statement, 300 server, 916 database, 15247 and 15151 administration, 1088 TRUNCATE.
  ...notRun('FORBIDDEN', 229, 230, 262, 297, 300, 916, 1088, 15_151, 15_247),
  // Row-level security: 33504 BLOCK predicate. 15664 the tenant in the session's context is read-only.
  ...notRun('FORBIDDEN', 15_664, 33_504),
  // Other transactions: 1205 deadlock, 3960 and 3961 snapshot conflict, 41302 to 41325 memory-optimised tables.
  ...notRun('SERIALIZATION_FAILURE', 1205, 3960, 3961, 41_301, 41_302, 41_305, 41_325, 41_839),
  // 1222 lock time-out.
  ...notRun('TIMEOUT', 1222),
  // Locks, memory, time to compile, sessions of the server are used up; nothing of the statement stays.
  ...notRun('OVERLOADED', 701, 802, 1204, 8628, 8645, 8651, 8657, 17_300, 17_809),
  // Space of files, log and elastic pool: whatever needs none goes on.
  ...notRun('OVERLOADED', 1101, 1105, 1132, 9002),
  ...later(azurePauseMs, notRun('OVERLOADED', 49_918, 49_919, 49_920)),
  // The database, or the session for the weight of what it was asked, is at a limit of its Azure tier: the session ends.
  ...later(azurePauseMs, unknown('OVERLOADED', 10_928, 10_929, 10_936)),
  ...later(throttledPauseMs, unknown('OVERLOADED', 40_501)),
  ...unknown('OVERLOADED', 40_544),
  // 40549 transaction too long, 40550 too many locks, 40551 tempdb, 40552 log, 40553 memory: so would the next attempt.
  ...unknown('STATEMENT_FAILED', 40_549, 40_550, 40_551, 40_552, 40_553),
  ...notRun('SHARD_UNAVAILABLE', 3906, 3908),
  // The database is not there, moves, starts or resumes; met when a session begins.
  ...notRun('SHARD_UNAVAILABLE', 911, 921, 922, 923, 924, 927, 942, 945, 952, 976, 978, 983, 988, 4060, 4064, 4221),
  ...notRun('SHARD_UNAVAILABLE', 17_142, 18_401, 18_451, 18_452, 18_456, 18_461, 18_470, 18_486, 18_487, 18_488),
  ...notRun('SHARD_UNAVAILABLE', 40_531, 40_532, 40_613, 40_615, 40_914, 42_108, 42_109, 47_073),
  // The server goes away under a session: a COMMIT may have been carried out already.
  ...unknown('SHARD_UNAVAILABLE', 596, 615, 617, 823, 824, 829, 926, 3989, 5120, 6005, 9001, 10_053, 10_054, 10_060, 17_197, 17_830),
  ...unknown('SHARD_UNAVAILABLE', 19_421, 35_202, 40_020, 40_143, 40_166, 40_197, 40_540, 40_545, 40_627, 40_648, 40_671, 42_019),
  // Tenantry's own.
  ...notRun('OPERATION_IN_PROGRESS', 51_009),
  ...notRun('STATEMENT_FAILED', 51_008),
  ...notRun('SHARD_UNVERIFIED', notEntered, 51_013),
  // The trigger against definitions by tenant traffic.
  ...notRun('FORBIDDEN', 51_012),
  // sp_getapplock did not give the lock of installers or of policies in time.
  ...notRun('TIMEOUT', 51_014),
  // Ranges of a map that overlap.
  ...notRun('CONFLICT', 51_015),
  // What the provisioning finds that keeps it from going on.
  ...notRun('INVALID_CONFIGURATION', 51_016),
  ...notRun('TRANSACTION_CONTROL', wrongTransaction, transactionCount),
];
const meanings: ReadonlyMap<number, ErrorMeaning> = new Map(errorTable);

/** Numbers by which a shard's `enter` refuses. */
export const refusals: ReadonlyMap<number, Exclude<Refusal['reason'], 'MOVED'>> = new Map([
  [51_001, 'UNKNOWN_MAPPING'],
  [51_002, 'OFFLINE'],
  [51_003, 'DRAINING'],
  [51_004, 'INCOMING'],
  [51_006, 'STALE_EPOCH'],
  [51_007, 'BAD_TOKEN'],
  // The tenant of the connection's last use is set still.
  [15_664, 'NOT_RESET'],
]);
const moved = 51_005;

/** The procedure is not there for this login: 229 no right to it, 2812 not found. */
const noEntry: ReadonlySet<number> = new Set([229, 2812]);
/** 208 no such object, 229 no right to it, 2812 no such procedure, 4121 no such function. */
const noSchema: ReadonlySet<number | undefined> = new Set([208, 229, 2812, 4121]);
/**
 * A login that the server did not let in, for good as it is now: 916 and 4060 the database, 17142, 18451 and 18461 a server that
 * takes none but administrators, 40532 to 47073 a name, an address or a network that Azure does not take.
 */
export const refusedLogins: ReadonlySet<number> = new Set([
  916, 4060, 4064, 17_142, 18_451, 18_452, 18_456, 18_461, 18_470, 18_486, 18_487, 18_488, 40_532, 40_615, 40_914, 47_073,
]);
/** Azure SQL lets a login in later: the database resumes, moves or has no room for another session just now. */
export const transientLogins: ReadonlySet<number> = new Set([
  4221, 40_197, 40_501, 40_613, 42_108, 42_109, 49_918, 49_919, 49_920, 10_928, 10_929,
]);
/** From this severity on the server ends the connection; it stays open on this side now and then. */
const fatalClass = 20;
/** The database can only be read by this connection, since it changed places with another: a new one finds the one that is written. */
const readOnlyDatabase = 3906;
/**
 * Where none but the program's own statements can have run, these say that the connection is of no more use: its database has gone
 * from it. Of a tenant's statement they say nothing, which can name any database of the server.
 */
const awayFromConnection: ReadonlySet<number> = new Set([911, 921, 922, 923, 924, 927, 942, 945, 952, 976, 978, 983, 988, 3908]);

/** The smallest number that THROW takes. */
const firstThrown = 50_000;
/** Tenantry's own numbers that a tenant's statement is meant to get: the guard's, and that of the trigger against definitions. */
const ofStatements: ReadonlySet<number> = new Set([wrongTransaction, 51_012]);

/** What an error means that `enter` or the message around it raised: a refusal, or a failure like any other. */
export function toEntryError(error: ServerError): EntryRefused | TenantryError {
  const refusal = refusalOf(error);
  if (refusal !== undefined) return new EntryRefused(refusal);
  const failure = failureOf(error);
  if (noEntry.has(error.number))
    return new TenantryError('SHARD_UNVERIFIED', 'The login may not call tenantry.enter, or the database has none.', { cause: failure });
  const { code, retryAfterMs } = meaningOf(error);
  // No caller has asked for anything yet that could be forbidden to him.
  if (code === 'FORBIDDEN')
    return new TenantryError('SHARD_UNVERIFIED', 'The login lacks a right that tenantry.enter needs.', { cause: failure });
  // Whatever the number says of statements: none has run.
  return failed(code, failure, { retryAfterMs });
}

/** What an error of a statement means, the program's own included: never a refusal of an entry. */
export function toStatementError(error: ServerError): TenantryError {
  const { code, outcome, retryAfterMs } = meaningOf(error);
  return failed(code, failureOf(error), { outcome, retryAfterMs });
}

/**
 * What an error means that came after a tenant was let in. A statement may THROW every number from 50,000 on: none of those may
 * say anything of the shard, by which all tenants would be refused. Where the server has `rolledBack`, nothing has run.
 */
export function toTenantsError(error: ServerError, rolledBack = false): TenantryError {
  const isTheirs = error.number >= firstThrown && !ofStatements.has(error.number);
  if (!isTheirs && !rolledBack) return toStatementError(error);
  const { code, retryAfterMs } = meaningOf(error);
  return isTheirs ? failed('STATEMENT_FAILED', failureOf(error)) : failed(code, failureOf(error), { retryAfterMs });
}

/** What an error means that a login got; `number` as the server said it. */
export function toLoginError(error: ServerError): TenantryError {
  const known = meanings.get(error.number);
  const { number } = error;
  const failure = new SqlFailure({ number, loginRefused: refusedLogins.has(number), letsInLater: transientLogins.has(number) });
  // What would be forbidden to a caller, or be his mistake, is neither before anybody has asked for anything.
  if (known?.code === 'OVERLOADED') return failed(known.code, failure, { retryAfterMs: known.retryAfterMs });
  return failed('SHARD_UNAVAILABLE', failure);
}

/**
 * Whether what was asked may have been carried out in spite of this error: the server goes away, or ends the session, with it.
 * It has not where the server said that it has `rolledBack`: a statement can raise such a number itself.
 */
export function leavesOpen(error: ServerError, rolledBack = false): boolean {
  return error.class >= fatalClass || (!rolledBack && meanings.get(error.number)?.outcome === 'unknown');
}

/**
 * Whether the server ended the session for the weight of what it was asked, or had no room for it, and is well otherwise. Such an
 * error never counts against the shard, by which all its tenants would be refused.
 */
export function blamesRequest(error: ServerError): boolean {
  const known = meanings.get(error.number);
  return known?.outcome === 'unknown' && known.code !== 'SHARD_UNAVAILABLE';
}

/** Whether the connection cannot be used after this error, whatever became of the statement. */
export function endsConnection(error: ServerError, rolledBack = false): boolean {
  return leavesOpen(error, rolledBack) || blamesRequest(error) || error.number === readOnlyDatabase;
}

/** Whether the connection cannot be used after an error that came before anything but the program's own statements. */
export function endsConnectionUnasked(error: ServerError): boolean {
  return endsConnection(error) || awayFromConnection.has(error.number) || refusals.get(error.number) === 'NOT_RESET';
}

/** Whether the database has none of Tenantry's schema, or shows this login none. */
export function lacksSchema({ number }: SqlFailure): boolean {
  return noSchema.has(number);
}

function meaningOf(error: ServerError): ErrorMeaning {
  const known = meanings.get(error.number);
  if (known !== undefined) return known;
  return error.class >= fatalClass ? { code: 'SHARD_UNAVAILABLE', outcome: 'unknown' } : { code: 'STATEMENT_FAILED', outcome: 'not-run' };
}

interface Particulars {
  readonly outcome?: Certainty;
  readonly retryAfterMs?: number | undefined;
}

function failed(code: ErrorCode, cause: SqlFailure, { outcome = 'not-run', retryAfterMs }: Particulars = {}): TenantryError {
  return new TenantryError(code, `${cause.message}.`, { cause, outcome, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

function failureOf({ number }: ServerError): SqlFailure {
  return new SqlFailure({ number, loginRefused: refusedLogins.has(number) });
}

function refusalOf({ number, message }: ServerError): Refusal | undefined {
  if (number === moved) return movedTo(message);
  const reason = refusals.get(number);
  return reason === undefined ? undefined : { reason };
}

/** `MOVED {"shardId":"…","epoch":N}`; a text of another form is no refusal that a router could act on. */
function movedTo(message: string): Refusal | undefined {
  const json = /^MOVED (\{.*\})$/.exec(message)?.[1];
  if (json === undefined) return undefined;
  const { shardId, epoch } = JSON.parse(json) as { shardId?: unknown; epoch?: unknown };
  return typeof shardId === 'string' && Number.isSafeInteger(epoch)
    ? { reason: 'MOVED', shardId: shardId.toLowerCase(), epoch: Number(epoch) }
    : undefined;
}
