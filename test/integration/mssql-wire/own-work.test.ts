import { once } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ScriptedShard, untilAttention } from '../../support/scripted-shard.ts';
import { doneToken, transactionToken } from '../../support/tds/tokens.ts';
import { failureOf } from '../../support/tenantry-failure.ts';

const change = (mark: string) => sql`update [T] set [Name] = ${mark}`;

let shard: ScriptedShard;

beforeEach(async () => {
  shard = await ScriptedShard.start();
});
afterEach(async () => await shard[Symbol.asyncDispose]());

describe("the database of the program's own work", () => {
  test('commits what its work did, and rolls back what failed', async () => {
    const database = shard.openDatabase();
    await database.transaction((session) => session.query(change('kept')));
    const failing = database.transaction(async (session) => {
      await session.query(change('undone'));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(shard.committed).toEqual(['kept']);
    await database.close();
  });

  test.each([
    ['is told where provisioning wrote it', 'The login x is disabled: enable it first.', 'The login x is disabled: enable it first.'],
    ['is not where a trigger made it of a row', 'a value of a row', undefined],
  ])('the text of what is in the way (51016) %s', async (_title, message, told) => {
    const database = shard.openDatabase();
    shard.answer = () => ({ error: { number: 51_016, message } });
    const failure = await failureOf(database.query(sqlText("IF 1 = 1 THROW 51016, N'The login x is disabled: enable it first.', 1;")));
    expect(failure).toMatchObject({ code: 'INVALID_CONFIGURATION', detail: told ?? 'error 51016.', cause: { number: 51_016 } });
    expect(inspect(failure, { depth: 10 })).not.toContain('a value of a row');
    await database.close();
  });

  test('closes the connection on which a statement ended its transaction (51017), and says that nobody knows what it committed', async () => {
    const database = shard.openDatabase();
    const failing = database.transaction(async (session) => {
      shard.answer = () => ({ error: { number: 51_017, message: 'The statement ended its transaction.' } });
      await session.query(change('a'));
    });
    await expect(failing).rejects.toMatchObject({ code: 'TRANSACTION_CONTROL', outcome: 'unknown' });
    await expect.poll(() => shard.server.connections).toBe(0);
    await database.close();
  });

  test('no text but that is told, whatever stands in what was sent', async () => {
    const database = shard.openDatabase();
    shard.answer = () => ({ error: { number: 51_014, message: 'a value' } });
    const failure = await failureOf(database.query(sqlText("IF 1 = 1 THROW 51014, N'a value', 1;")));
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('a value');
    await database.close();
  });

  test('waits for a lock as long as it is told to, whatever it sends, and says that it did', async () => {
    const database = shard.openDatabase({ lockTimeoutMs: 1_234 });
    await database.transaction(async (session) => {
      await session.query(change('a'));
      await session.run('local-map/get-mapping', { mappingId: 1 });
    });
    await database.query(sqlText('CREATE TABLE [U] ([A] int)'));
    const sent = shard.server.recording.requests().map(({ text }) => text);
    expect(sent.filter((text) => text.startsWith('SET LOCK_TIMEOUT 1234;\n'))).toHaveLength(4);
    for (const number of [1222, 51_014]) {
      shard.answer = () => ({ error: { number, message: 'a value' } });
      await expect(database.query(change('b'))).rejects.toMatchObject({
        code: 'TIMEOUT',
        outcome: 'not-run',
        detail: expect.stringMatching(new RegExp(`^Another transaction holds what this needs.*\\(error ${number}\\)`)) as unknown,
      });
    }
    await database.close();
  });

  test('a transaction whose work fails while a statement runs still is rolled back with its connection, and says what failed', async () => {
    const database = shard.openDatabase();
    shard.answer = untilAttention;
    const failing = database.transaction(async (session) => {
      const asked = shard.server.recording.next('request', ({ request }) => request.text.includes('[T]'));
      session.query(change('left')).catch(() => undefined);
      await asked;
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await expect.poll(() => shard.server.connections).toBe(0);
    await database.close();
  });

  const losses = (['read', 'before commit', 'after commit'] as const).flatMap((moment) =>
    (['fin', 'rst'] as const).map((how) => [moment, how] as const),
  );
  test.each(losses)('lost under its COMMIT, %s, by %s: COMMIT_UNKNOWN, and the next work gets a new connection', async (moment, how) => {
    const database = shard.openDatabase();
    shard.model.at = ({ moment: now, answer, request }) => {
      if (now === moment && request.text.includes('COMMIT TRANSACTION')) answer.drop(how);
    };
    const work = database.transaction((session) => session.query(change('kept')));
    await expect(work).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown', retryable: false });
    expect(shard.committed).toEqual(moment === 'after commit' ? ['kept'] : []);
    shard.model.at = () => undefined;
    expect((await database.query(sql`select n from t`)).rows).toEqual([{ n: 1 }]);
    await database.close();
  });

  test.each([
    ['says nothing of the transaction', [], 'COMMIT_UNKNOWN'],
    ['says that it rolled back', [transactionToken('rollback', 1n)], 'STATEMENT_FAILED'],
  ])('is not said to be committed where the answer to its COMMIT %s', async (_title, tokens, code) => {
    const database = shard.openDatabase();
    shard.model.at = async ({ moment, answer, request }) => {
      if (moment === 'read' && request.text.includes('COMMIT TRANSACTION')) await answer.end(...tokens, doneToken('DONE'));
    };
    await expect(database.transaction((session) => session.query(change('lost')))).rejects.toMatchObject({ code });
    await database.close();
  });

  test('lost before its COMMIT was sent: nothing is committed, and it is not said to be unknown', async () => {
    const database = shard.openDatabase();
    const work = database.transaction(async (session) => {
      await session.query(change('undone'));
      shard.model.at = ({ moment, answer }) => {
        if (moment === 'read') answer.drop('rst');
      };
      await session.query(change('lost'));
    });
    await expect(work).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    expect(shard.committed).toEqual([]);
    await database.close();
  });

  test('a COMMIT that is not answered in time is COMMIT_UNKNOWN, whether or not the server did it', async () => {
    const clock = new FakeClock();
    const database = shard.openDatabase({ clock, statementTimeoutMs: 1_000 });
    const asked = Promise.withResolvers<void>();
    shard.model.at = async ({ moment, answer, request }) => {
      if (moment !== 'after commit' || !request.text.includes('COMMIT TRANSACTION')) return;
      asked.resolve();
      await once(answer.attention, 'abort');
    };
    const work = expect(database.transaction((session) => session.query(change('kept')))).rejects.toMatchObject({
      code: 'COMMIT_UNKNOWN',
      outcome: 'unknown',
    });
    await asked.promise;
    clock.advance(1_000);
    await work;
    expect(shard.committed).toEqual(['kept']);
    await database.close();
  });

  test('whoever waits for a connection is told that there are none, when the server is gone', async () => {
    const database = shard.openDatabase({ connections: 1 });
    shard.answer = untilAttention;
    const asked = shard.server.recording.next('request', ({ request }) => request.text.includes('[T]'));
    const all = ['runs', 'waits', 'waits too'].map((mark) => database.query(change(mark)));
    const failures = Promise.all(all.map((work) => expect(work).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' })));
    await asked;
    await shard.server.close();
    await failures;
    await database.close();
  });

  test('closes when what runs has ended', async () => {
    const database = shard.openDatabase();
    const answering = Promise.withResolvers<void>();
    shard.answer = async (statement) => {
      await answering.promise;
      return shard.byDefault(statement);
    };
    const asked = shard.server.recording.next('request', ({ request }) => request.text.includes('[T]'));
    const work = database.query(change('kept'));
    await asked;
    const closing = database.close();
    await expect(database.query(change('late'))).rejects.toMatchObject({ code: 'SESSION_MISUSE' });
    answering.resolve();
    expect(await work).toMatchObject({ rowCount: 1 });
    await closing;
    await expect.poll(() => shard.server.connections).toBe(0);
  });

  test('closes after five seconds, whatever a server does that stands still, and what runs fails', async () => {
    const clock = new FakeClock();
    const database = shard.openDatabase({ clock });
    shard.answer = untilAttention;
    const asked = shard.server.recording.next('request', ({ request }) => request.text.includes('[T]'));
    const work = expect(database.query(change('left'))).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'unknown' });
    await asked;
    const closing = database.close();
    clock.advance(4_999);
    expect(shard.server.connections).toBe(1);
    clock.advance(1);
    await closing;
    await work;
  });
});
