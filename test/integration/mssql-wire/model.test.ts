import { once } from 'node:events';
import mssql from 'mssql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqlServerModel } from '../../support/tds/model/model.ts';
import type { ModelStatement, StatementAnswer } from '../../support/tds/model/statement.ts';
import { openPool, resetWhenTaken, type DriverSettings } from '../../support/tds/pool.ts';
import { startTdsServer, type TdsServer } from '../../support/tds/server.ts';

/* That the model behaves as SQL Server does where the engine relies on it: what these tests say comes from its manual. */

const head = [
  'SET XACT_ABORT ON;',
  'BEGIN TRANSACTION;',
  'EXEC @tenantry_ok = [tenantry].[enter] @tenantry_mapping, @tenantry_key, @tenantry_epoch, @tenantry_token;',
  "IF @tenantry_ok IS NULL OR @tenantry_ok <> 0 THROW 51010, N'x', 1;",
].join('\n');
const tail = "IF @@TRANCOUNT <> 1 THROW 51011, N'x', 1;\nCOMMIT TRANSACTION;";
const routed = (statement: string): string => `${head}\n${statement}\n${tail}`;

let model: SqlServerModel;
let server: TdsServer;
let ran: string[];
let answer: (statement: ModelStatement) => StatementAnswer | Promise<StatementAnswer>;
const pools: mssql.ConnectionPool[] = [];

beforeEach(async () => {
  ran = [];
  answer = ({ text }) => ({ count: 1, effect: () => ran.push(text) });
  model = new SqlServerModel({ statement: (statement) => answer(statement) });
  model.mappings.set(1, { key: Buffer.from([1]), token: Buffer.alloc(16, 1), epoch: 5n, state: 'ONLINE' });
  server = await startTdsServer(model);
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
  await server.close();
});

async function open(settings: DriverSettings = { pool: resetWhenTaken }): Promise<mssql.ConnectionPool> {
  const pool = await openPool(server, settings);
  pools.push(pool);
  return pool;
}

async function run(pool: mssql.ConnectionPool, text: string): Promise<{ rowsAffected?: number[]; number?: unknown; code?: unknown }> {
  return await request(pool)
    .query(text)
    .catch((error: unknown) => error as object);
}

function request(pool: mssql.ConnectionPool): mssql.Request {
  return pool
    .request()
    .input('tenantry_mapping', mssql.Int, 1)
    .input('tenantry_key', mssql.VarBinary(128), Buffer.from([1]))
    .input('tenantry_epoch', mssql.BigInt, '5')
    .input('tenantry_token', mssql.VarBinary(16), Buffer.alloc(16, 1));
}

describe('the model of SQL Server', () => {
  test('a routed statement is done once its transaction is committed', async () => {
    expect(await run(await open(), routed('update t'))).toMatchObject({ rowsAffected: [1] });
    expect(ran).toEqual(['update t']);
  });

  test('the tenant in the context of a session is read-only: another entry without a reset is 15664', async () => {
    const pool = await open({});
    await run(pool, routed('first'));
    expect(await run(pool, routed('second'))).toMatchObject({ number: 15_664 });
    const resetting = await open();
    await run(resetting, routed('third'));
    await run(resetting, routed('fourth'));
    expect(ran).toEqual(['first', 'third', 'fourth']);
  });

  test.each([
    ['OFFLINE', 51_002],
    ['DRAINING', 51_003],
    ['INCOMING', 51_004],
  ] as const)('a mapping that is %s refuses by %i, and nothing that follows runs', async (state, code) => {
    model.mappings.get(1)!.state = state;
    expect(await run(await open(), routed('update t'))).toMatchObject({ number: code });
    expect(ran).toEqual([]);
  });

  test.each([2812, 229, 1222])('an EXEC that fails with %i ends alone: the check of its answer ends the batch', async (code) => {
    model.failEntry = { number: code };
    expect(await run(await open(), routed('update t'))).toMatchObject({ number: 51_010, precedingErrors: [{ number: code }] });
    expect(ran).toEqual([]);
  });

  test('an error of a statement rolls back under XACT_ABORT, and leaves the transaction to the rest of the batch without', async () => {
    const pool = await open();
    answer = ({ text }) => (text === 'wrong' ? { error: { number: 547 } } : { count: 1, effect: () => ran.push(text) });
    expect(await run(pool, routed('before\nSET NOCOUNT ON;\nwrong'))).toMatchObject({ number: 547 });
    expect(ran).toEqual([]);
    expect(await run(pool, routed('before\nSET XACT_ABORT OFF;\nwrong'))).toMatchObject({ number: 547 });
    expect(ran).toEqual(['before']);
  });

  test('a statement that begins or ends a transaction is found by the guard', async () => {
    const pool = await open();
    for (const statement of ['BEGIN TRANSACTION', 'ROLLBACK'])
      expect(await run(pool, routed(`update t\n${statement}`))).toMatchObject({ number: 51_011 });
    expect(ran).toEqual([]);
  });

  test('sp_executesql that leaves a transaction open answers 266 and keeps it where XACT_ABORT is off', async () => {
    const pool = await open();
    expect(await run(pool, `${head}\nSET XACT_ABORT OFF;`)).toMatchObject({ number: 266 });
    expect([...model.sessions.values()].map(({ depth }) => depth)).toContain(1);
    expect(await run(pool, head)).toMatchObject({ number: 266 });
    expect([...model.sessions.values()].map(({ depth }) => depth)).not.toContain(1);
  });

  test('an attention rolls back what ran under XACT_ABORT', async () => {
    const pool = await open();
    answer = async (statement): Promise<StatementAnswer> => {
      await once(statement.answer.attention, 'abort');
      return 'sent';
    };
    const asked = server.recording.next('request', (event) => event.request.text.includes('slow'));
    const running = request(pool);
    const failure = running.query(routed('slow')).catch((error: unknown) => error);
    await asked;
    running.cancel();
    expect(await failure).toMatchObject({ code: 'ECANCEL' });
    expect([...model.sessions.values()].map(({ depth }) => depth)).toEqual([0]);
  });
});
