import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlSession } from '../../core/session.ts';
import { compileSql } from '../../core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { Attempt, AttemptOutcome, RehearsalBounds, RehearsedAttempt, RehearsedCaller, Rehearsal, Rehearsals } from '../rehearsal.ts';
import { attemptOf } from '../rehearsed-attempt.ts';
import { requireRehearsalRights } from '../rehearsal-rights.ts';
import { literal } from './literal.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { postgresSamples } from './sample-words.ts';
import { controlsTransaction } from './statement-word.ts';

const begun = sql`savepoint tenantry_rehearsal`;
/** Advisory locks of the session, which a trigger may have taken, go back with no savepoint. */
const undone = sql`rollback to savepoint tenantry_rehearsal; release savepoint tenantry_rehearsal; select pg_advisory_unlock_all()`;
const attemptKept = sql`release savepoint tenantry_attempt`;
const attemptUndone = sql`rollback to savepoint tenantry_attempt; release savepoint tenantry_attempt`;

/** Whole milliseconds. */
const now = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** Statements that are sent without waiting for the answers of those before them. */
const sentAtOnce = 32;

/** By SET LOCAL ROLE and savepoints: role, tenant and rows go back with the savepoint. */
export const postgresRehearsals: Rehearsals = {
  entersOnce: false,
  samples: postgresSamples,
  objection: (text) => (isOneAlone(sqlText(text)) ? undefined : text.includes(';') ? 'a semicolon' : 'a statement of transactions'),
  begin: async (session, users, bounds) => {
    await requireRehearsalRights(session, users);
    if (bounds === undefined) {
      await session.query(begun);
      return new PostgresRehearsal(session);
    }
    const { rows } = await session.query<{ until: string }>(sql`${begun}; ${lockLimit(bounds)}; ${end(bounds)}`);
    return new PostgresRehearsal(session, rows[0]?.until);
  },
};

class PostgresRehearsal implements Rehearsal {
  readonly #session: SqlSession;
  readonly #limit: Sql;

  /** `until` is by the server's clock (`end`); undefined: each statement takes as long as it takes. */
  constructor(session: SqlSession, until?: string) {
    this.#session = session;
    this.#limit = until === undefined ? sql`` : sql`; ${statementLimit(until)}`;
  }

  attempt<R extends Row>(caller: RehearsedCaller, statement: Sql): Promise<Attempt<R>> {
    return this.#alone<R>({ caller, statement });
  }

  async attemptAll(attempts: readonly RehearsedAttempt[]): Promise<readonly AttemptOutcome[]> {
    const outcomes: AttemptOutcome[] = [];
    for (let from = 0; from < attempts.length; from += sentAtOnce) {
      const some = attempts.slice(from, from + sentAtOnce);
      if (some.every(({ statement }) => isOneAlone(statement))) outcomes.push(...(await this.#pipelined(some)));
      else for (const attempt of some) outcomes.push(await this.#alone(attempt));
    }
    return outcomes;
  }

  async keep(statement: Sql): Promise<Attempt> {
    const attempt = await attemptOf(this.#session, sql`savepoint tenantry_attempt${this.#limit}; ${statement}`);
    await this.#session.query(attempt.outcome === 'done' ? attemptKept : attemptUndone);
    return attempt;
  }

  async end(): Promise<void> {
    await this.#session.query(undone);
  }

  async #alone<R extends Row>({ caller, statement, before }: RehearsedAttempt): Promise<Attempt<R>> {
    // What ends a savepoint would leave the role and the tenant to whatever comes next.
    if (controlsTransaction(compileSql(statement, postgresDialect).text))
      return { outcome: 'refused', error: new TenantryError('TRANSACTION_CONTROL') };
    // A message of its own: of one that cannot be parsed nothing is run, the savepoint neither.
    await this.#session.query(this.#acting(caller, before));
    const attempt = await attemptOf<R>(this.#session, statement);
    await this.#session.query(attemptUndone);
    return attempt;
  }

  /** One message, which takes no parameters. */
  #acting(caller: RehearsedCaller, before: Sql | undefined): Sql {
    const prepared = before === undefined ? sql`` : sql`; ${before}`;
    return sql`savepoint tenantry_attempt${this.#limit}${prepared}${actingAs(caller)}`;
  }

  /** The same messages, one behind the other: the session sends what it is given at once. */
  async #pipelined(attempts: readonly RehearsedAttempt[]): Promise<AttemptOutcome[]> {
    const sent = attempts.map(({ caller, statement, before }) => ({
      acting: this.#session.query(this.#acting(caller, before)),
      attempt: attemptOf(this.#session, statement),
      undoing: this.#session.query(attemptUndone),
    }));
    await Promise.allSettled(sent.flatMap(({ acting, attempt, undoing }) => [acting, attempt, undoing]));
    const outcomes: AttemptOutcome[] = [];
    for (const { acting, attempt, undoing } of sent) {
      await acting;
      outcomes.push(await attempt);
      await undoing;
    }
    return outcomes;
  }
}

/**
 * Whether nothing in it can end the transaction: what is on its way behind it would be run as admin then, and stay. A semicolon in a
 * name or text is taken for the end of a statement.
 */
function isOneAlone(statement: Sql): boolean {
  const { text } = compileSql(statement, postgresDialect);
  return !text.includes(';') && !controlsTransaction(text);
}

/** It goes back with the savepoint. */
function lockLimit({ lockMs }: RehearsalBounds): Sql {
  return sqlText(`set local lock_timeout = ${lockMs}`);
}

/** When the rehearsal must be over, in milliseconds of the server's clock. */
function end({ withinMs }: RehearsalBounds): Sql {
  return sql`select (${now} + ${sqlText(String(withinMs))})::text as until`;
}

/** For one statement what is left: those behind it are on their way already, and nobody could keep them back. */
function statementLimit(until: string): Sql {
  return sql`select set_config('statement_timeout', greatest(1, ${sqlText(until)} - ${now})::text, true)`;
}

/** What stands behind other statements: acting as somebody, who has entered where he is to. */
function actingAs({ user, entry, contextValues }: RehearsedCaller): Sql {
  const acting = user === undefined ? sql`` : sql`; set local role ${sql.id(user)}`;
  if (entry === undefined) return acting;
  const ticket = Buffer.alloc(8 + entry.token.length);
  ticket.writeBigInt64BE(BigInt(entry.epoch));
  ticket.set(entry.token, 8);
  const values = contextValues === undefined ? sql`` : sql`, ${literal(contextValues)}`;
  return sql`${acting}; select tenantry.enter(${sqlText(String(entry.mappingId))}, ${bytes(entry.key)}, ${bytes(ticket)}${values})`;
}

function bytes(value: Uint8Array): Sql {
  return sqlText(`'\\x${Buffer.from(value).toString('hex')}'::bytea`);
}
