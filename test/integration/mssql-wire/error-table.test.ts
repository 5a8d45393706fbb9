import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { sql } from '../../../src/core/sql.ts';
import { EntryRefused } from '../../../src/engine/entry.ts';
import { errorTable, refusals, refusedLogins, transientLogins } from '../../../src/engine/mssql/error-table.ts';
import { compiled, entryOf, ScriptedShard, secretPassword } from '../../support/scripted-shard.ts';
import { startTdsServer } from '../../support/tds/server.ts';
import { doneStatus, doneToken, errorToken } from '../../support/tds/tokens.ts';

/* Every number of the engine's tables, said here once more: a number that stands in one place alone fails. */

interface Said {
  readonly retryable: boolean;
  /** Rolled back for certain. */
  readonly notRun?: readonly number[];
  /** It may have been carried out: the server went away. */
  readonly unknown?: readonly number[];
}

const expected: Partial<Readonly<Record<ErrorCode, Said>>> = {
  CONFLICT: { retryable: false, notRun: [2601, 2627, 51_015, 51_020, 51_021] },
  CONSTRAINT_VIOLATION: { retryable: false, notRun: [220, 241, 242, 245, 248, 515, 547, 550, 2628, 8114, 8115, 8134, 8152, 9803] },
  FORBIDDEN: { retryable: false, notRun: [229, 230, 262, 297, 300, 916, 1088, 15_151, 15_247, 15_664, 33_504, 51_012] },
  INVALID_CONFIGURATION: { retryable: false, notRun: [51_016] },
  OVERLOADED: {
    retryable: true,
    notRun: [701, 802, 1101, 1105, 1132, 1204, 8628, 8645, 8651, 8657, 9002, 17_300, 17_809, 49_918, 49_919, 49_920],
    unknown: [10_928, 10_929, 10_936, 40_501, 40_544],
  },
  SERIALIZATION_FAILURE: { retryable: true, notRun: [1205, 3960, 3961, 41_301, 41_302, 41_305, 41_325, 41_839] },
  SHARD_UNAVAILABLE: {
    retryable: true,
    notRun: [
      911, 921, 922, 923, 924, 927, 942, 945, 952, 976, 978, 983, 988, 3906, 3908, 4060, 4064, 4221, 17_142, 18_401, 18_451, 18_452, 18_456,
      18_461, 18_470, 18_486, 18_487, 18_488, 40_531, 40_532, 40_613, 40_615, 40_914, 42_108, 42_109, 47_073,
    ],
    unknown: [
      596, 615, 617, 823, 824, 829, 926, 3989, 5120, 6005, 9001, 10_053, 10_054, 10_060, 17_197, 17_830, 19_421, 35_202, 40_020, 40_143,
      40_166, 40_197, 40_540, 40_545, 40_627, 40_648, 40_671, 42_019,
    ],
  },
  SHARD_UNVERIFIED: { retryable: true, notRun: [51_010, 51_013, 51_019] },
  STATEMENT_FAILED: { retryable: false, notRun: [51_008], unknown: [40_549, 40_550, 40_551, 40_552, 40_553] },
  TIMEOUT: { retryable: true, notRun: [1222, 51_014] },
  TRANSACTION_CONTROL: { retryable: false, notRun: [266, 51_011] },
};

/** Numbers after which nobody uses the connection again, though nothing has run. */
const endingToo = new Set([3906]);
/** What those who ask are to wait for, as Microsoft's page says it. */
const pauses: Readonly<Record<number, number>> = {
  10_928: 5_000,
  10_929: 5_000,
  10_936: 5_000,
  40_501: 10_000,
  49_918: 5_000,
  49_919: 5_000,
  49_920: 5_000,
};

const rows = Object.entries(expected).flatMap(([code, { retryable, notRun = [], unknown = [] }]) => {
  const rowsOf = (numbers: readonly number[], outcome: 'not-run' | 'unknown') =>
    numbers.map((number) => [number, code, outcome, retryable] as const);
  return rowsOf(notRun, 'not-run').concat(rowsOf(unknown, 'unknown'));
});
const refusalOf = {
  51_001: 'UNKNOWN_MAPPING',
  51_002: 'OFFLINE',
  51_003: 'DRAINING',
  51_004: 'INCOMING',
  51_006: 'STALE_EPOCH',
  51_007: 'BAD_TOKEN',
  51_018: 'UNVERIFIED',
  15_664: 'NOT_RESET',
} as const;
const loginsForGood = [
  916, 4060, 4064, 17_142, 18_451, 18_452, 18_456, 18_461, 18_470, 18_486, 18_487, 18_488, 40_532, 40_615, 40_914, 47_073,
];
const loginsForNow = [4221, 10_928, 10_929, 40_197, 40_501, 40_613, 42_108, 42_109, 49_918, 49_919, 49_920];

const ascending = (numbers: Iterable<number>): number[] => [...numbers].toSorted((left, right) => left - right);
/** What no error may show, though the server's message does. */
const secret = 'a value of a row';
const change = sql`update [T] set [Name] = ${secret}`;
const everything = (error: unknown): string => inspect(error, { depth: 10, showHidden: true });

let shard: ScriptedShard;

beforeEach(async () => {
  shard = await ScriptedShard.start();
});
afterEach(async () => await shard[Symbol.asyncDispose]());

describe('the tables of error numbers', () => {
  test('are the ones that are tried here, each number once', () => {
    const written = rows.map(([number]) => number);
    expect(ascending(errorTable.map(([number]) => number))).toEqual(ascending(written));
    expect(new Set(written).size).toBe(written.length);
    expect(Object.fromEntries(refusals)).toEqual(refusalOf);
    expect(ascending(refusedLogins)).toEqual(loginsForGood);
    expect(ascending(transientLogins.keys())).toEqual(loginsForNow);
  });
});

describe('a number that comes with an error', () => {
  test.each(rows)('%i of own work: %s, %s, retryable %s', async (number, code, outcome, retryable) => {
    const database = shard.openDatabase();
    shard.answer = () => ({ error: { number, message: secret }, fatal: true });
    const failure: unknown = await database.query(change).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, outcome, retryable, retryAfterMs: pauses[number], cause: { number } });
    expect(everything(failure)).not.toContain(secret);
    await database.close();
  });

  test.each(rows.filter(([, , outcome]) => outcome === 'unknown'))(
    '%i of a tenant, with which the server goes away or ends the session: of what may write nothing is known, what only reads is %s',
    async (number, code) => {
      shard.answer = () => ({ error: { number, message: secret, class: 20 }, fatal: true });
      const write = code === 'SHARD_UNAVAILABLE' ? { code: 'COMMIT_UNKNOWN', retryable: false } : { code };
      for (const readOnly of [false, true]) {
        const connection = await shard.connect();
        const running = connection.execute(entryOf(1), compiled(change), { readOnly, timeoutMs: 5_000 });
        const failure: unknown = await running.catch((error: unknown) => error);
        expect(failure).toMatchObject(
          readOnly ? { code, outcome: 'not-run', retryAfterMs: pauses[number] } : { ...write, outcome: 'unknown' },
        );
        expect(everything(failure)).not.toContain(secret);
        expect(connection.usable).toBe(false);
      }
    },
  );

  // What a tenant's statement throws from 50,000 on, and 266, which is the end of a transaction to it, have tests of their own.
  test.each(rows.filter(([number, , outcome]) => outcome === 'not-run' && number < 50_000 && number !== 266))(
    '%i of a tenant: %s, %s, retryable %s',
    async (number, code, outcome, retryable) => {
      const connection = await shard.connect();
      shard.answer = () => ({ error: { number, message: secret }, fatal: true });
      const running = connection.execute(entryOf(1), compiled(change), { readOnly: false, timeoutMs: 5_000 });
      const failure: unknown = await running.catch((error: unknown) => error);
      expect(failure).toMatchObject({ code, outcome, retryable, retryAfterMs: pauses[number] });
      expect(everything(failure)).not.toContain(secret);
      expect(connection.usable).toBe(!endingToo.has(number));
      expect(shard.committed).toEqual([]);
    },
  );

  test.each(Object.entries(refusalOf))('%i of enter: %s', async (number, reason) => {
    const connection = await shard.connect();
    const options = { readOnly: false, timeoutMs: 5_000 };
    await connection.execute(entryOf(1), compiled(change), options);
    shard.model.failEntry = { number: Number(number), message: reason };
    const refused: unknown = await connection.execute(entryOf(1), compiled(change), options).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EntryRefused);
    expect((refused as EntryRefused).refusal).toEqual({ reason });
    expect(connection.usable).toBe(reason !== 'NOT_RESET');
  });

  test.each(rows.filter(([, code]) => code === 'FORBIDDEN').filter(([number]) => !(number in refusalOf)))(
    '%i of enter: the shard is not fit to serve, and no caller is said to have done what he may not',
    async (number) => {
      const connection = await shard.connect();
      shard.model.failEntry = { number, message: secret };
      const running = connection.execute(entryOf(1), compiled(change), { readOnly: false, timeoutMs: 5_000 });
      await expect(running).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED', outcome: 'not-run' });
    },
  );
});

describe('a number that comes with a login', () => {
  async function loginsOf(number: number): Promise<[number, unknown]> {
    await using server = await startTdsServer({
      login: ({ user }, answer) =>
        answer.end(
          errorToken({ number, class: 14, message: `Login failed for user '${user}' ${secret}` }),
          doneToken('DONE', doneStatus.error),
        ),
      request: () => undefined,
    });
    const failure: unknown = await ScriptedShard.connectTo(server).catch((error: unknown) => error);
    return [server.recording.of('login').length, failure];
  }

  test.each(loginsForGood)('%i is refused at once, and so named', async (number) => {
    const [logins, failure] = await loginsOf(number);
    expect(logins).toBe(1);
    expect(failure).toMatchObject({
      code: 'SHARD_UNAVAILABLE',
      outcome: 'not-run',
      cause: { number, loginRefused: true, letsInLater: undefined },
    });
    expect(everything(failure)).not.toMatch(new RegExp(`${secret}|${secretPassword}`));
  });

  test.each([10_928, 17_300, 17_809, 40_501, 49_918])('%i is OVERLOADED: there is no room for another session', async (number) => {
    const [, failure] = await loginsOf(number);
    expect(failure).toMatchObject({ code: 'OVERLOADED', outcome: 'not-run', retryAfterMs: pauses[number] });
  });

  test.each(loginsForNow)('%i is one that Azure SQL lets in later, and so named', async (number) => {
    const [logins, failure] = await loginsOf(number);
    expect(logins).toBe(1);
    expect(failure).toMatchObject({
      outcome: 'not-run',
      retryable: true,
      cause: { number, loginRefused: false, letsInLater: number === 40_613 ? 'awake' : 'left alone' },
    });
    expect(everything(failure)).not.toMatch(new RegExp(`${secret}|${secretPassword}`));
  });
});
