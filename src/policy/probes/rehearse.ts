import { randomBytes } from 'node:crypto';
import { sentinelKeys, type KeyType, type TenantKey } from '../../../shardmap/key.ts';
import type { Row, SqlDatabase, SqlSession } from '../../core/session.ts';
import type { PrincipalName } from '../../core/principal.ts';
import type { Sql } from '../../core/sql.ts';
import type { Entry } from '../../engine/entry.ts';
import type { Attempt, AttemptOutcome, RehearsalBounds, RehearsedAttempt, RehearsedCaller, Rehearsals } from '../../engine/rehearsal.ts';
import type { SampleWords } from '../../engine/sample-words.ts';
import { lockPolicies } from '../lock.ts';
import { undone } from './undone.ts';

/** Whom a rehearsal is about. */
export interface RehearsalRequest {
  /** The user of each principal's login, besides admin's. */
  readonly users: Readonly<Record<Exclude<PrincipalName, 'admin'>, string>>;
  readonly keyType: KeyType;
  /** How long each of its statements may take; undefined: as long as others of admin. */
  readonly bounds?: RehearsalBounds | undefined;
  /** So many random bytes; the operating system's by default. */
  readonly random?: (size: number) => Uint8Array;
}

/** One of the two tenants of a rehearsal. */
export type SentinelName = 'a' | 'b';

/** As whom a statement is tried. */
export interface StageCaller {
  readonly principal: PrincipalName;
  /** Undefined: no tenant has entered. */
  readonly tenant?: SentinelName;
  /** What the call brings besides its tenant (`contextText`); undefined: nothing. */
  readonly contextValues?: string | undefined;
}

/** A statement that is tried beside others. */
export interface StageAttempt extends Pick<RehearsedAttempt, 'statement' | 'before'> {
  readonly as: StageCaller;
}

/** Where statements are tried, none of which stays. */
export interface Stage {
  /** The shard as admin, for rows that must be there first. */
  readonly session: SqlSession;
  readonly tenants: Readonly<Record<SentinelName, TenantKey>>;
  /** Runs one statement as admin; what it does stays until the rehearsal ends. Refused, it is as if it had not been. */
  keep(statement: Sql): Promise<Attempt>;
  readonly samples: SampleWords;
  /** Tries one statement, and undoes it. Where the engine `entersOnce`: whoever has entered first is the only one. */
  attempt<R extends Row>(caller: StageCaller, statement: Sql): Promise<Attempt<R>>;
  /** The same of each in turn, in a few round trips for all; statements without values. */
  attemptAll(attempts: readonly StageAttempt[]): Promise<readonly AttemptOutcome[]>;
}

/** What an engine needs to have for it. */
interface RehearsingEngine {
  readonly rehearsals: Rehearsals;
}

/**
 * Tries statements as the shard's logins in a transaction of admin that is rolled back, whatever happens. Keeps changes of policies out
 * meanwhile. `admin` is the database as admin. Throws INVALID_CONFIGURATION where the server was provisioned without the rights for it.
 */
export async function rehearse<T>(
  admin: SqlDatabase,
  engine: RehearsingEngine,
  request: RehearsalRequest,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  return await undone(admin, async (session) => {
    await lockPolicies(session);
    return await rehearseWithin(session, engine, request, work);
  });
}

/** The same within a transaction of admin, which goes on as if nothing had been. */
export async function rehearseWithin<T>(
  session: SqlSession,
  { rehearsals }: RehearsingEngine,
  { users, keyType, bounds, random = randomBytes }: RehearsalRequest,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const { app, superuser, mover } = users;
  const rehearsal = await rehearsals.begin(session, [app, superuser, mover], bounds);
  await session.run('rehearsal/open-gate');
  const [a, b] = sentinelKeys(keyType);
  const entries = { a: await admitted(session, -2, a, random(16)), b: await admitted(session, -3, b, random(16)) };
  const callerOf = ({ principal, tenant, contextValues }: StageCaller): RehearsedCaller => ({
    user: principal === 'admin' ? undefined : users[principal],
    ...(tenant === undefined ? {} : { entry: entries[tenant] }),
    contextValues,
  });
  const result = await work({
    session,
    tenants: { a, b },
    samples: rehearsals.samples,
    keep: (statement) => rehearsal.keep(statement),
    attempt: (as, statement) => rehearsal.attempt(callerOf(as), statement),
    attemptAll: (attempts) =>
      rehearsal.attemptAll(attempts.map(({ as, statement, before }) => ({ caller: callerOf(as), statement, before }))),
  });
  await rehearsal.end();
  return result;
}

/** Lets a tenant in for as long as the rehearsal lasts. The token is nobody's: it goes with the mapping. */
async function admitted(session: SqlSession, mappingId: number, { bytes }: TenantKey, token: Uint8Array): Promise<Entry> {
  const entry = { mappingId, key: bytes, epoch: 1, token };
  const { epoch } = entry;
  await session.run('local-map/add-mapping', { mappingId, kind: 'point', low: bytes, high: null, state: 'ONLINE', epoch, token });
  return entry;
}
