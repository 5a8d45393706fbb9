import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { compiled, entryOf, untilAttention } from '../../support/scripted-shard.ts';
import { useScriptedConnection } from '../../support/scripted-connection.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const change = (mark: string) => compiled(sql`update Blogs set Name = ${mark}`);

const wire = useScriptedConnection();

/** Status bits of what was sent: 8 asks for a reset, 1 ends a message. */
function statuses(): (readonly number[])[] {
  return wire.shard.server.recording.requests().map((request) => request.statuses);
}

describe('the reset of a connection', () => {
  test('is asked for by the first packet of every use but the first, whoever used it before', async () => {
    for (const tenant of [1, 1, 2, 1]) await wire.connection.execute(entryOf(tenant), change(`${tenant}`), options);
    expect(statuses()).toEqual([[1], [9], [9], [9]]);
    expect(wire.shard.committed).toEqual(['1', '1', '2', '1']);
  });

  test('is asked for by the first message of a session, and by no other of it', async () => {
    await wire.connection.execute(entryOf(1), change('a'), options);
    const transaction = await wire.connection.begin(entryOf(2), { ...options, isolation: 'read committed' });
    await transaction.query(change('b'));
    for await (const row of transaction.stream(compiled(sql`select n from t`))) expect(row).toEqual({ n: 1 });
    await transaction.commit();
    await wire.connection.execute(entryOf(1), change('c'), options);
    expect(statuses()).toEqual([[1], [9], [1], [1], [1], [9]]);
  });

  test('is asked for after a refusal, an error and a statement that was ended', async () => {
    wire.shard.model.mappings.get(3)!.state = 'OFFLINE';
    await wire.connection.execute(entryOf(3), change('a'), options).catch(() => undefined);
    wire.shard.answer = (statement) =>
      statement.parameters[0]?.value === 'wrong' ? { error: { number: 547 } } : wire.shard.byDefault(statement);
    await wire.connection.execute(entryOf(1), change('wrong'), options).catch(() => undefined);
    const caller = new AbortController();
    wire.shard.model.at = ({ moment }) => {
      if (moment === 'entered') caller.abort();
    };
    wire.shard.answer = untilAttention;
    await wire.connection.execute(entryOf(2), change('slow'), { ...options, signal: caller.signal }).catch(() => undefined);
    wire.shard.answer = (statement) => wire.shard.byDefault(statement);
    await wire.connection.execute(entryOf(2), change('last'), options);
    expect(statuses()).toEqual([[1], [9], [9], [9]]);
    expect(wire.shard.committed).toEqual(['last']);
  });

  test('is a message of its own before one of several packets, which the driver would set the bit in all of', async () => {
    await wire.connection.execute(entryOf(1), change('a'), options);
    await wire.connection.execute(entryOf(2), change('x'.repeat(20_000)), options);
    await wire.connection.execute(entryOf(1), change('b'), options);
    expect(statuses()).toEqual([[1], [9], [0, 0, 0, 0, 0, 1], [9]]);
    expect(wire.shard.server.recording.requests()[1]).toMatchObject({ kind: 'batch', text: 'SET NOCOUNT ON;' });
    expect(wire.shard.committed).toHaveLength(3);
  });

  test('is one before a message that is long by what its call brings', async () => {
    const contextValues = JSON.stringify({ userId: 'x'.repeat(3_987) });
    expect(contextValues).toHaveLength(4_000);
    const brought: unknown[] = [];
    wire.shard.answer = (statement) => {
      brought.push(statement.contextValues);
      return wire.shard.byDefault(statement);
    };
    await wire.connection.execute(entryOf(1), change('a'), options);
    await wire.connection.execute(entryOf(1), change('b'), { ...options, contextValues });
    await wire.connection.execute(entryOf(1), change('c'), options);
    expect(statuses()).toEqual([[1], [9], [0, 1], [9]]);
    expect(brought).toEqual(['{}', contextValues, '{}']);
  });

  test('that fails leaves the statement unsent', async () => {
    await wire.connection.execute(entryOf(1), change('a'), options);
    wire.shard.model.at = ({ moment, answer }) => {
      if (moment === 'read') answer.drop('rst');
    };
    await expect(wire.connection.execute(entryOf(2), change('x'.repeat(20_000)), options)).rejects.toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      outcome: 'not-run',
    });
    expect(wire.shard.server.recording.requests()).toHaveLength(2);
    expect(wire.connection.usable).toBe(false);
  });

  test.each([
    ['answers with an error', 'OVERLOADED'],
    ['does not answer in time', 'TIMEOUT'],
  ])('that the server %s leaves the statement unsent, and the next use resets anew', async (title, code) => {
    await wire.connection.execute(entryOf(1), change('a'), options);
    wire.shard.model.at = async ({ answer }) => {
      wire.shard.model.at = () => undefined;
      if (code === 'TIMEOUT') await once(answer.attention, 'abort');
      else await answer.error({ number: 8645 });
    };
    const long = wire.connection.execute(entryOf(2), change('x'.repeat(20_000)), {
      ...options,
      timeoutMs: code === 'TIMEOUT' ? 30 : 10_000,
    });
    await expect(long, title).rejects.toMatchObject({ code, outcome: 'not-run' });
    expect(statuses()).toEqual([[1], [9]]);
    await wire.connection.execute(entryOf(2), change('b'), options);
    expect(statuses()).toEqual([[1], [9], [9]]);
    expect(wire.shard.committed).toEqual(['a', 'b']);
  });
});
