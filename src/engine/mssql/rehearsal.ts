import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlSession } from '../../core/session.ts';
import { sql, sqlText, type Sql, type SqlValue } from '../../core/sql.ts';
import type { Entry } from '../entry.ts';
import type { Attempt, AttemptOutcome, RehearsalBounds, RehearsedAttempt, RehearsedCaller, Rehearsal, Rehearsals } from '../rehearsal.ts';
import { attemptOf, refusalOf } from '../rehearsed-attempt.ts';
import { requireRehearsalRights } from '../rehearsal-rights.ts';
import { compileSql } from '../../core/compile-sql.ts';
import { deepened, depthKept, surfaced, transactionKept, watched } from './attempt-depth.ts';
import { lockTimedOut } from './error-table.ts';
import { mssqlDialect, textLiteral } from './mssql-dialect.ts';
import { toStatementError } from './mssql-errors.ts';
import { callersParameters, statementHead } from './routed-parameters.ts';
import { objectionTo } from './rehearsed-words.ts';
import { mssqlSamples } from './sample-words.ts';

const begun = sql`SAVE TRANSACTION [tenantry_rehearsal];`;
const undone = sql`ROLLBACK TRANSACTION [tenantry_rehearsal];`;
const attemptUndone = sql`ROLLBACK TRANSACTION [tenantry_attempt];`;

const nothing = sql``;

/** Statements that are sent in one message. */
const sentAtOnce = 32;

/** How one of them ended (`attemptedAll`), in their order. */
interface Tried extends Record<string, unknown> {
  readonly position: number;
  readonly rows: number;
  /** Null: it was not refused. */
  readonly error: number | null;
  readonly severity: number | null;
}

/**
 * By EXECUTE AS USER and savepoints. The context of a session is read-only once somebody has entered, and no savepoint gives it back: it
 * goes with the reset before the connection's next use.
 */
export const mssqlRehearsals: Rehearsals = {
  entersOnce: true,
  samples: mssqlSamples,
  objection: objectionTo,
  begin: async (session, users, bounds) => {
    await requireRehearsalRights(session, users);
    await session.query(begun);
    return new MssqlRehearsal(session, bounds === undefined ? nothing : waiting(bounds));
  },
};

/** A tenant's entry, with what its call brings. */
interface Entered {
  readonly entry: Entry;
  readonly contextValues: string | undefined;
}

class MssqlRehearsal implements Rehearsal {
  readonly #session: SqlSession;
  readonly #limit: Sql;
  #entered: Entered | undefined;

  /** `limit` stands in each call, to whose end it counts. */
  constructor(session: SqlSession, limit: Sql) {
    this.#session = session;
    this.#limit = limit;
  }

  attempt<R extends Row>(caller: RehearsedCaller, statement: Sql): Promise<Attempt<R>> {
    return this.#alone<R>({ caller, statement });
  }

  async attemptAll(attempts: readonly RehearsedAttempt[]): Promise<readonly AttemptOutcome[]> {
    const outcomes: AttemptOutcome[] = [];
    let left = attempts;
    while (left.length > 0) {
      const [first, ...others] = left;
      // An entry has values, which a message of several statements does not take.
      if (first !== undefined && this.#enters(first)) {
        outcomes.push(await this.#alone(first));
        left = others;
        continue;
      }
      const entering = left.findIndex((each) => this.#enters(each));
      const some = left.slice(0, Math.min(entering === -1 ? left.length : entering, sentAtOnce));
      outcomes.push(...(await this.#together(some)));
      left = left.slice(some.length);
    }
    return outcomes;
  }

  async keep(statement: Sql): Promise<Attempt> {
    const attempt = await attemptOf(this.#session, sql`${this.#limit}${attempted(undefined, undefined, statement)}`);
    if (attempt.outcome === 'refused') await this.#session.query(attemptUndone);
    return attempt;
  }

  async end(): Promise<void> {
    await this.#session.query(undone);
  }

  async #alone<R extends Row>({ caller, statement, before }: RehearsedAttempt): Promise<Attempt<R>> {
    const entering = this.#entering(caller);
    const attempt = await attemptOf<R>(this.#session, sql`${this.#limit}${attempted(caller.user, entering, statement, before)}`);
    await this.#session.query(attemptUndone);
    return attempt;
  }

  async #together(attempts: readonly RehearsedAttempt[]): Promise<AttemptOutcome[]> {
    for (const { caller } of attempts) this.#entering(caller);
    const { rows } = await this.#session.query<Tried>(sql`${this.#limit}${attemptedAll(attempts)}`);
    if (rows.length !== attempts.length || rows.some(({ position }, place) => position !== place))
      throw new TenantryError('INTERNAL', 'It is not known what became of each of the statements that were tried together.');
    return rows.map(({ rows: rowCount, error, severity }) =>
      error === null
        ? { outcome: 'done', rowCount }
        : { outcome: 'refused', error: refusalOf(toStatementError({ number: error, class: severity ?? 0, message: '' })) },
    );
  }

  #enters({ caller: { entry } }: RehearsedAttempt): boolean {
    return entry !== undefined && this.#entered === undefined;
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
 * A statement as another user, who enters first where it says so. XACT_ABORT would roll back the whole transaction with the first refusal.
 * It is a call in a call: who acts, and what it sets, goes back at its end, and one that cannot be parsed is an error like any other.
 */
export function attempted(user: string | undefined, entering: Entered | undefined, statement: Sql, before?: Sql): Sql {
  const entry = entering === undefined ? nothing : entered(entering);
  const { text, values } = compileSql(inScope(user, sql`${entry}${statement}`, before), mssqlDialect);
  return sql`${sqlText(`${watched}SAVE TRANSACTION [tenantry_attempt];
BEGIN TRY
${deepened}EXEC [sys].[sp_executesql] `)}${text}${valuesOf(values)};
${sqlText(`${depthKept}${surfaced}END TRY
BEGIN CATCH
${transactionKept}IF XACT_STATE() = 1 ${surfaced}THROW;
END CATCH;`)}`;
}

/** How sp_executesql is given the values of its statement, under the names that they have there. */
function valuesOf(values: readonly SqlValue[]): Sql {
  if (values.length === 0) return nothing;
  const parameters = callersParameters(values);
  const declared = parameters.map(({ name, type }) => `@${name} ${type.text}`).join(', ');
  const given = values.map((value, index) => sql`${sqlText(mssqlDialect.placeholder(index + 1))} = ${value}`);
  return sql`, ${declared}, ${sql.join(given)}`;
}

function waiting({ lockMs }: RehearsalBounds): Sql {
  return sqlText(`SET LOCK_TIMEOUT ${lockMs};\n`);
}

function acting(user: string | undefined): Sql {
  return user === undefined
    ? nothing
    : sql`EXECUTE AS USER = ${sqlText(textLiteral(user))};
`;
}

/**
 * Several of them, each undone, in one message; a row for each says what became of it. Each is a call of its own, at whose end who acts
 * goes back. What leaves the transaction to be rolled back whole is thrown on, and so is a lock that was not given: those behind it would
 * wait as long, each.
 */
export function attemptedAll(attempts: readonly RehearsedAttempt[]): Sql {
  const each = attempts.map(({ caller: { user }, statement, before }, position) => {
    const { text } = compileSql(
      sql`${inScope(user, statement, before)};
SET @rows = @@ROWCOUNT;`,
      mssqlDialect,
    );
    return sqlText(`${deepened}SAVE TRANSACTION [tenantry_attempt];
BEGIN TRY
SET @tenantry_rows = 0;
EXEC [sys].[sp_executesql] ${textLiteral(text)}, N'@rows int OUTPUT', @rows = @tenantry_rows OUTPUT;
${depthKept}INSERT INTO @tenantry_tried VALUES (${position}, @tenantry_rows, NULL, NULL);
END TRY
BEGIN CATCH
${transactionKept}IF XACT_STATE() <> 1 THROW;
IF ERROR_NUMBER() = ${lockTimedOut}
BEGIN
${surfaced}THROW;
END;
INSERT INTO @tenantry_tried VALUES (${position}, 0, ERROR_NUMBER(), ERROR_SEVERITY());
END CATCH;
ROLLBACK TRANSACTION [tenantry_attempt];
`);
  });
  return sql`DECLARE @tenantry_attempt bit = ${true}, @tenantry_rows int;
DECLARE @tenantry_tried table ([position] int NOT NULL PRIMARY KEY, [rows] int NOT NULL, [error] int NULL, [severity] int NULL);
${sqlText(watched)}${sql.join(each, nothing)}${sqlText(surfaced)}SELECT t.[position] AS [position], t.[rows] AS [rows], t.[error] AS [error], t.[severity] AS [severity] FROM @tenantry_tried AS t ORDER BY t.[position];`;
}

/** The text of a nested call: what admin does before, and a statement as a user. Whatever comes first there needs an EXECUTE to be called. */
function inScope(user: string | undefined, statement: Sql, before: Sql | undefined): Sql {
  const prepared = before === undefined ? nothing : sql`${before};\n`;
  return sql`${sqlText(statementHead)}${prepared}${acting(user)}${statement}`;
}

function entered({ entry: { mappingId, key, epoch, token }, contextValues }: Entered): Sql {
  const values = contextValues === undefined ? sql`` : sql`, ${contextValues}`;
  return sql`EXEC [tenantry].[enter] ${mappingId}, ${key}, ${epoch}, ${token}${values};
`;
}
