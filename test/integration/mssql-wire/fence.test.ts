import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CompiledSql } from '../../../src/core/compile-sql.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { enteredMark } from '../../../src/engine/mssql/routed-batch.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { compiled, entryOf, ScriptedShard, untilAttention } from '../../support/scripted-shard.ts';
import type { ModelStatement, StatementAnswer } from '../../support/tds/model/statement.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import {
  doneStatus,
  doneToken,
  errorToken,
  infoToken,
  returnStatusToken,
  returnValueToken,
  transactionToken,
} from '../../support/tds/tokens.ts';
import { insert, textOf, transactionAttacks } from '../../support/transaction-attacks.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const readCommitted = { ...options, isolation: 'read committed' } as const;
const unknown = { code: 'TRANSACTION_CONTROL', outcome: 'unknown' };

let shard: ScriptedShard;
let connection: EngineConnection;
let seen: number[];

beforeEach(async () => {
  shard = await ScriptedShard.start();
  seen = [];
  shard.answer = answerInsert;
  connection = await shard.connect();
});
afterEach(async () => await shard[Symbol.asyncDispose]());

/** A table with a key, of which a transaction that is rolled back leaves nothing. */
function answerInsert({ text }: ModelStatement): StatementAnswer {
  const id = Number(/VALUES \((\d+)/.exec(text)?.[1]);
  const twice = seen.includes(id);
  seen.push(id);
  return twice ? { error: { number: 2627 } } : { count: 1, effect: () => shard.committed.push(id) };
}

function lines(...each: readonly string[]): CompiledSql {
  return compiled(sqlText(textOf(each)));
}

async function told(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('a statement that reaches for its transaction', () => {
  test.each(transactionAttacks)('by $title: is told what is known of it', async (attack) => {
    const outcome = await told(connection.execute(entryOf(1), lines(...attack.lines), options));
    if (attack.told === 'done') expect(outcome).toBe('done');
    else expect(outcome).toMatchObject(attack.told);
    expect(shard.committed).toEqual(attack.rows);
    expect(shard.server.recording.requests()).toHaveLength(1);
    for (const session of shard.model.sessions.values()) expect(session.depth).toBe(0);
    // Where nobody knows what it has done, nobody goes on with its connection.
    expect(connection.usable).toBe(attack.told === 'done' || attack.told.outcome === 'not-run');
  });

  test.each(transactionAttacks)('by $title, in a session', async (attack) => {
    const transaction = await connection.begin(entryOf(1), readCommitted);
    await transaction.query(lines(insert(9)));
    const outcome = await told(transaction.query(lines(...attack.lines)));
    if (attack.told === 'done') expect(outcome).toBe('done');
    else expect(outcome).toMatchObject(attack.told);
    const ending = await told(transaction.commit());
    if (attack.told === 'done') expect(ending).toBe('done');
    else expect(ending).toBeInstanceOf(Error);
    expect(shard.committed.toSorted((one, other) => Number(one) - Number(other))).toEqual(attack.inSession ?? attack.rows);
    for (const session of shard.model.sessions.values()) expect(session.depth).toBe(0);
  });

  test('and is interrupted in a second transaction: the rollback of that one says nothing of the first', async () => {
    const clock = new FakeClock();
    shard.answer = async (statement) => {
      if (statement.text !== 'slow;') return answerInsert(statement);
      clock.advance(50);
      return await untilAttention(statement);
    };
    const statement = lines(insert(1), 'COMMIT', 'BEGIN TRANSACTION', 'slow');
    await expect((await shard.connect({ clock })).execute(entryOf(1), statement, { ...options, timeoutMs: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      outcome: 'unknown',
    });
    expect(shard.committed).toEqual([1]);
    const transaction = await (await shard.connect({ clock })).begin(entryOf(1), { ...readCommitted, timeoutMs: 50 });
    await expect(transaction.query(lines(insert(2), 'COMMIT', 'BEGIN TRANSACTION', 'slow'))).rejects.toMatchObject(unknown);
    expect(shard.committed).toEqual([1, 2]);
  });
});

describe('an error that ends no more than its statement', () => {
  test.each([229, 1222, 2812, 50_000])(
    '%i, after a change: all of the transaction is rolled back, as the caller is told',
    async (number) => {
      shard.answer = (statement) => (statement.text === 'wrong;' ? { error: { number } } : answerInsert(statement));
      const failure = await told(connection.execute(entryOf(1), lines(insert(1), "PRINT N''", 'wrong', "PRINT N''", insert(2)), options));
      expect(failure).toMatchObject({ name: 'TenantryError', outcome: 'not-run' });
      expect(shard.committed).toEqual([]);
      expect(seen).toEqual([1]);
    },
  );
});

describe('the end of a statement in a scope of its own', () => {
  const ends: Readonly<Record<string, readonly Buffer[]>> = {
    nothing: [],
    'what every statement says': [doneToken('DONEINPROC', doneStatus.more)],
    'what a procedure says': [returnStatusToken(0), doneToken('DONEPROC', doneStatus.more)],
    'what a procedure says that had an error, and caught it': [doneToken('DONEPROC', doneStatus.more | doneStatus.error)],
  };

  test.each(Object.entries(ends))('is %s: rows and counts are those of the statement', async (_, tokens) => {
    shard.model.nestedEnd = tokens;
    shard.answer = ({ text }) => (text.startsWith('select') ? { columns: { n: 'int' }, rows: [[1], [2]] } : { count: 7 });
    const [select, update] = [compiled(sql`select n from t`), compiled(sql`update t set n = ${1}`)];
    expect(await connection.execute(entryOf(1), select, options)).toEqual({ rows: [{ n: 1 }, { n: 2 }], rowCount: 2 });
    expect(await connection.execute(entryOf(1), update, options)).toEqual({ rows: [], rowCount: 7 });
    const transaction = await connection.begin(entryOf(1), readCommitted);
    expect(await transaction.query(select)).toEqual({ rows: [{ n: 1 }, { n: 2 }], rowCount: 2 });
    expect(await transaction.query(update)).toEqual({ rows: [], rowCount: 7 });
    await transaction.commit();
  });
});

describe('an answer that does not end as the message does', () => {
  const entered = [transactionToken('begin', 0x1234n), infoToken({ number: 0, message: enteredMark })];
  const committed = transactionToken('commit', 0x1234n);
  const answers: Readonly<Record<string, readonly Buffer[]>> = {
    'a COMMIT and a mark by PRINT': [
      committed,
      infoToken({ number: 0, message: 'tenantry: committed' }),
      infoToken({ number: 0, message: '1' }),
    ],
    'a COMMIT and nothing more': [committed],
    'a COMMIT, and the parameter as it was sent': [committed, returnValueToken('tenantry_done', 'bit', null)],
    'a COMMIT, and another parameter': [committed, returnValueToken('done', 'bit', true)],
    'a rollback, and the parameter as it was sent': [transactionToken('rollback', 0x1234n), returnValueToken('tenantry_done', 'bit', null)],
    'an open transaction, and the parameter as only the end sets it': [returnValueToken('tenantry_done', 'bit', true)],
  };

  test.each([
    ['an error', 547, entered],
    ['a refusal, of an entry that was not heard of,', 51_002, []],
  ])('%s and an end all the same: it may be committed, and is not tried again', async (_, number, before) => {
    await using server = await startTdsServer({
      request: (__, answer) =>
        answer.end(...before, errorToken({ number }), committed, returnValueToken('tenantry_done', 'bit', true), doneToken('DONEPROC')),
    });
    const scripted = await ScriptedShard.connectTo(server);
    await expect(scripted.execute(entryOf(1), lines(insert(1)), options)).rejects.toMatchObject({
      code: 'COMMIT_UNKNOWN',
      outcome: 'unknown',
    });
    await scripted.close();
  });

  test.each(Object.entries(answers))('%s: nobody knows what has become of the statement', async (_, tokens) => {
    await using server = await startTdsServer({
      request: (__, answer) => answer.end(...entered, doneToken('DONEINPROC', doneStatus.more, 1), ...tokens, doneToken('DONEPROC')),
    });
    const scripted = await ScriptedShard.connectTo(server);
    await expect(scripted.execute(entryOf(1), lines(insert(1)), options)).rejects.toMatchObject(unknown);
    expect(scripted.usable).toBe(false);
    await scripted.close();
  });
});

describe('a statement that asks for a parallel plan', () => {
  const refused = { code: 'FORBIDDEN', outcome: 'not-run', message: expect.stringContaining('MAXDOP') };
  const hinted = compiled(sql`select n from t option (maxdop 8)`);

  test('is refused before anything is sent', async () => {
    const before = shard.server.recording.events.length;
    await expect(connection.execute(entryOf(1), hinted, options)).rejects.toMatchObject(refused);
    expect(shard.server.recording.events).toHaveLength(before);
    expect(connection.usable).toBe(true);
  });

  test.each(['query', 'stream'] as const)('is refused as a %s of a transaction, which goes on', async (way) => {
    const transaction = await connection.begin(entryOf(1), readCommitted);
    const run = way === 'query' ? transaction.query(hinted) : transaction.stream(hinted).next();
    await expect(run).rejects.toMatchObject(refused);
    await transaction.query(lines('INSERT INTO t VALUES (1)'));
    await transaction.commit();
    expect(shard.committed).toEqual([1]);
  });
});
