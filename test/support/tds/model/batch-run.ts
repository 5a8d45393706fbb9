import { AnswerStopped, type Answer } from '../answer.ts';
import {
  columnsToken,
  doneStatus,
  doneToken,
  errorToken,
  infoToken,
  returnStatusToken,
  returnValueToken,
  rowToken,
  transactionToken,
  type ServerMessage,
} from '../tokens.ts';
import type { Moment, StatementAnswer } from './statement.ts';
import type { ModelSession } from './session.ts';
import { stepsOf, type Step } from './steps.ts';
import { Caught, inBlocks, type TryBlock } from './try-blocks.ts';

/** What became of an entry: refused by a THROW, let in, or not even run. */
export type Entered = { readonly refused: ServerMessage | undefined } | { readonly unanswered: ServerMessage };

interface Surroundings {
  readonly answer: Answer;
  readonly session: ModelSession;
  /** Run by sp_executesql: SETs end with it, and a transaction that it leaves open or ends is error 266. */
  readonly procedure: boolean;
  /** The statement that comes as a parameter, for a scope of its own. */
  readonly nested: string;
  /** What is said when that scope has ended. */
  readonly nestedEnd: readonly Buffer[];
  /** Tells whether the message's output parameter is asked for. */
  readonly output: boolean;
  at(moment: Moment): Promise<void>;
  /** `brings`: the message gives it values of the context. */
  enter(brings: boolean): Entered;
  statement(text: string): Promise<StatementAnswer>;
}

/** Errors that end only their statement, whatever XACT_ABORT says. */
const statementOnly = new Set([229, 1222, 2812]);
const transactionCount = 266;

/** How a scope ended: behind its last step, by RETURN, or with the whole batch. */
type End = 'through' | 'return' | 'abort';

/** One batch, step by step, with the tokens that SQL Server would send. */
export class BatchRun {
  readonly #around: Surroundings;
  #entered: number | null = null;
  #remembered = 0n;
  #failed = false;
  #done = false;
  /** TRY blocks that are open, in whatever scope. */
  #tries = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  async run(text: string): Promise<void> {
    const { answer, session, procedure, output } = this.#around;
    const [depth, settings] = [session.depth, session.scope()];
    const end = await this.#steps(inBlocks(stepsOf(text)));
    if (procedure && end !== 'abort' && session.depth !== depth) {
      await this.#fail({ number: transactionCount, message: 'Transaction count after EXECUTE indicates a mismatching number.' });
      if (session.xactAbort) await this.#rollBack();
    }
    if (session.doomed) {
      await this.#fail({ number: 3998, message: 'Uncommittable transaction is detected at the end of the batch.' });
      await this.#rollBack();
    }
    // An attention that comes once all has been said finds nothing to roll back.
    if (procedure) Object.assign(session, { ...settings, isolation: session.isolation });
    if (answer.state !== 'open') return;
    const status = this.#failed ? doneStatus.error : 0;
    if (!procedure) return await answer.end(doneToken('DONE', status));
    const given = output && end !== 'abort' ? [returnValueToken('tenantry_done', 'bit', this.#done ? true : null)] : [];
    await answer.end(returnStatusToken(0), ...given, doneToken('DONEPROC', status));
  }

  async #steps(steps: readonly (Step | TryBlock)[], caught?: ServerMessage): Promise<End> {
    for (const step of steps) {
      const end = step.kind === 'try' ? await this.#try(step) : await this.#step(step, caught);
      if (end !== 'through') return end;
    }
    return 'through';
  }

  async #try({ body, handler }: TryBlock): Promise<End> {
    let caught: Caught;
    this.#tries += 1;
    try {
      return await this.#steps(body);
    } catch (error) {
      if (!(error instanceof Caught)) throw error;
      caught = error;
    } finally {
      this.#tries -= 1;
    }
    return await this.#steps(handler, caught.error);
  }

  /** The statement given as a parameter, by an sp_executesql within this one. */
  async #nested(): Promise<End> {
    const { answer, session, nested, nestedEnd } = this.#around;
    const [depth, settings] = [session.depth, session.scope()];
    // What is declared in a scope is not known in those that it runs; the compiler finds that before anything has run.
    if (/@tenantry_/.test(nested)) return await this.#raise({ number: 137, message: 'Must declare the scalar variable.' });
    try {
      if ((await this.#steps(inBlocks(stepsOf(nested)))) === 'abort') return 'abort';
    } finally {
      Object.assign(session, settings);
    }
    await answer.send(...nestedEnd);
    if (session.depth === depth) return 'through';
    return await this.#fail({ number: transactionCount, message: 'Transaction count after EXECUTE indicates a mismatching number.' });
  }

  async #step(step: Step, caught: ServerMessage | undefined): Promise<End> {
    const { answer, session } = this.#around;
    switch (step.kind) {
      case 'xact abort':
        session.xactAbort = step.on;
        return 'through';
      case 'no count':
        session.noCount = step.on;
        return 'through';
      case 'implicit transactions':
        session.implicit = step.on;
        return 'through';
      case 'isolation':
        session.isolation = step.level;
        return 'through';
      case 'begin':
        await this.#begin();
        return 'through';
      case 'commit':
        return await this.#commit();
      case 'rollback':
        if (session.depth === 0) return await this.#raise({ number: 3903, message: 'No corresponding BEGIN TRANSACTION.' });
        await this.#rollBack();
        return 'through';
      case 'remember transaction':
        this.#remembered = session.transaction;
        return 'through';
      case 'enter':
        return await this.#enter(step.brings);
      case 'check entry':
        return this.#entered === 0 ? 'through' : await this.#throw({ number: step.number, message: 'not entered' });
      case 'check count':
        return session.depth === step.depth ? 'through' : await this.#throw({ number: step.number, message: 'another transaction' });
      case 'begin up to':
        while (session.depth < step.depth) await this.#begin();
        return 'through';
      case 'commit down to':
        while (session.depth > step.depth && !session.doomed) await this.#commit();
        return 'through';
      case 'save':
        session.save(step.name);
        return 'through';
      case 'roll back to':
        if (session.rollbackTo(step.name)) return 'through';
        return await this.#raise({ number: 6401, message: 'No transaction or savepoint of that name was found.' });
      case 'check transaction': {
        const same = session.depth === 1 && session.transaction === this.#remembered;
        return same ? 'through' : await this.#throw({ number: step.number, message: 'another transaction' });
      }
      case 'check ended': {
        const same = session.depth > 0 && session.transaction === this.#remembered;
        return same ? 'through' : await this.#throw({ number: step.number, message: 'ended its transaction' });
      }
      case 'print':
        await answer.send(infoToken({ number: 0, message: step.text }));
        return 'through';
      case 'throw':
        return await this.#throw({ number: step.number, message: step.message });
      case 'rethrow':
        return await this.#throw(
          caught ?? { number: 10_704, message: 'To rethrow an error, a THROW statement must be used inside a CATCH block.' },
        );
      case 'run statement':
        return await this.#nested();
      case 'return':
        return 'return';
      case 'done':
        this.#done = true;
        return 'through';
      case 'statement':
        return await this.#statement(step.text);
      case 'begin try':
      case 'end try':
      case 'begin catch':
      case 'end catch':
        throw new Error(`${step.kind} stands outside its block.`);
      case 'nothing':
        return 'through';
    }
  }

  async #begin(): Promise<void> {
    const { answer, session } = this.#around;
    const descriptor = session.begin();
    if (session.depth === 1) await answer.send(transactionToken('begin', descriptor));
  }

  async #enter(brings: boolean): Promise<End> {
    const outcome = this.#around.enter(brings);
    if ('unanswered' in outcome) {
      return await this.#fail(outcome.unanswered);
    }
    if (outcome.refused !== undefined) return await this.#throw(outcome.refused);
    this.#entered = 0;
    await this.#around.at('entered');
    return 'through';
  }

  async #statement(text: string): Promise<End> {
    const { answer, session } = this.#around;
    if (session.implicit && session.depth === 0) await this.#begin();
    const given = await this.#around.statement(text);
    // Whoever cancelled it in the meantime has ended the batch.
    if (answer.state !== 'open') throw new AnswerStopped(`The answer is ${answer.state}.`);
    if (given === 'sent') return 'through';
    if ('error' in given) return given.fatal === true ? await this.#throw(given.error) : await this.#raise(given.error);
    if (given.effect !== undefined) {
      if (session.depth > 0) session.effects.push(given.effect);
      else given.effect();
    }
    if (!('columns' in given)) {
      await this.#count(given.count);
      return 'through';
    }
    await answer.send(columnsToken(given.columns));
    for (const [index, row] of given.rows.entries()) {
      await answer.send(rowToken(given.columns, row));
      if (index === 0) await this.#around.at('amid rows');
    }
    await this.#count(given.rows.length);
    if (given.count !== undefined) await this.#count(given.count);
    return 'through';
  }

  async #commit(): Promise<End> {
    const { answer, session } = this.#around;
    if (session.depth === 0) return await this.#raise({ number: 3902, message: 'No corresponding BEGIN TRANSACTION.' });
    if (session.doomed) return await this.#raise({ number: 3930, message: 'The current transaction cannot be committed.' });
    await this.#around.at('before commit');
    const { transaction } = session;
    if (session.commit()) {
      await this.#around.at('after commit');
      await answer.send(transactionToken('commit', transaction));
    }
    return 'through';
  }

  /** THROW ends the batch, or what a TRY block has left of it; under XACT_ABORT it rolls back, or dooms the transaction. */
  async #throw(error: ServerMessage): Promise<End> {
    const { session } = this.#around;
    if (this.#tries > 0 && session.xactAbort && session.depth > 0) session.doomed = true;
    await this.#fail(error);
    if (session.xactAbort) await this.#rollBack();
    return 'abort';
  }

  /** An error of a statement: without XACT_ABORT, and outside a TRY block, the batch goes on. */
  async #raise(error: ServerMessage): Promise<End> {
    const { xactAbort } = this.#around.session;
    return xactAbort && !statementOnly.has(error.number) ? await this.#throw(error) : await this.#fail(error);
  }

  async #fail(error: ServerMessage): Promise<'through'> {
    if (this.#tries > 0) throw new Caught(error);
    this.#failed = true;
    await this.#around.answer.send(errorToken(error));
    return 'through';
  }

  async #rollBack(): Promise<void> {
    const { answer, session } = this.#around;
    if (session.depth === 0) return;
    session.rollback();
    await answer.send(transactionToken('rollback', session.transaction));
  }

  async #count(count: number): Promise<void> {
    const { answer, procedure, session } = this.#around;
    await answer.send(doneToken(procedure ? 'DONEINPROC' : 'DONE', doneStatus.more, session.noCount ? undefined : count));
  }
}
