import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import { sql } from '../../../src/core/sql.ts';
import { createRouter } from '../../../src/router/create-router.ts';
import { defaultRouterLimits } from '../../../src/router/limits.ts';
import type { Router } from '../../../src/router/router.ts';
import { silentObserver } from '../../../src/router/router-observer.ts';
import { createLookup } from '../../../shardmap/lookup.ts';
import { SqlShardMapStore } from '../../../shardmap/sql-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { waysTo } from '../../support/scripted-router.ts';
import { ScriptedShard } from '../../support/scripted-shard.ts';
import { doneStatus, doneToken, errorToken } from '../../support/tds/tokens.ts';

const statement = sql`select n from t`;
/** What a caller is told whose time ends before the database is awake. */
const notAwake = {
  code: 'SHARD_UNAVAILABLE',
  retryable: true,
  retryAfterMs: 10_000,
  outcome: 'not-run',
  message: expect.stringContaining('a paused one takes about a minute to wake up') as unknown,
  cause: { number: 40_613 },
};

/** Counts the pauses between two logins. */
class PausingClock extends FakeClock {
  pauses = 0;

  override after(ms: number, callback: () => void): () => void {
    if (ms === 1_000) this.pauses += 1;
    return super.after(ms, callback);
  }
}

let shard: ScriptedShard;
let clock: PausingClock;
/** Logins that are refused before one is let in. */
let refusals: number;

beforeEach(async () => {
  clock = new PausingClock();
  shard = await ScriptedShard.start();
  shard.model.login = async (_login, answer, _connection, admit) => {
    if (refusals === 0) return admit();
    refusals -= 1;
    await answer.end(errorToken({ number: 40_613, class: 14 }), doneToken('DONE', doneStatus.error));
  };
});
afterEach(async () => await shard[Symbol.asyncDispose]());

/** Resolves once so many logins, one after another, were refused. */
async function refused(logins: number): Promise<void> {
  await expect.poll(() => clock.pauses).toBe(logins);
  expect(shard.server.recording.of('login').length).toBe(logins);
}

/** The pauses between logins go by until so many were refused. */
async function refusedInTurn(logins: number, ms = 1_000): Promise<void> {
  while (clock.pauses < logins) {
    const next = clock.pauses + 1;
    clock.advance(ms);
    await refused(next);
  }
}

describe('a database of Azure SQL that wakes up (40613), through the router', () => {
  let router: Router;
  let breakers: string[];

  beforeEach(() => {
    breakers = [];
    router = createRouter({
      ...waysTo(shard),
      limits: { ...defaultRouterLimits, statementTimeoutMs: 60_000 },
      clock,
      random: () => 0.5,
      observer: { ...silentObserver, breakerChanged: (_shardId, state) => breakers.push(state) },
    });
  });
  afterEach(async () => {
    const closed = router.close();
    clock.advance(600_000);
    await closed;
  });

  test('is waited for by everybody, longer than for a connection that others have, and no breaker minds', async () => {
    refusals = 10;
    const calls = [router.query(1, statement)];
    await refused(1);
    calls.push(router.query(2, statement), router.query(3, statement));
    await refusedInTurn(10);
    clock.advance(1_000);
    for (const result of await Promise.all(calls)) expect(result.rows).toEqual([{ n: 1 }]);
    expect(breakers).toEqual([]);
  });

  test('is waited for to the deadline of each caller: who goes is told why and when to come again, and the others are served', async () => {
    refusals = 8;
    const early = expect(router.query(1, statement, { timeoutMs: 2_500 })).rejects.toMatchObject(notAwake);
    await refused(1);
    const begun = expect(router.withTenant(2, { timeoutMs: 2_500 }, (session) => session.query(statement))).rejects.toMatchObject(notAwake);
    const late = router.query(3, statement);
    await refusedInTurn(3);
    clock.advance(500);
    await Promise.all([early, begun]);
    clock.advance(500);
    await refused(4);
    await refusedInTurn(8);
    clock.advance(1_000);
    expect((await late).rows).toEqual([{ n: 1 }]);
    expect(breakers).toEqual([]);
  });

  test('is not asked any more when nobody waits', async () => {
    refusals = 100;
    const gone = expect(router.query(1, statement, { timeoutMs: 1_500 })).rejects.toMatchObject(notAwake);
    await refused(1);
    await refusedInTurn(2);
    clock.advance(500);
    await gone;
    clock.advance(500);
    expect(clock.pending).toBe(0);
  });
});

describe("a database of Azure SQL that wakes up (40613), for the program's own work", () => {
  test('is waited for, whatever a login may take', async () => {
    const database = shard.openDatabase({ clock, connectTimeoutMs: 5_000 });
    refusals = 7;
    const work = [database.query(statement)];
    await refused(1);
    work.push(database.transaction((session) => session.query(statement)));
    await refusedInTurn(7);
    clock.advance(1_000);
    for (const result of await Promise.all(work)) expect(result.rows).toEqual([{ n: 1 }]);
    await database.close();
  });

  test('keeps those who look for a tenant in the catalog to their own deadlines, and tells who goes why', async () => {
    const database = shard.openDatabase({ clock });
    const store = new SqlShardMapStore(database);
    const findMapping = (key: Uint8Array) => store.findMapping(1, key);
    const lookup = createLookup({ map: { kind: 'list', keyType: 'int' }, findMapping, holdUp: () => store.holdUp, clock });
    refusals = 20;
    const { message } = notAwake;
    const early = expect(lookup.find(1, new Deadline(clock, 8_500))).rejects.toMatchObject({
      code: 'CATALOG_UNAVAILABLE',
      retryAfterMs: 10_000,
      message,
    });
    const late = expect(lookup.find(1, new Deadline(clock, 60_000))).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    await refused(1);
    await refusedInTurn(9);
    clock.advance(500);
    await early;
    clock.advance(500);
    await refused(10);
    await refusedInTurn(20);
    clock.advance(1_000);
    await late;
    expect(store.holdUp).toBeUndefined();
    await database.close();
  });

  test('is in trouble when it is not awake after two minutes: so the catalog cannot be reached', async () => {
    const database = shard.openDatabase({ clock });
    refusals = Infinity;
    const change = expect(new SqlShardMapStore(database).findMap('blogs')).rejects.toMatchObject({
      code: 'CATALOG_UNAVAILABLE',
      cause: { code: 'SHARD_UNAVAILABLE', cause: { number: 40_613 } },
    });
    await refused(1);
    await refusedInTurn(2, 60_001);
    clock.advance(60_001);
    await change;
    await database.close();
  });
});
