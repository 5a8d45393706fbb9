import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { compiled, entryOf, secretPassword } from '../../support/scripted-shard.ts';
import { errorToken } from '../../support/tds/tokens.ts';
import { failureOf } from '../../support/tenantry-failure.ts';
import { useScriptedConnection } from '../../support/scripted-connection.ts';

const options = { readOnly: false, timeoutMs: 10_000 };
const readOnly = { ...options, readOnly: true };
const readCommitted = { ...options, isolation: 'read committed' } as const;
const secret = 'a value of a row';
const change = compiled(sql`update Blogs set Name = ${secret}`);

const wire = useScriptedConnection();

/** What a statement throws says nothing of the shard, whatever number it takes. */
const thrown = [50_000, 99_999, ...Array.from({ length: 10 }, (_, n) => 51_001 + n), 51_013, 51_014, 51_015, 51_016, 51_018, 51_019];
/** Numbers of statements that no table has. */
const others = [102, 207, 208, 2812, 8623, 8632];
/** Numbers with which the server goes away: it may have committed before. */
const uncertain = [596, 823, 824, 926, 9001, 40_197, 40_143, 40_540, 42_019];

describe('an error of a statement', () => {
  test.each([...thrown, ...others])('%i is STATEMENT_FAILED: not run, and the connection serves the next', async (number) => {
    wire.shard.answer = () => ({ error: { number, message: `it was ${secret}` }, fatal: number >= 50_000 });
    for (const mode of [options, readOnly]) {
      const failure = await failureOf(wire.connection.execute(entryOf(1), change, mode));
      expect([failure.code, failure.outcome]).toEqual(['STATEMENT_FAILED', 'not-run']);
      expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(secret);
    }
    expect(wire.connection.usable).toBe(true);
    expect(wire.shard.committed).toEqual([]);
  });

  test.each([
    [2601, 'CONFLICT'],
    [547, 'CONSTRAINT_VIOLATION'],
    [33_504, 'FORBIDDEN'],
    [1205, 'SERIALIZATION_FAILURE'],
    [1222, 'TIMEOUT'],
    [1204, 'OVERLOADED'],
    [942, 'SHARD_UNAVAILABLE'],
    [208, 'STATEMENT_FAILED'],
  ] as const)('%i within a session is %s, after which it can only be rolled back', async (number, code) => {
    const transaction = await wire.connection.begin(entryOf(1), readCommitted);
    await transaction.query(change);
    wire.shard.answer = () => ({ error: { number, message: `it was ${secret}` }, fatal: true });
    expect(await failureOf(transaction.query(change))).toMatchObject({ code, outcome: 'not-run' });
    const sent = wire.shard.server.recording.requests().length;
    expect(await failureOf(transaction.query(change))).toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
    expect(wire.shard.server.recording.requests()).toHaveLength(sent);
    expect(await failureOf(transaction.commit())).toMatchObject({ code: 'STATEMENT_FAILED', outcome: 'not-run' });
    expect(wire.shard.committed).toEqual([]);
    expect(wire.connection.usable).toBe(true);
  });

  // By RAISERROR, which takes the server's own numbers from 13,000 on where they have a text.
  test.each(uncertain)(
    '%i that the statement raises itself says nothing of the shard: not run, and the connection serves the next',
    async (number) => {
      wire.shard.answer = () => ({ error: { number, class: 16 }, fatal: true });
      for (const mode of [options, readOnly]) {
        expect(await failureOf(wire.connection.execute(entryOf(1), change, mode))).toMatchObject({
          code: 'SHARD_UNAVAILABLE',
          outcome: 'not-run',
        });
        expect(wire.connection.usable).toBe(true);
      }
      const transaction = await wire.connection.begin(entryOf(1), readCommitted);
      expect(await failureOf(transaction.query(change))).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
      await transaction.rollback();
      expect(wire.connection.usable).toBe(true);
      expect(wire.shard.committed).toEqual([]);
    },
  );

  test.each(uncertain)('%i before the entry was answered: nothing can have run', async (number) => {
    wire.shard.model.failEntry = { number, class: 20 };
    expect(await failureOf(wire.connection.execute(entryOf(1), change, options))).toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      outcome: 'not-run',
    });
    expect(wire.shard.committed).toEqual([]);
    expect(wire.connection.usable).toBe(false);
  });

  test('of class 20 or more ends the connection, whatever its number', async () => {
    wire.shard.answer = () => ({ error: { number: 99_999, class: 21 }, fatal: true });
    expect(await failureOf(wire.connection.execute(entryOf(1), change, options))).toMatchObject({
      code: 'COMMIT_UNKNOWN',
      outcome: 'unknown',
    });
    expect(wire.connection.usable).toBe(false);
  });

  test('is the first of several: what follows it follows from it', async () => {
    wire.shard.answer = async ({ answer }) => {
      await answer.send(errorToken({ number: 547 }), errorToken({ number: 3621, class: 0 }));
      return { error: { number: 50_000 }, fatal: true };
    };
    expect((await failureOf(wire.connection.execute(entryOf(1), change, options))).code).toBe('CONSTRAINT_VIOLATION');
  });
});

describe('what is recorded and logged', () => {
  test('a value that the driver does not take is an INVALID_REQUEST without the value, and nothing is sent', async () => {
    const failure = await failureOf(wire.connection.execute(entryOf(1), { text: 'select @p1', values: [new Date(Number.NaN)] }, options));
    expect(failure).toMatchObject({ code: 'INVALID_REQUEST', outcome: 'not-run' });
    expect(wire.shard.server.recording.requests()).toEqual([]);
    expect(wire.connection.usable).toBe(true);
  });

  test('a connection that is lost says neither the statement nor its values', async () => {
    wire.shard.model.at = ({ answer }) => answer.drop('rst');
    const failure = await failureOf(wire.connection.execute(entryOf(1), change, options));
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${secret}|update|${secretPassword}`));
  });
});
