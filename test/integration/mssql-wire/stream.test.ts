import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import type { EngineConnection, EngineTransaction } from '../../../src/engine/engine.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { compiled, entryOf, ScriptedShard } from '../../support/scripted-shard.ts';
import type { Answer } from '../../support/tds/answer.ts';
import type { StatementAnswer } from '../../support/tds/model/statement.ts';

const options = { readOnly: false, timeoutMs: 10_000, isolation: 'read committed' } as const;
const wide = { n: 'int', text: 'nvarchar(4000)' } as const;
const read = compiled(sql`select n, text from t`);
const change = compiled(sql`update Blogs set Name = ${'a'}`);
const megabyte = 2 ** 20;

let shard: ScriptedShard;
let connection: EngineConnection;
let transaction: EngineTransaction;

beforeEach(async () => {
  shard = await ScriptedShard.start();
  connection = await shard.connect();
  transaction = await connection.begin(entryOf(1), options);
});
afterEach(async () => await shard[Symbol.asyncDispose]());

/** More than any test reads: a client that takes rows without a limit shall fail its test, and not the machine. */
const enough = 60_000;

/** Turns of the event loop, in each of which client and server look at their sockets, after which nothing is on its way any more. */
const quietTurns = 2_000;

/** Answers queries with rows of two kilobytes, more of them than anybody wants. */
function endless(): { readonly answer: Promise<Answer>; readonly quiet: () => Promise<void> } {
  const begun = Promise.withResolvers<Answer>();
  let sent = 0;
  shard.answer = async ({ answer, ...statement }) => {
    if (!statement.text.startsWith('select')) return shard.byDefault({ answer, ...statement });
    begun.resolve(answer);
    await answer.columns(wide);
    for (; sent < enough; sent += 1) await answer.row(wide, [sent, 'x'.repeat(1000)]);
    return { count: enough };
  };
  // Counted in turns, not in time: a busy machine would look like a server that has to wait.
  const quiet = async (): Promise<void> => {
    for (let turns = 0, before = -1; turns < quietTurns; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (sent !== before) turns = 0;
      before = sent;
    }
  };
  return { answer: begun.promise, quiet };
}

describe('a stream of rows', () => {
  test('that nobody reads on stops the server, and goes on with its reader', async () => {
    // Sixteen megabytes have no limit of time here.
    connection = await shard.connect({ clock: new FakeClock() });
    transaction = await connection.begin(entryOf(2), options);
    const { answer, quiet } = endless();
    const rows = transaction.stream(read);
    expect((await rows.next()).value).toMatchObject({ n: 0 });
    await quiet();
    const sent = (await answer).sentBytes;
    expect(sent).toBeLessThan(16 * megabyte);
    for (let n = 1; n <= 8_000; n += 1) expect((await rows.next()).value).toMatchObject({ n });
    expect((await answer).sentBytes).toBeGreaterThan(sent);
    await rows.return?.();
    expect(shard.server.recording.of('attention')).toHaveLength(1);
  });

  test('whose reader takes its time is not out of time: the server alone has a limit', async () => {
    const clock = new FakeClock();
    connection = await shard.connect({ clock });
    transaction = await connection.begin(entryOf(2), { ...options, timeoutMs: 1_000 });
    const { quiet } = endless();
    const rows = transaction.stream(read);
    await rows.next();
    await quiet();
    clock.advance(10_000);
    for (let n = 1; n <= 8_000; n += 1) expect((await rows.next()).value).toMatchObject({ n });
    await rows.return?.();
  });

  test('that is left early is ended by an attention, and its transaction goes on', async () => {
    endless();
    for await (const row of transaction.stream(read)) if (row['n'] === 700) break;
    expect(shard.server.recording.of('attention')).toHaveLength(1);
    expect(await transaction.query(change)).toEqual({ rows: [], rowCount: 1 });
    await transaction.commit();
    expect(shard.committed).toEqual(['a']);
    expect(connection.usable).toBe(true);
  });

  test('to its end gives every row once, without an attention', async () => {
    const numbers = Array.from({ length: 3_000 }, (_, n) => n);
    shard.answer = () => ({ columns: { n: 'int' }, rows: numbers.map((n) => [n]) });
    const seen: unknown[] = [];
    for await (const row of transaction.stream(read)) seen.push(row['n']);
    expect(seen).toEqual(numbers);
    expect(shard.server.recording.of('attention')).toHaveLength(0);
    await transaction.commit();
  });

  test('whose connection is lost amid rows fails after those that came', async () => {
    const seen: unknown[] = [];
    shard.answer = async ({ answer }): Promise<StatementAnswer> => {
      await answer.columns(wide);
      for (let n = 0; n < 10; n += 1) await answer.row(wide, [n, '']);
      await answer.flush();
      answer.drop('fin');
      return 'sent';
    };
    const reading = (async () => {
      for await (const row of transaction.stream(read)) seen.push(row['n']);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    expect(seen.length).toBeLessThanOrEqual(10);
    expect(connection.usable).toBe(false);
  });

  test('an answer larger than the limit is ended, and its transaction can only be rolled back', async () => {
    endless();
    connection = await shard.connect({ answerBytes: 100_000 });
    transaction = await connection.begin(entryOf(2), options);
    await expect(transaction.query(read)).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE', outcome: 'not-run' });
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    await expect(connection.execute(entryOf(2), read, options)).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
    expect(connection.usable).toBe(true);
  });
});
