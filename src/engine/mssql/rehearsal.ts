import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlSession } from '../../core/session.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { Entry } from '../entry.ts';
import type { Attempt, RehearsedCaller, Rehearsal, Rehearsals } from '../rehearsal.ts';
import { attemptOf } from '../rehearsed-attempt.ts';
import { requireRehearsalRights } from '../rehearsal-rights.ts';
import { textLiteral } from './mssql-dialect.ts';
import { mssqlSamples } from './sample-words.ts';

const begun = sql`SAVE TRANSACTION [tenantry_rehearsal];`;
const undone = sql`ROLLBACK TRANSACTION [tenantry_rehearsal];`;
const attemptUndone = sql`ROLLBACK TRANSACTION [tenantry_attempt];`;

/**
 * By EXECUTE AS USER and savepoints. The context of a session is read-only once somebody has entered, and no savepoint gives it back: it
 * goes with the reset before the connection's next use.
 */
export const mssqlRehearsals: Rehearsals = {
  entersOnce: true,
  samples: mssqlSamples,
  begin: async (session, users) => {
    await requireRehearsalRights(session, users);
    await session.query(begun);
    return new MssqlRehearsal(session);
  },
};

/** A tenant's entry, with what its call brings. */
interface Entered {
  readonly entry: Entry;
  readonly contextValues: string | undefined;
}

class MssqlRehearsal implements Rehearsal {
  readonly #session: SqlSession;
  #entered: Entered | undefined;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async attempt<R extends Row>(caller: RehearsedCaller, statement: Sql): Promise<Attempt<R>> {
    const entering = this.#entering(caller);
    const attempt = await attemptOf<R>(this.#session, attempted(caller.user, entering, statement));
    await this.#session.query(attemptUndone);
    return attempt;
  }

  async keep(statement: Sql): Promise<Attempt> {
    const attempt = await attemptOf(this.#session, attempted(undefined, undefined, statement));
    if (attempt.outcome === 'refused') await this.#session.query(attemptUndone);
    return attempt;
  }

  async end(): Promise<void> {
    await this.#session.query(undone);
  }

  /** What is to be entered with; undefined where nobody is to, or somebody has. */
  #entering({ entry, contextValues }: RehearsedCaller): Entered | undefined {
    const { mappingId: asked } = entry ?? {};
    const { mappingId: present } = this.#entered?.entry ?? {};
    if (this.#entered === undefined && entry !== undefined) return (this.#entered = { entry, contextValues });
    if (asked !== present || contextValues !== this.#entered?.contextValues)
      throw new TenantryError('INTERNAL', 'The session of a rehearsal has another tenant, or other values, for good.');
    return undefined;
  }
}

/**
 * A statement as another user, who enters first where it says so. It is a call, since it has a value: who acts goes back at its end, however
 * it ends. XACT_ABORT would roll back the whole transaction with the first refusal.
 */
export function attempted(user: string | undefined, entering: Entered | undefined, statement: Sql): Sql {
  return sql`DECLARE @tenantry_attempt bit = ${true};
SET XACT_ABORT OFF;
SAVE TRANSACTION [tenantry_attempt];
${
  user === undefined
    ? sql``
    : sql`EXECUTE AS USER = ${sqlText(textLiteral(user))};
`
}${entering === undefined ? sql`` : entered(entering)}${statement}`;
}

function entered({ entry: { mappingId, key, epoch, token }, contextValues }: Entered): Sql {
  const values = contextValues === undefined ? sql`` : sql`, ${contextValues}`;
  return sql`EXEC [tenantry].[enter] ${mappingId}, ${key}, ${epoch}, ${token}${values};
`;
}
