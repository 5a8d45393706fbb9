import { AnswerStopped, type Answer } from '../answer.ts';
import { callersText } from '../callers-text.ts';
import type { RpcRequest, TdsRequest } from '../request.ts';
import type { TdsConnection, TdsScript } from '../script.ts';
import { doneStatus, doneToken, resetToken, returnStatusToken, transactionToken, type ServerMessage } from '../tokens.ts';
import { BatchRun, type Entered } from './batch-run.ts';
import { enter, type ModelGate, type ModelMapping } from './mapping.ts';
import { ModelSession } from './session.ts';
import type { ModelStatement, Moment, MomentOf, StatementAnswer } from './statement.ts';

/** What a test brings to the model. */
export interface ModelOptions {
  /** Answers statements; by default a query gives one row of one column, and everything else counts one. */
  readonly statement?: (statement: ModelStatement) => StatementAnswer | Promise<StatementAnswer>;
}

/**
 * A script that keeps what SQL Server would keep: transactions, the tenant in the session's context, resets, local mappings.
 * It reads the program's own batches line by line and knows nothing of SQL beyond them.
 */
export class SqlServerModel implements TdsScript {
  readonly mappings = new Map<number, ModelMapping>();
  readonly gate: ModelGate = { open: true };
  readonly sessions = new Map<number, ModelSession>();
  /** Instead of entering, once: an error that ends only the EXEC itself, so that it answers nothing. */
  failEntry: ServerMessage | undefined;
  /** Called at each moment of each message. */
  at: (moment: MomentOf) => void | Promise<void> = () => undefined;
  /** Whether somebody is let in; everybody is, unless a test says otherwise. */
  login: NonNullable<TdsScript['login']> = (_login, _answer, _connection, admit) => admit();
  /** Whether attentions are acknowledged; they are, unless a test says otherwise. */
  attention: NonNullable<TdsScript['attention']> = () => 'acknowledge';
  /** What is said when a statement in a scope of its own has ended: tokens of an EXEC, which a client must not count. */
  nestedEnd: readonly Buffer[] = [returnStatusToken(0), doneToken('DONEPROC', doneStatus.more)];
  readonly #options: ModelOptions;

  constructor(options: ModelOptions = {}) {
    this.#options = options;
  }

  session({ id }: TdsConnection): ModelSession {
    let session = this.sessions.get(id);
    if (session === undefined) this.sessions.set(id, (session = new ModelSession()));
    return session;
  }

  async request(request: TdsRequest, answer: Answer, connection: TdsConnection): Promise<void> {
    const session = this.session(connection);
    const at = async (moment: Moment): Promise<void> => {
      await this.at({ moment, request, answer, connection });
      if (answer.state === 'dropped') throw new AnswerStopped('The connection has been ended.');
    };
    await at('read');
    if (request.reset) {
      session.reset();
      await answer.send(resetToken());
    }
    if (request.kind === 'transaction') throw new Error('The program begins and ends transactions by text.');
    const run = new BatchRun({
      answer,
      session,
      procedure: request.kind === 'rpc',
      nested: nestedStatement(request),
      nestedEnd: this.nestedEnd,
      output: request.kind === 'rpc' && request.parameters.some(({ name }) => name === '@tenantry_done'),
      at,
      enter: (brings) => this.#enter(session, request, brings),
      statement: (text) => this.#statement(text, request, session, answer, connection),
    });
    await run.run(request.text);
    await at('answered');
  }

  /** An attention rolls back what runs under XACT_ABORT. */
  interrupted(connection: TdsConnection): readonly Buffer[] {
    const session = this.session(connection);
    if (session.depth === 0 || !session.xactAbort) return [];
    session.rollback();
    return [transactionToken('rollback', session.transaction)];
  }

  closed({ id }: TdsConnection): void {
    this.sessions.get(id)?.rollback();
  }

  #enter(session: ModelSession, request: TdsRequest, brings: boolean): Entered {
    const failure = this.failEntry;
    this.failEntry = undefined;
    if (failure !== undefined) return { unanswered: failure };
    return { refused: enter(session, this, request as RpcRequest, brings) };
  }

  async #statement(
    text: string,
    request: TdsRequest,
    session: ModelSession,
    answer: Answer,
    connection: TdsConnection,
  ): Promise<StatementAnswer> {
    const parameters = request.kind === 'rpc' ? request.parameters.filter(({ name }) => !name.startsWith('@tenantry_')) : [];
    const statement: ModelStatement = {
      text,
      parameters,
      tenant: session.tenant,
      contextValues: session.contextValues,
      connection,
      answer,
    };
    return (await this.#options.statement?.(statement)) ?? answerByDefault(text);
  }
}

function nestedStatement(request: TdsRequest): string {
  const name = request.text.includes('sp_executesql] @p1') ? '@p1' : '@tenantry_statement';
  const given = request.kind === 'rpc' ? request.parameters.find((parameter) => parameter.name === name) : undefined;
  return typeof given?.value === 'string' ? callersText(given.value) : '';
}

function answerByDefault(text: string): StatementAnswer {
  return /^\s*select\b/i.test(text) ? { columns: { one: 'int' }, rows: [[1]] } : { count: 1 };
}
