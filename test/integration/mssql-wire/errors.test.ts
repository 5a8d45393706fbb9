import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import type { EngineConnection } from '../../../src/engine/engine.ts';
import { compiled, entryOf, ScriptedShard, secretPassword } from '../../support/scripted-shard.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { doneStatus, doneToken, errorToken } from '../../support/tds/tokens.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const readOnly = { ...options, readOnly: true };
const readCommitted = { ...options, isolation: 'read committed' } as const;
const secret = 'a value of a row';
const change = compiled(sql`update Blogs set Name = ${secret}`);

let shard: ScriptedShard;
let connection: EngineConnection;

beforeEach(async () => {
  shard = await ScriptedShard.start();
  connection = await shard.connect();
});
afterEach(async () => await shard[Symbol.asyncDispose]());

async function failureOf(work: Promise<unknown>): Promise<TenantryError> {
  const failure: unknown = await work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TenantryError);
  return failure as TenantryError;
}

/** What a caller sees of numbers that end a statement, which the server has then rolled back. */
const certain: Readonly<Record<string, readonly number[]>> = {
  CONFLICT: [2601, 2627],
  CONSTRAINT_VIOLATION: [220, 241, 242, 245, 248, 515, 547, 550, 2628, 8114, 8115, 8134, 8152, 9803],
  FORBIDDEN: [229, 230, 262, 297, 300, 916, 1088, 15_151, 15_247, 15_664, 33_504, 51_012],
  SERIALIZATION_FAILURE: [1205, 3960, 3961, 41_301, 41_302, 41_305, 41_325, 41_839],
  TIMEOUT: [1222],
  OVERLOADED: [701, 802, 8645, 8651, 8657, 10_928, 10_929, 10_936, 40_501, 40_552, 40_553, 49_918, 49_919, 49_920],
  SHARD_UNAVAILABLE: [1101, 1105, 3906, 3908, 9002, 40_544, 40_549, 40_550, 40_551],
  // What a statement throws says nothing of the shard, whatever number it takes.
  STATEMENT_FAILED: [
    102,
    207,
    208,
    2812,
    50_000,
    99_999,
    ...Array.from({ length: 10 }, (_, n) => 51_001 + n),
    51_013,
    51_014,
    51_015,
    51_016,
  ],
  TRANSACTION_CONTROL: [51_011],
};
/** Numbers with which the server goes away: it may have committed before. */
const uncertain = [596, 823, 824, 926, 9001, 40_197, 40_143, 40_540, 42_019];

describe('an error of a statement', () => {
  test.each(Object.entries(certain).flatMap(([code, numbers]) => numbers.map((number) => [number, code] as const)))(
    '%i is %s: not run, and the connection serves the next',
    async (number, code) => {
      shard.answer = () => ({ error: { number, message: `it was ${secret}` }, fatal: number >= 50_000 });
      for (const mode of [options, readOnly]) {
        const failure = await failureOf(connection.execute(entryOf(1), change, mode));
        expect([failure.code, failure.outcome]).toEqual([code, 'not-run']);
        expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(secret);
      }
      expect(connection.usable).toBe(true);
      expect(shard.committed).toEqual([]);
    },
  );

  test.each(
    Object.entries(certain).flatMap(([code, numbers]) =>
      numbers.includes(51_011) ? [] : numbers.slice(0, 2).map((number) => [number, code] as const),
    ),
  )('%i within a session is %s, after which it can only be rolled back', async (number, code) => {
    const transaction = await connection.begin(entryOf(1), readCommitted);
    await transaction.query(change);
    shard.answer = () => ({ error: { number, message: `it was ${secret}` }, fatal: true });
    expect(await failureOf(transaction.query(change))).toMatchObject({ code, outcome: 'not-run' });
    expect(await failureOf(transaction.commit())).toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
    expect(shard.committed).toEqual([]);
    expect(connection.usable).toBe(true);
  });

  test.each(uncertain)('%i ends the connection: COMMIT_UNKNOWN for what may write, unavailable for what only reads', async (number) => {
    shard.answer = () => ({ error: { number, message: secret, class: 20 }, fatal: true });
    const write = await failureOf(connection.execute(entryOf(1), change, options));
    expect(write).toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' });
    expect(inspect(write, { depth: 10, showHidden: true })).not.toContain(secret);
    expect(connection.usable).toBe(false);
    const other = await shard.connect();
    expect((await failureOf(other.execute(entryOf(1), change, readOnly))).code).toBe('SHARD_UNAVAILABLE');
    expect(other.usable).toBe(false);
  });

  // By RAISERROR, which takes the server's own numbers from 13,000 on where they have a text.
  test.each(uncertain)(
    '%i that the statement raises itself says nothing of the shard: not run, and the connection serves the next',
    async (number) => {
      shard.answer = () => ({ error: { number, class: 16 }, fatal: true });
      for (const mode of [options, readOnly]) {
        expect(await failureOf(connection.execute(entryOf(1), change, mode))).toMatchObject({
          code: 'SHARD_UNAVAILABLE',
          outcome: 'not-run',
        });
        expect(connection.usable).toBe(true);
      }
      const transaction = await connection.begin(entryOf(1), readCommitted);
      expect(await failureOf(transaction.query(change))).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
      await transaction.rollback();
      expect(connection.usable).toBe(true);
      expect(shard.committed).toEqual([]);
    },
  );

  test.each(uncertain)('%i before the entry was answered: nothing can have run', async (number) => {
    shard.model.failEntry = { number, class: 20 };
    expect(await failureOf(connection.execute(entryOf(1), change, options))).toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      outcome: 'not-run',
    });
    expect(shard.committed).toEqual([]);
    expect(connection.usable).toBe(false);
  });

  test('of class 20 or more ends the connection, whatever its number', async () => {
    shard.answer = () => ({ error: { number: 99_999, class: 21 }, fatal: true });
    expect(await failureOf(connection.execute(entryOf(1), change, options))).toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' });
    expect(connection.usable).toBe(false);
  });

  test('is the first of several: what follows it follows from it', async () => {
    shard.answer = async ({ answer }) => {
      await answer.send(errorToken({ number: 547 }), errorToken({ number: 3621, class: 0 }));
      return { error: { number: 50_000 }, fatal: true };
    };
    expect((await failureOf(connection.execute(entryOf(1), change, options))).code).toBe('CONSTRAINT_VIOLATION');
  });
});

describe('a login that is refused', () => {
  async function refused(number: number, timeoutMs?: number): Promise<{ failure: TenantryError; logins: number }> {
    await using server = await startTdsServer({
      login: (login, answer) =>
        answer.end(
          errorToken({ number, class: 14, message: `Login failed for user '${login.user}' ${secret}` }),
          doneToken('DONE', doneStatus.error),
        ),
      request: () => undefined,
    });
    const failure = await failureOf(ScriptedShard.connectTo(server, timeoutMs === undefined ? {} : { timeoutMs }));
    return { failure, logins: server.recording.of('login').length };
  }

  test.each([4060, 18_456, 18_486, 18_487, 18_488])('for good by %i is asked once', async (number) => {
    const { failure, logins } = await refused(number);
    expect(failure).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
    expect(logins).toBe(1);
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${secret}|${secretPassword}`));
  });

  test.each([
    [40_613, 'SHARD_UNAVAILABLE'],
    [40_197, 'SHARD_UNAVAILABLE'],
    [10_928, 'OVERLOADED'],
    [49_918, 'OVERLOADED'],
  ])('for now by %i is asked again until its time is over: %s', async (number, code) => {
    const { failure, logins } = await refused(number, 1_500);
    expect(failure).toMatchObject({ code, outcome: 'not-run' });
    expect(logins).toBe(2);
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${secret}|${secretPassword}`));
  });
});

describe('what is recorded and logged', () => {
  test('a value that the driver does not take is an INVALID_REQUEST without the value, and nothing is sent', async () => {
    const failure = await failureOf(connection.execute(entryOf(1), { text: 'select @p1', values: [new Date(Number.NaN)] }, options));
    expect(failure).toMatchObject({ code: 'INVALID_REQUEST', outcome: 'not-run' });
    expect(shard.server.recording.requests()).toEqual([]);
    expect(connection.usable).toBe(true);
  });

  test('a connection that is lost says neither the statement nor its values', async () => {
    shard.model.at = ({ answer }) => answer.drop('rst');
    const failure = await failureOf(connection.execute(entryOf(1), change, options));
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${secret}|update|${secretPassword}`));
  });
});
