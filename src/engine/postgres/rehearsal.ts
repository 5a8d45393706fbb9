import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlSession } from '../../core/session.ts';
import { compileSql } from '../../core/compile-sql.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { Attempt, RehearsedCaller, Rehearsal, Rehearsals } from '../rehearsal.ts';
import { attemptOf } from '../rehearsed-attempt.ts';
import { requireRehearsalRights } from '../rehearsal-rights.ts';
import { literal } from './literal.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { postgresSamples } from './sample-words.ts';
import { controlsTransaction } from './statement-word.ts';

const begun = sql`savepoint tenantry_rehearsal`;
const undone = sql`rollback to savepoint tenantry_rehearsal; release savepoint tenantry_rehearsal`;
const attemptKept = sql`release savepoint tenantry_attempt`;
const attemptUndone = sql`rollback to savepoint tenantry_attempt; release savepoint tenantry_attempt`;

/** By SET LOCAL ROLE and savepoints: role, tenant and rows go back with the savepoint. */
export const postgresRehearsals: Rehearsals = {
  entersOnce: false,
  samples: postgresSamples,
  begin: async (session, users) => {
    await requireRehearsalRights(session, users);
    await session.query(begun);
    return new PostgresRehearsal(session);
  },
};

class PostgresRehearsal implements Rehearsal {
  readonly #session: SqlSession;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async attempt<R extends Row>(caller: RehearsedCaller, statement: Sql): Promise<Attempt<R>> {
    // What ends a savepoint would leave the role and the tenant to whatever comes next.
    if (controlsTransaction(compileSql(statement, postgresDialect).text))
      return { outcome: 'refused', error: new TenantryError('TRANSACTION_CONTROL') };
    // A message of its own: of one that cannot be parsed nothing is run, the savepoint neither.
    await this.#session.query(actingAs(caller));
    const attempt = await attemptOf<R>(this.#session, statement);
    await this.#session.query(attemptUndone);
    return attempt;
  }

  async keep(statement: Sql): Promise<Attempt> {
    const attempt = await attemptOf(this.#session, sql`savepoint tenantry_attempt; ${statement}`);
    await this.#session.query(attempt.outcome === 'done' ? attemptKept : attemptUndone);
    return attempt;
  }

  async end(): Promise<void> {
    await this.#session.query(undone);
  }
}

/** One message, which takes no parameters. */
function actingAs({ user, entry, contextValues }: RehearsedCaller): Sql {
  const attempting = sql`savepoint tenantry_attempt`;
  const acting = user === undefined ? attempting : sql`${attempting}; set local role ${sql.id(user)}`;
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
