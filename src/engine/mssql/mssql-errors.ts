import { TenantryError, type ErrorCode } from '../../core/errors.ts';
import { EntryRefused, type Refusal } from '../entry.ts';
import { lockNotGiven } from '../lock-not-given.ts';
import { SqlFailure } from '../sql-failure.ts';
import {
  appLockTimedOut,
  databaseAway,
  errorTable,
  lockTimedOut,
  refusals,
  refusedLogins,
  transientLogins,
  type Certainty,
  type ErrorMeaning,
} from './error-table.ts';
import { wrongTransaction } from './routed-batch.ts';

/** What an ERROR token says, without its message: that can quote values of rows. */
export interface ServerError {
  readonly number: number;
  /** Severity; from 20 on the server ends the connection. */
  readonly class: number;
  /** Only for the numbers of the fence and of provisioning, whose texts are Tenantry's own. */
  readonly message: string;
}

const meanings: ReadonlyMap<number, ErrorMeaning> = new Map(errorTable);

/** What provisioning raises (51016). */
const inTheWay = 51_016;
/** The refusal that says where its tenant has gone. */
const moved = 51_005;

/** The procedure is not there for this login: 229 no right to it, 2812 not found. */
const noEntry: ReadonlySet<number> = new Set([229, 2812]);
/** 208 no such object, 229 no right to it, 2812 no such procedure, 4121 no such function. */
const noSchema: ReadonlySet<number | undefined> = new Set([208, 229, 2812, 4121]);
/** From this severity on the server ends the connection; it stays open on this side now and then. */
const fatalClass = 20;
/** The database can only be read by this connection, since it changed places with another: a new one finds the one that is written. */
const readOnlyDatabase = 3906;
/**
 * Where none but the program's own statements can have run, these say that the connection is of no more use: its database has gone
 * from it. Of a tenant's statement they say nothing, which can name any database of the server.
 */
const awayFromConnection: ReadonlySet<number> = new Set([...databaseAway, 3908]);

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
 * What an error means that the program's own work got. Where provisioning finds something in the way its text says what, and is told:
 * it stood in what was `sent`, so no trigger made it of a row.
 */
export function toOwnError(error: ServerError, sent: string): TenantryError {
  if (error.number === lockTimedOut || error.number === appLockTimedOut) return lockNotGiven(failureOf(error));
  if (error.number !== inTheWay || !sent.includes(error.message)) return toStatementError(error);
  return new TenantryError('INVALID_CONFIGURATION', error.message, { cause: failureOf(error) });
}

/**
 * What an error means that came after a tenant was let in. A statement may THROW every number from 50,000 on: none of those may
 * say anything of the shard, by which all tenants would be refused. Where the server has `rolledBack`, nothing has run.
 */
export function toTenantsError(error: ServerError, rolledBack = false): TenantryError {
  const isTheirs = error.number >= firstThrown && !ofStatements.has(error.number);
  if (!isTheirs && !rolledBack) return toStatementError(error);
  const { code, retryAfterMs } = meaningOf(error);
  return isTheirs ? failed('STATEMENT_FAILED', failureOf(error, true)) : failed(code, failureOf(error), { retryAfterMs });
}

/** What an error means that a login got; `number` as the server said it. */
export function toLoginError(error: ServerError): TenantryError {
  const known = meanings.get(error.number);
  const { number } = error;
  const failure = new SqlFailure({ number, loginRefused: refusedLogins.has(number), letsInLater: transientLogins.get(number) });
  // What would be forbidden to a caller, or be his mistake, is neither before anybody has asked for anything.
  if (known?.code === 'OVERLOADED') return failed(known.code, failure, { retryAfterMs: known.retryAfterMs });
  return failed('SHARD_UNAVAILABLE', failure, { retryable: !failure.loginRefused });
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
  readonly retryable?: boolean;
}

function failed(code: ErrorCode, cause: SqlFailure, { outcome = 'not-run', retryAfterMs, retryable }: Particulars = {}): TenantryError {
  const particulars = { ...(retryAfterMs === undefined ? {} : { retryAfterMs }), ...(retryable === undefined ? {} : { retryable }) };
  return new TenantryError(code, `${cause.message}.`, { cause, outcome, ...particulars });
}

function failureOf({ number }: ServerError, raised = false): SqlFailure {
  return new SqlFailure({ number, loginRefused: refusedLogins.has(number), raised });
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
