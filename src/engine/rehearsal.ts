import type { Row, SqlResult, SqlSession } from '../core/session.ts';
import type { Sql } from '../core/sql.ts';
import type { TenantryError } from '../core/errors.ts';
import type { Entry } from './entry.ts';
import type { SampleWords } from './sample-words.ts';

/** As whom a statement is rehearsed. */
export interface RehearsedCaller {
  /** The user of a login, whose rights and policies the statement has; undefined: admin, as whom the transaction runs. */
  readonly user?: string | undefined;
  /** Undefined: nobody has entered. */
  readonly entry?: Entry;
  /** What the call brings besides its tenant (`contextText`); undefined: nothing. */
  readonly contextValues?: string | undefined;
}

/** What became of a statement; nothing of it stays either way. */
export type Attempt<R extends Row = Row> =
  | ({ readonly outcome: 'done' } & SqlResult<R>)
  | {
      readonly outcome: 'refused';
      readonly error: TenantryError;
    };

/** A statement that is tried beside others. */
export interface RehearsedAttempt {
  readonly caller: RehearsedCaller;
  /** One statement without values. */
  readonly statement: Sql;
  /** Statements that admin runs just before it, with semicolons between them; undone with it. */
  readonly before?: Sql | undefined;
}

/** What became of such a statement. */
export type AttemptOutcome = { readonly outcome: 'done'; readonly rowCount: number } | Extract<Attempt, { readonly outcome: 'refused' }>;

/** Statements that are tried as others than admin within a transaction of admin, and undone. One at a time. */
export interface Rehearsal {
  /**
   * Runs one statement, and undoes it. Throws what says nothing of the statement: that the entry was refused, that a table is in use
   * or the server away, or, where the engine `entersOnce`, INTERNAL for another entry than the first one.
   */
  attempt<R extends Row>(caller: RehearsedCaller, statement: Sql): Promise<Attempt<R>>;
  /** The same of each in turn, in a few round trips for all. Throws as soon as it is known of one that nothing can be said of it. */
  attemptAll(attempts: readonly RehearsedAttempt[]): Promise<readonly AttemptOutcome[]>;
  /** Runs one statement as admin; what it does stays until the end. Refused, it is as if it had not been. */
  keep(statement: Sql): Promise<Attempt>;
  /** Undoes everything since the rehearsal was begun, whatever admin did meanwhile included; the transaction goes on. */
  end(): Promise<void>;
}

/** How long a rehearsal may take, in milliseconds. */
export interface RehearsalBounds {
  /** All of its statements, where the engine's server can be told; what admin's connection has besides holds anyway. */
  readonly withinMs: number;
  /** Each statement, for what another transaction holds. */
  readonly lockMs: number;
}

/** The part of an engine that knows how admin acts as other logins. */
export interface Rehearsals {
  /** Whoever has entered stays entered until the connection is used for something else: one entry for each rehearsal. */
  readonly entersOnce: boolean;
  readonly samples: SampleWords;
  /**
   * What a statement in somebody's own words has in it that may stay when it is undone, or that may undo or outlast more than itself, as a
   * noun; undefined where it can be tried.
   */
  objection(text: string): string | undefined;
  /**
   * Begins a rehearsal in an open transaction of admin. Throws INVALID_CONFIGURATION, with what an administrator has to run, where admin
   * may not act as one of these users. Without bounds statements take as long as others of the session may.
   */
  begin(session: SqlSession, users: readonly string[], bounds?: RehearsalBounds): Promise<Rehearsal>;
}
