import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { sql } from '../../../src/core/sql.ts';
import { logIn } from '../../../src/engine/mssql/login.ts';
import { WireClient } from '../../../src/engine/mssql/wire-client.ts';
import { compiled, entryOf, ScriptedShard, untilAttention } from '../../support/scripted-shard.ts';
import type { Answer } from '../../support/tds/answer.ts';
import type { ModelStatement, Moment, MomentOf, StatementAnswer } from '../../support/tds/model/statement.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { collationToken, doneStatus, doneToken, errorToken, loginAckToken, packetSizeToken } from '../../support/tds/tokens.ts';
import { useScriptedConnection } from '../../support/scripted-connection.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const readOnly = { ...options, readOnly: true };
const readCommitted = { ...options, isolation: 'read committed' } as const;
const change = compiled(sql`update Blogs set Name = ${'a'}`);
const read = compiled(sql`select n from Blogs`);
const unknown = { code: 'COMMIT_UNKNOWN', outcome: 'unknown' };
const unavailable = { code: 'SHARD_UNAVAILABLE', outcome: 'not-run' };

const wire = useScriptedConnection();

/** Ends the connection at the next such moment of a message that fits. */
function dropAt(moment: Moment, how: 'fin' | 'rst', fits: (of: MomentOf) => boolean = () => true): void {
  wire.shard.model.at = async (of) => {
    if (of.moment !== moment || !fits(of)) return;
    if (moment !== 'read' && of.answer.state === 'open') await of.answer.flush();
    of.answer.drop(how);
  };
}

const ways = ['fin', 'rst'] as const;
const before: readonly Moment[] = ['read', 'entered', 'amid rows', 'before commit', 'after commit'];
const losses = before.flatMap((moment) => ways.map((how) => [moment, how] as const));

describe('a connection lost under a routed statement', () => {
  test.each(losses)('%s, by %s: COMMIT_UNKNOWN for what may write', async (moment, how) => {
    wire.shard.answer = (statement) => ({
      columns: { n: 'int' },
      rows: [[1], [2]],
      effect: () => wire.shard.committed.push(statement.text),
    });
    dropAt(moment, how);
    await expect(wire.connection.execute(entryOf(1), change, options)).rejects.toMatchObject(unknown);
    expect(wire.shard.committed).toHaveLength(moment === 'after commit' ? 1 : 0);
    expect(wire.connection.usable).toBe(false);
  });

  test.each(losses)('%s, by %s: nothing worse than unavailable for what only reads', async (moment, how) => {
    dropAt(moment, how);
    await expect(wire.connection.execute(entryOf(1), read, readOnly)).rejects.toMatchObject(unavailable);
    expect(wire.connection.usable).toBe(false);
  });

  test('after the answer: it has been answered, and the connection is not used again', async () => {
    dropAt('answered', 'fin');
    const gone = wire.shard.server.recording.next('close');
    expect(await wire.connection.execute(entryOf(1), change, options)).toEqual({ rows: [], rowCount: 1 });
    await gone;
    await expect.poll(() => wire.connection.usable).toBe(false);
    await expect(wire.connection.execute(entryOf(1), change, options)).rejects.toMatchObject(unavailable);
    expect(wire.shard.committed).toEqual(['a']);
  });

  test('after an error that rolled it back: that error, for certain', async () => {
    wire.shard.answer = () => ({ error: { number: 2627 } });
    dropAt('answered', 'fin');
    await expect(wire.connection.execute(entryOf(1), change, options)).rejects.toMatchObject({ code: 'CONFLICT', outcome: 'not-run' });
    expect(wire.shard.committed).toEqual([]);
  });
});

describe('a connection lost behind an error of which the server does not say that it rolled back', () => {
  // Of what is told of a database that goes from its connection, and of what a statement may be refused for.
  test.each([942, 983, 1205, 2627, 50_000])('%i: COMMIT_UNKNOWN for what may write', async (number) => {
    const say = async ({ answer }: ModelStatement): Promise<StatementAnswer> => {
      await answer.send(errorToken({ number, class: 16 }), doneToken('DONE', doneStatus.error));
      answer.drop('fin');
      return 'sent';
    };
    wire.shard.answer = say;
    await expect(wire.connection.execute(entryOf(1), change, options)).rejects.toMatchObject(unknown);
    expect(wire.connection.usable).toBe(false);
    await wire.reconnect();
    await expect(wire.connection.execute(entryOf(1), read, readOnly)).rejects.toMatchObject({ outcome: 'not-run' });
  });
});

describe('a connection lost under a session', () => {
  test.each([
    ['read', 'fin'],
    ['read', 'rst'],
    ['entered', 'fin'],
    ['entered', 'rst'],
    ['answered', 'fin'],
  ] as const)('while it begins, %s, by %s: nothing can have happened', async (moment, how) => {
    dropAt(moment, how);
    const gone = wire.shard.server.recording.next('close');
    const begun = await wire.connection.begin(entryOf(1), readCommitted).catch((error: unknown) => error);
    await gone;
    if (moment !== 'answered') expect(begun).toMatchObject(unavailable);
    else await expect.poll(() => wire.connection.usable).toBe(false);
    expect(wire.shard.committed).toEqual([]);
  });

  test.each(ways)('under a statement, by %s: nothing can have happened, and there is no COMMIT to be had', async (how) => {
    const transaction = await wire.connection.begin(entryOf(1), readCommitted);
    dropAt('read', how);
    await expect(transaction.query(change)).rejects.toMatchObject(unavailable);
    await expect(transaction.commit()).rejects.toMatchObject({ outcome: 'not-run' });
    await transaction.rollback();
    expect(wire.shard.committed).toEqual([]);
    expect(wire.connection.usable).toBe(false);
  });

  test.each([
    ['read', 'fin'],
    ['read', 'rst'],
    ['before commit', 'fin'],
    ['before commit', 'rst'],
    ['after commit', 'fin'],
    ['after commit', 'rst'],
  ] as const)('under COMMIT, %s, by %s: COMMIT_UNKNOWN, and for what only reads unavailable', async (moment, how) => {
    for (const [mode, expected] of [
      [options, unknown],
      [readOnly, unavailable],
    ] as const) {
      const other = await wire.shard.connect();
      const transaction = await other.begin(entryOf(1), { ...mode, isolation: 'read committed' });
      await transaction.query(change);
      dropAt(moment, how);
      await expect(transaction.commit()).rejects.toMatchObject(expected);
      expect(other.usable).toBe(false);
      wire.shard.model.at = () => undefined;
    }
    expect(wire.shard.committed).toHaveLength(moment === 'after commit' ? 2 : 0);
  });

  test('under ROLLBACK: no error, since all is rolled back without it', async () => {
    const transaction = await wire.connection.begin(entryOf(1), readCommitted);
    await transaction.query(change);
    dropAt('read', 'rst');
    await transaction.rollback();
    expect(wire.connection.usable).toBe(false);
    expect(wire.shard.committed).toEqual([]);
  });
});

describe('a connection lost before it is one', () => {
  test.each(ways)('by %s instead of the answer to the login: unavailable', async (how) => {
    await using server = await startTdsServer({ login: (_login, answer) => answer.drop(how), request: () => undefined });
    const failure: unknown = await ScriptedShard.connectTo(server).catch((error: unknown) => error);
    expect(failure).toMatchObject(unavailable);
  });

  test.each(ways)('by %s during the SETs after the login: unavailable', async (how) => {
    await using server = await startTdsServer({ initialSql: (answer) => answer.drop(how), request: () => undefined });
    await expect(ScriptedShard.connectTo(server)).rejects.toMatchObject(unavailable);
  });

  test('where nobody listens: unavailable', async () => {
    const server = await startTdsServer({ request: () => undefined });
    const { host, port } = server;
    await server.close();
    await expect(ScriptedShard.connectTo({ host, port })).rejects.toMatchObject(unavailable);
  });
});

/** What would have ended the process. */
const died: unknown[] = [];
const onDeath = (error: unknown): void => void died.push(error);
beforeEach(() => {
  died.splice(0);
  process.on('uncaughtExceptionMonitor', onDeath);
});
afterEach(() => process.off('uncaughtExceptionMonitor', onDeath));

async function turnsOfBoth(): Promise<void> {
  for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

test.each([
  ['before any of it had come', async () => undefined],
  ['once its columns had come', async (answer: Answer) => await answer.columns({ n: 'int' }).then(() => answer.flush())],
])('an answer that cannot be read, to a statement cancelled %s, fails that statement and never the process', async (_when, begin) => {
  const caller = new AbortController();
  let open: Answer | undefined;
  wire.shard.model.attention = async () => {
    await open!.end(Buffer.from([0x01]));
    return 'acknowledge' as const;
  };
  wire.shard.answer = async (statement) => {
    open = statement.answer;
    await begin(open);
    await turnsOfBoth();
    caller.abort();
    return await untilAttention(statement);
  };
  const asked = wire.connection.execute(entryOf(1), change, { ...options, signal: caller.signal });
  await expect(asked).rejects.toMatchObject(unknown);
  await turnsOfBoth();
  expect(died).toEqual([]);
  expect(wire.connection.usable).toBe(false);
});

describe('a server that names a size which no packet has', () => {
  // Of 8 bytes a packet would have no data, and a message no end; of 65,536 it would not fit its own header.
  const sizes = [0, 8, 511, 32_768, 65_536, Number.NaN];

  test.each(sizes)('%d, in answer to the login: unavailable, and nothing goes out in such packets', async (size) => {
    await using server = await startTdsServer({
      login: async (_login, answer) => await answer.end(collationToken(), loginAckToken(), packetSizeToken(size), doneToken('DONE')),
      request: () => undefined,
    });
    await expect(ScriptedShard.connectTo(server)).rejects.toMatchObject(unavailable);
    expect(server.recording.of('request')).toEqual([]);
    expect(died).toEqual([]);
  });

  test.each(sizes)('%d, amid an answer: it cannot be read, and its connection serves nobody else', async (size) => {
    wire.shard.answer = async ({ answer }) => await answer.send(packetSizeToken(size)).then(() => ({ columns: { n: 'int' }, rows: [[1]] }));
    await expect(wire.connection.execute(entryOf(1), read, readOnly)).rejects.toMatchObject(unavailable);
    expect(wire.connection.usable).toBe(false);
    expect(died).toEqual([]);
  });

  test('a size that a packet may have is taken', async () => {
    for (const size of [512, 32_767]) {
      wire.shard.answer = async ({ answer }) => await answer.send(packetSizeToken(size)).then(() => ({ count: 1 }));
      await wire.connection.execute(entryOf(1), change, options);
      wire.shard.server.recording.take();
      const long = compiled(sql`update Blogs set Name = ${'a'.repeat(40_000)}`);
      expect(await wire.connection.execute(entryOf(1), long, options)).toMatchObject({ rowCount: 1 });
      const sent = wire.shard.server.recording.of('packet').filter(({ from }) => from === 'client');
      expect(Math.max(...sent.map(({ bytes }) => bytes.length))).toBe(size);
    }
  });
});

describe('a connection closed amid rows, of which more have come already', () => {
  const rows = Array.from({ length: 50 }, (_, n) => [n]);
  beforeEach(() => {
    wire.shard.answer = () => ({ columns: { n: 'int' }, rows });
  });

  test('fails what runs on it, and never the process', async () => {
    const transaction = await wire.connection.begin(entryOf(1), readCommitted);
    const reading = (async () => {
      for await (const row of transaction.stream(read)) if (row['n'] === 10) await wire.connection.close();
    })();
    await expect(reading).rejects.toMatchObject(unavailable);
    await turnsOfBoth();
    expect(died).toEqual([]);
  });

  test('sends nothing more, and says so at once', async () => {
    const { host, port } = wire.shard.server;
    const address = { engine: 'mssql', host, port, database: 'shard', tls: 'disable' } as const;
    const held = await logIn(address, { user: 'app', password: 'a' }, { clock: systemClock, timeoutMs: 5_000 });
    const client = new WireClient(held, { clock: systemClock, answerBytes: 1_000_000, bigints: 'text' });
    const message = { kind: 'batch', text: read.text } as const;
    const limits = { timeoutMs: 10_000 };
    const cut = await client.run(message, limits, () => client.discard());
    expect(cut).toMatchObject({ sent: true, loss: { message: 'Connection closed before request completed.' } });
    await turnsOfBoth();
    expect(client.usable).toBe(false);
    expect(await client.run(message, limits)).toMatchObject({ sent: false, loss: { message: 'The connection is closed.' } });
  });
});
