import type { ErrorCode } from '../../core/errors.ts';
import type { Refusal } from '../entry.ts';
import type { LetsInLater } from '../sql-failure.ts';
import { notEntered, wrongTransaction } from './routed-batch.ts';

/** What is known of a statement that ended with an error: rolled back for certain, or nothing. */
export type Certainty = 'not-run' | 'unknown';

/** One row of the table: what a number means to a caller. */
export interface ErrorMeaning {
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

/** A lock was not to be had within LOCK_TIMEOUT. */
export const lockTimedOut = 1222;

/** sp_getapplock did not give the lock of installers or of policies in time. */
export const appLockTimedOut = 51_014;

/** The database of a session, or of a name in a statement, is not there, or nobody may use it now. */
export const databaseAway = [911, 921, 922, 923, 924, 927, 942, 945, 952, 976, 978, 983, 988] as const;

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
  ...notRun('TIMEOUT', lockTimedOut, appLockTimedOut),
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
  ...notRun('SHARD_UNAVAILABLE', ...databaseAway, 4060, 4064, 4221),
  ...notRun('SHARD_UNAVAILABLE', 17_142, 18_401, 18_451, 18_452, 18_456, 18_461, 18_470, 18_486, 18_487, 18_488),
  ...notRun('SHARD_UNAVAILABLE', 40_531, 40_532, 40_613, 40_615, 40_914, 42_108, 42_109, 47_073),
  // The server goes away under a session: a COMMIT may have been carried out already.
  ...unknown('SHARD_UNAVAILABLE', 596, 615, 617, 823, 824, 829, 926, 3989, 5120, 6005, 9001, 10_053, 10_054, 10_060, 17_197, 17_830),
  ...unknown('SHARD_UNAVAILABLE', 19_421, 35_202, 40_020, 40_143, 40_166, 40_197, 40_540, 40_545, 40_627, 40_648, 40_671, 42_019),
  // Tenantry's own.
  ...notRun('STATEMENT_FAILED', 51_008),
  // 51019: what judges a change of definitions is gone, and the change with it.
  ...notRun('SHARD_UNVERIFIED', notEntered, 51_013, 51_019),
  // The trigger against definitions by tenant traffic.
  ...notRun('FORBIDDEN', 51_012),
  // Ranges of a map that overlap.
  ...notRun('CONFLICT', 51_015),
  // A table whose changes are not tracked, or not any more since that version.
  ...notRun('CONFLICT', 51_020, 51_021),
  // What the provisioning finds that keeps it from going on.
  ...notRun('INVALID_CONFIGURATION', 51_016),
  ...notRun('TRANSACTION_CONTROL', wrongTransaction, transactionCount),
];

/** Numbers by which a shard's `enter` refuses. */
export const refusals: ReadonlyMap<number, Exclude<Refusal['reason'], 'MOVED'>> = new Map([
  [51_001, 'UNKNOWN_MAPPING'],
  [51_002, 'OFFLINE'],
  [51_003, 'DRAINING'],
  [51_004, 'INCOMING'],
  [51_006, 'STALE_EPOCH'],
  [51_007, 'BAD_TOKEN'],
  [51_018, 'UNVERIFIED'],
  // The tenant of the connection's last use is set still.
  [15_664, 'NOT_RESET'],
]);

/**
 * A login that the server did not let in, for good as it is now: 916 and 4060 the database, 17142, 18451 and 18461 a server that
 * takes none but administrators, 40532 to 47073 a name, an address or a network that Azure does not take.
 */
export const refusedLogins: ReadonlySet<number> = new Set([
  916, 4060, 4064, 17_142, 18_451, 18_452, 18_456, 18_461, 18_470, 18_486, 18_487, 18_488, 40_532, 40_615, 40_914, 47_073,
]);
/**
 * Azure SQL lets a login in later. A database that is paused wakes up by a login (40613), and nothing but another one tells that it is
 * awake: it is asked often. The others have no room for another session, or are busy with themselves, and ask to be left alone.
 */
export const transientLogins: ReadonlyMap<number, LetsInLater> = new Map([
  [40_613, 'awake'],
  ...[4221, 40_197, 40_501, 42_108, 42_109, 49_918, 49_919, 49_920, 10_928, 10_929].map((number) => [number, 'left alone'] as const),
]);
