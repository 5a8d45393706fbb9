import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { scriptedRouter, type ScriptedRouter } from '../../support/scripted-router.ts';
import { ScriptedShard } from '../../support/scripted-shard.ts';
import type { ModelStatement, StatementAnswer } from '../../support/tds/model/statement.ts';
import { doneStatus, doneToken, errorToken, type ServerMessage } from '../../support/tds/tokens.ts';

/* Errors with which a server ends the session, as a router meets them: what its caller is told, and what the shard is taken for. */

const change = sql`update Blogs set Name = ${'a'}`;
const read = sql`select n from Blogs`;
/** More of them one after another than open a breaker. */
const many = 7;

let shard: ScriptedShard;
let fleet: ScriptedRouter;

beforeEach(async () => {
  shard = await ScriptedShard.start();
  fleet = scriptedRouter(shard);
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  await shard[Symbol.asyncDispose]();
});

/** Says the error and ends the connection, without a word of the transaction. */
function ended(error: ServerMessage): (statement: ModelStatement) => Promise<StatementAnswer> {
  return async ({ answer }) => {
    await answer.send(errorToken(error), doneToken('DONE', doneStatus.error));
    answer.drop('fin');
    return 'sent';
  };
}

/** How often statements of tenants have reached the shard. */
function counted(answer: ScriptedShard['answer']): () => number {
  let asked = 0;
  shard.answer = (statement) => {
    asked += 1;
    return answer(statement);
  };
  return () => asked;
}

const opened = (): number => fleet.events.filter((event) => event === 'opened').length;
const breakers = (): string[] => fleet.events.filter((event) => event.startsWith('breaker'));

// Severities as "Troubleshoot connectivity issues and other errors with Azure SQL Database" has them.
const heavy = [
  [40_549, 16, 'STATEMENT_FAILED', undefined],
  [40_550, 16, 'STATEMENT_FAILED', undefined],
  [40_551, 16, 'STATEMENT_FAILED', undefined],
  [40_552, 16, 'STATEMENT_FAILED', undefined],
  [40_553, 16, 'STATEMENT_FAILED', undefined],
  [40_544, 20, 'OVERLOADED', undefined],
  [10_928, 20, 'OVERLOADED', 5_000],
  [10_929, 20, 'OVERLOADED', 5_000],
  [10_936, 20, 'OVERLOADED', 5_000],
  [40_501, 20, 'OVERLOADED', 10_000],
] as const;

describe('a session that the server ends for the weight of what it was asked', () => {
  test.each(heavy)(
    '%i, severity %i: %s, asked once, however many there are, and the shard serves on',
    async (number, severity, code, retryAfterMs) => {
      const asked = counted(ended({ number, class: severity }));
      for (let call = 1; call <= many; call += 1) {
        await expect(fleet.router.query(1, change, { idempotent: true })).rejects.toMatchObject({
          code,
          outcome: 'unknown',
          retryAfterMs,
          cause: { number },
        });
        expect([asked(), opened()]).toEqual([call, call]);
      }
      expect(breakers()).toEqual([]);
      shard.answer = (statement) => shard.byDefault(statement);
      expect((await fleet.router.query(2, read)).rows).toEqual([{ n: 1 }]);
      expect(opened()).toBe(many + 1);
    },
  );

  test.each(heavy)('%i, severity %i, of what only reads: %s, and nothing has run', async (number, severity, code, retryAfterMs) => {
    const asked = counted(ended({ number, class: severity }));
    await expect(fleet.router.query(1, read, { readOnly: true })).rejects.toMatchObject({ code, outcome: 'not-run', retryAfterMs });
    expect(asked()).toBe(1);
  });

  test.each(heavy)(
    '%i, severity %i, after which the server still says that it rolled back: %s, for certain where it can be',
    async (number, severity, code) => {
      shard.answer = () => ({ error: { number, class: severity }, fatal: true });
      shard.model.at = ({ moment, answer, request }) => {
        if (moment === 'answered' && request.text.includes('[tenantry].[enter]')) answer.drop('fin');
      };
      await expect(fleet.router.query(1, change)).rejects.toMatchObject({ code, outcome: severity < 20 ? 'not-run' : 'unknown' });
      shard.model.at = () => undefined;
      shard.answer = (statement) => shard.byDefault(statement);
      await fleet.router.query(2, read);
      expect([opened(), breakers()]).toEqual([2, []]);
    },
  );

  test.each(heavy)('%i, severity %i, in a transaction of several statements: %s, and nothing has run', async (number, severity, code) => {
    const asked = counted(ended({ number, class: severity }));
    await expect(fleet.router.withTenant(1, (session) => session.query(change))).rejects.toMatchObject({ code, outcome: 'not-run' });
    expect([asked(), breakers()]).toEqual([1, []]);
  });

  test.each([10_928, 10_929, 10_936, 40_501])(
    '%i before the entry: OVERLOADED, nothing has run, and the shard is not taken to be in trouble',
    async (number) => {
      let entries = 0;
      shard.model.at = async ({ moment, answer, request }) => {
        if (moment !== 'read' || !request.text.includes('[tenantry].[enter]')) return;
        entries += 1;
        await answer.send(errorToken({ number, class: 20 }), doneToken('DONE', doneStatus.error));
        answer.drop('fin');
      };
      for (let call = 1; call <= many; call += 1) {
        await expect(fleet.router.query(1, change)).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'not-run', retryable: true });
        expect(entries).toBe(call);
      }
      expect(breakers()).toEqual([]);
    },
  );
});

describe('a shard that changes places with another while connections stay open', () => {
  test('3906, the database is read-only now: the change goes to a new connection, and the old one is not used again', async () => {
    await fleet.router.query(1, change);
    let isOld = true;
    shard.answer = (statement) => {
      if (!isOld) return shard.byDefault(statement);
      isOld = false;
      return { error: { number: 3906 } };
    };
    expect((await fleet.router.query(1, change)).rowCount).toBe(1);
    expect(fleet.events.filter((event) => event !== 'closed')).toEqual([
      'opened',
      'query ok',
      'repeated SHARD_UNAVAILABLE',
      'opened',
      'query ok',
    ]);
    expect(shard.committed).toEqual(['a', 'a']);
  });

  test.each([976, 978, 983, 988, 942, 952])(
    '%i at the entry: the call goes to a new connection, and the old one is not used again',
    async (number) => {
      await fleet.router.query(1, change);
      shard.model.failEntry = { number, class: 14 };
      expect((await fleet.router.query(1, change)).rowCount).toBe(1);
      expect([opened(), shard.committed]).toEqual([2, ['a', 'a']]);
    },
  );

  test.each([976, 942, 911])('%i of a statement, which can name other databases, says nothing of the shard', async (number) => {
    shard.answer = () => ({ error: { number, class: 14 } });
    for (let call = 1; call <= many; call += 1)
      await expect(fleet.router.query(1, change)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    expect([opened(), breakers()]).toEqual([1, []]);
  });
});

describe('own work on a shard that changed places with another', () => {
  test.each([976, 3906])('fails by %i once: the next goes to a new connection', async (number) => {
    const database = shard.openDatabase({ connections: 1 });
    await database.query(read);
    shard.answer = () => ({ error: { number, class: 14 } });
    await expect(database.query(read)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    const before = shard.server.recording.of('login').length;
    shard.answer = (statement) => shard.byDefault(statement);
    await database.query(read);
    // The driver tries an address with a connection of its own first.
    expect(shard.server.recording.of('login').length).toBeGreaterThan(before);
    await database.close();
  });
});
