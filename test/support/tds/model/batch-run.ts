import { AnswerStopped, type Answer } from '../answer.ts';
import {
  columnsToken,
  doneStatus,
  doneToken,
  errorToken,
  infoToken,
  returnStatusToken,
  rowToken,
  transactionToken,
  type ServerMessage,
} from '../tokens.ts';
import type { Moment, StatementAnswer } from './statement.ts';
import type { ModelSession } from './session.ts';
import { stepsOf, type Step } from './steps.ts';

/** What became of an entry: refused by a THROW, let in, or not even run. */
export type Entered = { readonly refused: ServerMessage | undefined } | { readonly unanswered: ServerMessage };

interface Surroundings {
  readonly answer: Answer;
  readonly session: ModelSession;
  /** Run by sp_executesql: SETs end with it, and a transaction that it leaves open or ends is error 266. */
  readonly procedure: boolean;
  at(moment: Moment): Promise<void>;
  enter(): Entered;
  statement(text: string): Promise<StatementAnswer>;
}

/** Errors that end only their statement, whatever XACT_ABORT says. */
const statementOnly = new Set([229, 1222, 2812]);
const transactionCount = 266;

/** One batch, step by step, with the tokens that SQL Server would send. */
export class BatchRun {
  readonly #around: Surroundings;
  #noCount = false;
  #entered: number | null = null;
  #remembered = 0n;
  #failed = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  async run(text: string): Promise<void> {
    const { answer, session, procedure } = this.#around;
    const [depth, xactAbort] = [session.depth, session.xactAbort];
    let ended = false;
    for (const step of stepsOf(text)) {
      ended = await this.#step(step);
      if (ended) break;
    }
    if (procedure && !ended && session.depth !== depth) {
      await this.#fail({ number: transactionCount, message: 'Transaction count after EXECUTE indicates a mismatching number.' });
      if (session.xactAbort) await this.#rollBack();
    }
    // An attention that comes once all has been said finds nothing to roll back.
    if (procedure) session.xactAbort = xactAbort;
    if (answer.state !== 'open') return;
    const status = this.#failed ? doneStatus.error : 0;
    if (procedure) await answer.end(returnStatusToken(0), doneToken('DONEPROC', status));
    else await answer.end(doneToken('DONE', status));
  }

  /** Returns whether the batch ends here. */
  async #step(step: Step): Promise<boolean> {
    const { answer, session } = this.#around;
    switch (step.kind) {
      case 'xact abort':
        session.xactAbort = step.on;
        return false;
      case 'no count':
        this.#noCount = step.on;
        return false;
      case 'isolation':
        session.isolation = step.level;
        return false;
      case 'begin': {
        const descriptor = session.begin();
        if (session.depth === 1) await answer.send(transactionToken('begin', descriptor));
        return false;
      }
      case 'commit':
        return await this.#commit();
      case 'rollback':
        if (session.depth === 0) return await this.#raise({ number: 3903, message: 'No corresponding BEGIN TRANSACTION.' });
        await this.#rollBack();
        return false;
      case 'remember transaction':
        this.#remembered = session.transaction;
        return false;
      case 'enter':
        return await this.#enter();
      case 'check entry':
        return this.#entered === 0 ? false : await this.#throw({ number: step.number, message: 'not entered' });
      case 'check count':
        return session.depth === 1 ? false : await this.#throw({ number: step.number, message: 'another transaction' });
      case 'check transaction': {
        const same = session.depth === 1 && session.transaction === this.#remembered;
        return same ? false : await this.#throw({ number: step.number, message: 'another transaction' });
      }
      case 'print':
        await answer.send(infoToken({ number: 0, message: step.text }));
        return false;
      case 'throw':
        return await this.#throw({ number: step.number, message: step.message });
      case 'return':
        return true;
      case 'statement':
        return await this.#statement(step.text);
      case 'nothing':
        return false;
    }
  }

  async #enter(): Promise<boolean> {
    const outcome = this.#around.enter();
    if ('unanswered' in outcome) {
      await this.#fail(outcome.unanswered);
      return false;
    }
    if (outcome.refused !== undefined) return await this.#throw(outcome.refused);
    this.#entered = 0;
    await this.#around.at('entered');
    return false;
  }

  async #statement(text: string): Promise<boolean> {
    const { answer, session } = this.#around;
    const given = await this.#around.statement(text);
    // Whoever cancelled it in the meantime has ended the batch.
    if (answer.state !== 'open') throw new AnswerStopped(`The answer is ${answer.state}.`);
    if (given === 'sent') return false;
    if ('error' in given) return given.fatal === true ? await this.#throw(given.error) : await this.#raise(given.error);
    if (given.effect !== undefined) {
      if (session.depth > 0) session.effects.push(given.effect);
      else given.effect();
    }
    if ('count' in given) {
      await this.#done(given.count);
      return false;
    }
    await answer.send(columnsToken(given.columns));
    for (const [index, row] of given.rows.entries()) {
      await answer.send(rowToken(given.columns, row));
      if (index === 0) await this.#around.at('amid rows');
    }
    await this.#done(given.rows.length);
    return false;
  }

  async #commit(): Promise<boolean> {
    const { answer, session } = this.#around;
    if (session.depth === 0) return await this.#raise({ number: 3902, message: 'No corresponding BEGIN TRANSACTION.' });
    await this.#around.at('before commit');
    const { transaction } = session;
    if (session.commit()) {
      await this.#around.at('after commit');
      await answer.send(transactionToken('commit', transaction));
    }
    return false;
  }

  /** THROW ends the batch; under XACT_ABORT it rolls back. */
  async #throw(error: ServerMessage): Promise<boolean> {
    await this.#fail(error);
    if (this.#around.session.xactAbort) await this.#rollBack();
    return true;
  }

  /** An error of a statement: without XACT_ABORT the batch goes on. */
  async #raise(error: ServerMessage): Promise<boolean> {
    const { xactAbort } = this.#around.session;
    return xactAbort && !statementOnly.has(error.number) ? await this.#throw(error) : await this.#fail(error);
  }

  async #fail(error: ServerMessage): Promise<false> {
    this.#failed = true;
    await this.#around.answer.send(errorToken(error));
    return false;
  }

  async #rollBack(): Promise<void> {
    const { answer, session } = this.#around;
    if (session.depth === 0) return;
    session.rollback();
    await answer.send(transactionToken('rollback', session.transaction));
  }

  async #done(count: number): Promise<void> {
    const { answer, procedure } = this.#around;
    await answer.send(doneToken(procedure ? 'DONEINPROC' : 'DONE', doneStatus.more, this.#noCount ? undefined : count));
  }
}
