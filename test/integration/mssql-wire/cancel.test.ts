import { describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { compiled, entryOf, untilAttention } from '../../support/scripted-shard.ts';
import { useScriptedConnection } from '../../support/scripted-connection.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const change = compiled(sql`update Blogs set Name = ${'a'}`);
const read = compiled(sql`select n from Blogs`);

const wire = useScriptedConnection();

function attentions(): number {
  return wire.shard.server.recording.of('attention').length;
}

/** Goes on with a connection on which so many milliseconds pass once the server has a statement, which it answers by nothing. */
async function onceAsked(ms: number): Promise<typeof untilAttention> {
  const clock = new FakeClock();
  wire.shard.server.recording.take();
  await wire.reconnect({ clock });
  return (wire.shard.answer = (statement) => {
    clock.advance(ms);
    return untilAttention(statement);
  });
}

/** The next tenant is served by the same connection, which it resets. */
async function servesTheNext(): Promise<void> {
  expect(wire.connection.usable).toBe(true);
  wire.shard.answer = (statement) => wire.shard.byDefault(statement);
  wire.shard.model.at = () => undefined;
  expect(await wire.connection.execute(entryOf(2), read, options)).toEqual({ rows: [{ n: 1 }], rowCount: 1 });
  expect(wire.shard.server.recording.requests().at(-1)!.reset).toBe(true);
  expect(wire.shard.server.recording.of('connect')).toHaveLength(1);
}

describe('a statement that is ended before its answer', () => {
  test("at the caller's wish: one attention, rolled back for certain", async () => {
    const caller = new AbortController();
    wire.shard.answer = untilAttention;
    const asked = wire.shard.server.recording.next('request');
    const failure = expect(wire.connection.execute(entryOf(1), change, { ...options, signal: caller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      outcome: 'not-run',
    });
    await asked;
    caller.abort();
    await failure;
    expect(attentions()).toBe(1);
    await servesTheNext();
  });

  test('at its limit: one attention, rolled back for certain', async () => {
    await onceAsked(30);
    await expect(wire.connection.execute(entryOf(1), change, { ...options, timeoutMs: 30 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      outcome: 'not-run',
    });
    expect(attentions()).toBe(1);
    await servesTheNext();
  });

  test('at its limit after the first rows: the timer runs on', async () => {
    const clock = new FakeClock();
    wire.shard.server.recording.take();
    await wire.reconnect({ clock });
    wire.shard.answer = async (statement) => {
      await statement.answer.columns({ n: 'int' });
      await statement.answer.row({ n: 'int' }, [1]);
      await statement.answer.flush();
      return await untilAttention(statement);
    };
    const transaction = await wire.connection.begin(entryOf(1), { ...options, isolation: 'read committed', timeoutMs: 50 });
    const rows = transaction.stream(read);
    expect((await rows.next()).value).toEqual({ n: 1 });
    clock.advance(50);
    await expect(rows.next()).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-run' });
    await transaction.rollback();
    await servesTheNext();
  });

  test('when the server had committed: nobody can say that it did not happen', async () => {
    const caller = new AbortController();
    wire.shard.model.at = async ({ moment, answer }) => {
      if (moment !== 'after commit') return;
      const attention = new Promise((resolve) => answer.attention.addEventListener('abort', resolve, { once: true }));
      caller.abort();
      await attention;
    };
    await expect(wire.connection.execute(entryOf(1), change, { ...options, signal: caller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      outcome: 'unknown',
    });
    expect(wire.shard.committed).toEqual(['a']);
    // The server never said what became of the transaction: the connection is no one's any more.
    expect(wire.connection.usable).toBe(false);
  });

  test('before it is sent: nothing is sent', async () => {
    const sent = wire.connection.execute(entryOf(1), change, { ...options, signal: AbortSignal.abort() });
    await expect(sent).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'not-run' });
    expect(wire.shard.server.recording.requests()).toEqual([]);
    expect(attentions()).toBe(0);
  });

  test('while the driver makes ready to send it: nothing is sent', async () => {
    const caller = new AbortController();
    const failure = expect(wire.connection.execute(entryOf(1), change, { ...options, signal: caller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      outcome: 'not-run',
    });
    caller.abort();
    await failure;
    expect(wire.shard.committed).toEqual([]);
    expect(wire.shard.server.recording.requests()).toEqual([]);
  });

  test('after its answer: no attention, and the next statement is not ended by it', async () => {
    const caller = new AbortController();
    await wire.connection.execute(entryOf(1), change, { ...options, signal: caller.signal });
    caller.abort();
    await servesTheNext();
    expect(attentions()).toBe(0);
  });

  test('after its answer, while a statement of the next caller runs: that one goes on', async () => {
    const caller = new AbortController();
    await wire.connection.execute(entryOf(1), change, { ...options, signal: caller.signal });
    wire.shard.answer = (statement) => {
      caller.abort();
      return wire.shard.byDefault(statement);
    };
    expect(await wire.connection.execute(entryOf(2), change, options)).toEqual({ rows: [], rowCount: 1 });
    expect(attentions()).toBe(0);
    expect(wire.shard.committed).toEqual(['a', 'a']);
  });

  test('whose server acknowledges nothing: the connection is given up, and a write may have happened', async () => {
    wire.shard.model.attention = () => 'ignore';
    await onceAsked(30);
    await expect(wire.connection.execute(entryOf(1), change, { ...options, timeoutMs: 30 })).rejects.toMatchObject({
      code: 'COMMIT_UNKNOWN',
      outcome: 'unknown',
    });
    expect(wire.connection.usable).toBe(false);
    expect(attentions()).toBe(1);
  });

  test('within a session: all that it did is rolled back, and its COMMIT is an error', async () => {
    const outOfTime = await onceAsked(30);
    wire.shard.answer = (statement) => wire.shard.byDefault(statement);
    const transaction = await wire.connection.begin(entryOf(1), { ...options, timeoutMs: 30, isolation: 'read committed' });
    await transaction.query(change);
    wire.shard.answer = outOfTime;
    await expect(transaction.query(change)).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-run' });
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
    expect(wire.shard.committed).toEqual([]);
    await servesTheNext();
  });
});
