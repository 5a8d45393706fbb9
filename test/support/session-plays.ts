import type { ColumnValue } from './tds/column-value.ts';
import type { Answer } from './tds/answer.ts';
import type { SqlServerModel } from './tds/model/model.ts';
import type { ModelStatement, StatementAnswer } from './tds/model/statement.ts';
import type { TdsConnection } from './tds/script.ts';
import { doneStatus, doneToken, rowToken, transactionToken } from './tds/tokens.ts';

/** How a server answers one statement; the statement itself carries it, as the JSON of its last parameter. */
export interface Play {
  /** Stands in every row, and in `written` once the statement is committed. */
  readonly mark: number;
  readonly rows: number;
  /** Rows of four kilobytes, so that the server has to wait for who reads them. */
  readonly wide: boolean;
  /** Turns of the event loop until the answer begins. */
  readonly turns: number;
  readonly fault: Fault;
  readonly error: ErrorOfServer;
}

/** Number and severity. */
export type ErrorOfServer = readonly [number: number, severity: number];

/**
 * What goes wrong: errors before, amid and above all else; a socket lost; an answer that cannot be read; one without counts; one that goes
 * on after an attention, and whose end comes with the acknowledgement; transactions that begin and end as nobody has asked.
 */
export const faults = [
  'none',
  'error',
  'fatal error',
  'error amid rows',
  'loss',
  'loss amid rows',
  'cut short',
  'no token',
  'no count',
  'late acknowledgement',
  'slow acknowledgement',
  'begin',
  'commit',
  'rollback',
] as const;
type Fault = (typeof faults)[number];

/** What every row has: whose it is by the session's context, and the mark of its statement. */
const columns = { owner: 'nvarchar(40)', mark: 'int', text: 'nvarchar(2000)' } as const;

/** Lets both ends go on so many times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A server that plays what statements say, and keeps what is committed. */
export class Player {
  readonly written = new Set<number>();
  readonly #model: SqlServerModel;
  readonly #running = new Map<number, { readonly play: Play; readonly answer: Answer }>();

  constructor(model: SqlServerModel) {
    this.#model = model;
    model.attention = (connection) => this.#acknowledge(connection);
  }

  readonly answer = async ({ parameters, text, tenant, connection, answer }: ModelStatement): Promise<StatementAnswer> => {
    const play = JSON.parse(String(parameters.at(-1)?.value)) as Play;
    this.#running.set(connection.id, { play, answer });
    // An attention is to find it at work.
    await turns(play.fault.endsWith('acknowledgement') ? play.turns + 15 : play.turns);
    const [number, severity] = play.error;
    if (play.fault === 'error' || play.fault === 'fatal error')
      return { error: { number, class: severity }, fatal: play.fault === 'fatal error' };
    if (play.fault === 'loss') return lost(answer, play);
    if (!text.startsWith('select')) return { count: 1, effect: () => this.written.add(play.mark) };
    await answer.columns(columns);
    const row = [tenant?.toString('hex') ?? 'nobody', play.mark, play.wide ? 'x'.repeat(2_000) : ''];
    for (let sent = 0; sent < play.rows; sent += 1) {
      if (sent === Math.floor(play.rows / 2)) {
        const end = await this.#trouble(play, row, answer, connection);
        if (end !== undefined) return end;
      }
      await answer.row(columns, row);
      if (!play.wide && sent % 3 === 0) await answer.flush().then(() => turns(1));
    }
    await answer.send(doneToken('DONEINPROC', doneStatus.more, play.rows));
    return 'sent';
  };

  async #trouble(play: Play, row: readonly ColumnValue[], answer: Answer, connection: TdsConnection): Promise<StatementAnswer | undefined> {
    const { fault, mark } = play;
    if (fault === 'error amid rows') return { error: { number: play.error[0], class: play.error[1] } };
    if (fault === 'loss amid rows') return lost(answer, play);
    if (fault === 'no token') await answer.send(Buffer.from([0x01]));
    if (fault === 'no count') await answer.send(doneToken('DONEINPROC', doneStatus.more));
    if (fault === 'no count') await answer.columns(columns);
    if (fault === 'begin') await answer.send(transactionToken('begin', 2n ** 40n + BigInt(mark)));
    if (fault === 'commit' || fault === 'rollback') await answer.send(transactionToken(fault, this.#model.session(connection).transaction));
    if (fault !== 'cut short') return undefined;
    const token = rowToken(columns, row);
    await answer.end(token.subarray(0, 1 + (mark % (token.length - 1))));
    return 'sent';
  }

  async #acknowledge({ id }: TdsConnection): Promise<'acknowledge'> {
    const running = this.#running.get(id);
    if (running?.play.fault === 'slow acknowledgement') await turns(10);
    if (running?.play.fault === 'late acknowledgement') while (running.answer.state === 'open') await turns(1);
    return 'acknowledge';
  }
}

function lost(answer: Answer, { mark }: Play): 'sent' {
  answer.drop(mark % 2 === 0 ? 'fin' : 'rst');
  return 'sent';
}
