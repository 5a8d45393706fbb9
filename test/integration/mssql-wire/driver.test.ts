import { once } from 'node:events';
import mssql from 'mssql';
import { afterEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../support/tds/answer.ts';
import type { RpcRequest } from '../../support/tds/request.ts';
import { openPool, resetWhenTaken, type DriverSettings } from '../../support/tds/pool.ts';
import type { TdsScript } from '../../support/tds/script.ts';
import { startTdsServer, type TdsServer } from '../../support/tds/server.ts';
import { doneToken, errorToken, returnValueToken, transactionToken } from '../../support/tds/tokens.ts';

/* What the engine for SQL Server builds on: a driver that behaves otherwise is noticed here first. */

const number = { n: 'int' } as const;
const wide = { t: 'nvarchar(4000)' } as const;
const enough = 60_000;
const opened: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
});

async function serve(script: Partial<TdsScript> = {}): Promise<TdsServer> {
  const server = await startTdsServer({ request: (_request, answer) => answer.rows(number, [[1]]), ...script });
  opened.push(server);
  return server;
}

async function pooled(server: TdsServer, config: DriverSettings = {}): Promise<mssql.ConnectionPool> {
  const pool = await openPool(server, config);
  opened.push(pool);
  return pool;
}

function texts(server: TdsServer): string[] {
  return server.recording.requests().map(({ text }) => text);
}

function statuses(server: TdsServer): (readonly number[])[] {
  return server.recording.requests().map((request) => request.statuses);
}

interface Resettable {
  reset(done: () => void): void;
}

async function failureOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  return await work.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: unknown) => error as Record<string, unknown>,
  );
}

describe('messages', () => {
  test('a pool opens a connection to try, closes it and opens another; each sends PRELOGIN, LOGIN7 and one batch of SETs', async () => {
    const server = await serve();
    const pool = await pooled(server);
    await pool.request().query('select 1');
    const sent = (connection: number): string[] =>
      server.recording
        .of('packet')
        .filter((packet) => packet.connection === connection && packet.from === 'client')
        .map(({ type }) => type);
    expect(sent(1)).toEqual(['PRELOGIN', 'LOGIN7', 'SQL_BATCH']);
    expect(sent(2)).toEqual(['PRELOGIN', 'LOGIN7', 'SQL_BATCH', 'RPC']);
    expect(server.recording.of('close').map(({ connection }) => connection)).toEqual([1]);
    expect(server.recording.of('request')[0]!.request.text.split('\n')).toHaveLength(15);
  });

  test('the login asks for no ANSI options of its own, and the recording has no password', async () => {
    const server = await serve();
    await pooled(server);
    expect(server.recording.of('login')[0]!.login).toMatchObject({ user: 'someone', database: 'shard', odbc: false });
    const everything = Buffer.concat(server.recording.of('packet').map(({ bytes }) => bytes)).toString('utf16le');
    const shifted = Buffer.concat([Buffer.alloc(1), ...server.recording.of('packet').map(({ bytes }) => bytes)]).toString('utf16le');
    expect(everything + shifted).toContain('someone');
    const scrambled = Array.from(Buffer.from('not for', 'utf16le'), (byte) => (((byte & 0x0f) << 4) | (byte >> 4)) ^ 0xa5);
    for (const { bytes } of server.recording.of('packet')) expect(bytes.includes(Buffer.from(scrambled))).toBe(false);
  });

  test('by default every query costs a SELECT 1 before it; validated by its socket, none', async () => {
    const server = await serve();
    const asking = await pooled(server, { validateConnection: true });
    await asking.request().query('select 2');
    expect(texts(server)).toEqual(['SELECT 1;', 'select 2']);
    server.recording.take();
    const quiet = await pooled(server, { validateConnection: 'socket' });
    await quiet.request().query('select 2');
    await quiet.request().query('select 3');
    expect(texts(server)).toEqual(['select 2', 'select 3']);
    expect(statuses(server)).toEqual([[1], [1]]);
  });

  test('several statements with parameters are one sp_executesql in one message', async () => {
    const server = await serve();
    const pool = await pooled(server);
    await pool.request().input('p1', mssql.Int, 5).query('EXEC tenantry.enter 1; select @p1');
    expect(server.recording.requests()).toMatchObject([
      {
        kind: 'rpc',
        procedure: 'sp_executesql',
        text: 'EXEC tenantry.enter 1; select @p1',
        parameters: [{ name: '@p1', declared: 'int', value: 5 }],
      },
    ]);
  });
});

describe('reset', () => {
  test('a validator in the options of the pool asks for it whenever a connection is taken; every packet of the message carries it', async () => {
    const server = await serve();
    const pool = await pooled(server, { pool: resetWhenTaken });
    await pool.request().input('p', mssql.Int, 1).query('select 1');
    await pool.request().input('p', mssql.NVarChar(mssql.MAX), 'x'.repeat(5000)).query('select 2');
    expect(statuses(server)).toEqual([[0x09], [0x08, 0x08, 0x09]]);
  });

  test('within a transaction only its BEGIN carries it', async () => {
    const server = await serve({
      request: (request, answer) => {
        if (request.kind !== 'transaction') return answer.rows(number, [[1]]);
        return answer.end(transactionToken(request.operation as 'begin' | 'commit', 7n), doneToken('DONE'));
      },
    });
    const transaction = (await pooled(server, { pool: resetWhenTaken })).transaction();
    await transaction.begin();
    await transaction.request().query('select 1');
    await transaction.commit();
    expect(server.recording.requests()).toMatchObject([
      { operation: 'begin', statuses: [0x09], transaction: 0n },
      { kind: 'rpc', statuses: [0x01], transaction: 7n },
      { operation: 'commit', statuses: [0x01], transaction: 7n },
    ]);
  });

  test('connection.reset() is a message of its own that carries the SETs again', async () => {
    const server = await serve();
    const pool = await pooled(server);
    const driver = pool as unknown as { acquire(requester: object): Promise<Resettable>; release(connection: Resettable): void };
    const connection = await driver.acquire({});
    await new Promise<void>((resolve) => connection.reset(resolve));
    driver.release(connection);
    expect(server.recording.of('request').at(-1)!.request).toMatchObject({ kind: 'batch', statuses: [0x09] });
    expect(server.recording.of('request').at(-1)!.request.text.split('\n')).toHaveLength(15);
  });

  test('a reset leaves the descriptor of an abandoned transaction in what is sent next', async () => {
    const server = await serve({
      request: async (request, answer) => {
        if (request.text.startsWith('begin')) await answer.send(transactionToken('begin', 9n));
        await answer.rows(number, [[1]]);
      },
    });
    const pool = await pooled(server, { pool: resetWhenTaken });
    await pool.request().batch('begin tran; select 1');
    await pool.request().query('select 2');
    await pool.request().query('select 3');
    expect(server.recording.requests().map(({ transaction }) => transaction)).toEqual([0n, 9n, 9n]);
  });

  test('a prepared statement spends it on its preparation: the execution comes without', async () => {
    const server = await serve({
      request: (request, answer) =>
        request.kind === 'rpc' && request.procedure === 'sp_prepare'
          ? answer.end(returnValueToken('handle', 'int', 1), doneToken('DONEPROC'))
          : answer.rows(number, [[1]]),
    });
    const prepared = new mssql.PreparedStatement(await pooled(server, { pool: resetWhenTaken }));
    prepared.input('p', mssql.Int);
    await prepared.prepare('select @p');
    await prepared.execute({ p: 1 });
    await prepared.unprepare();
    expect(server.recording.requests()).toMatchObject([
      { procedure: 'sp_prepare', statuses: [0x09] },
      { procedure: 'sp_execute', statuses: [0x01] },
      { procedure: 'sp_unprepare', statuses: [0x01] },
    ]);
  });
});

describe('parameters', () => {
  test('arrive with their declared types and exact values, and so do NULLs', async () => {
    const server = await serve();
    const pool = await pooled(server);
    const types = [
      ['int', mssql.Int, -5, -5],
      ['bigint', mssql.BigInt, '9007199254740993', 9_007_199_254_740_993n],
      ['uniqueidentifier', mssql.UniqueIdentifier, '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
      ['nvarchar(40)', mssql.NVarChar(40), 'wäßrig 🐙', 'wäßrig 🐙'],
      ['varbinary(16)', mssql.VarBinary(16), Buffer.from('00ff10', 'hex'), Buffer.from('00ff10', 'hex')],
      ['bit', mssql.Bit, true, true],
      ['datetime2(7)', mssql.DateTime2(7), new Date('2026-11-21T10:11:12.123Z'), '2026-11-21T10:11:12.1230000'],
    ] as const;
    const request = pool.request();
    for (const [index, [, type, value]] of types.entries()) request.input(`p${index}`, type, value).input(`n${index}`, type, null);
    await request.query('select 1');
    const { parameters } = server.recording.requests()[0] as RpcRequest;
    expect(parameters).toEqual(
      types.flatMap(([type, , , value], index) => [
        { name: `@p${index}`, type, declared: type, value },
        { name: `@n${index}`, type, declared: type, value: null },
      ]),
    );
  });

  test('text without a length is declared as long as it is: a plan for every length', async () => {
    const server = await serve();
    const pool = await pooled(server);
    for (const text of ['a', 'abc']) await pool.request().input('p', mssql.NVarChar, text).query('select @p');
    expect(server.recording.requests()).toMatchObject([
      { parameters: [{ declared: 'nvarchar(1)' }] },
      { parameters: [{ declared: 'nvarchar(3)' }] },
    ]);
  });

  test('a value too long for its declared type is sent', async () => {
    const server = await serve();
    const pool = await pooled(server);
    await pool.request().input('p', mssql.NVarChar(2), 'abcdef').query('select @p');
    expect(server.recording.requests()).toMatchObject([{ parameters: [{ type: 'nvarchar(2)', value: 'abcdef' }] }]);
  });

  test('decimals pass through a JavaScript number, both ways', async () => {
    const columns = { d: 'decimal(18,4)' };
    const server = await serve({ request: (_request, answer) => answer.rows(columns, [['12345678901234.5678']]) });
    const pool = await pooled(server);
    const { recordset } = await pool.request().input('p', mssql.Decimal(18, 4), '12345678901234.5678').query('select @p');
    expect(server.recording.requests()).toMatchObject([{ parameters: [{ type: 'decimal(18,4)', value: '12345678901234.5680' }] }]);
    expect(recordset[0]).toEqual({ d: 12_345_678_901_234.568 });
  });

  test('a datetime2 of a row loses what is below a millisecond; what the driver kept of it is in nanosecondsDelta', async () => {
    const server = await serve({ request: (_request, answer) => answer.rows({ t: 'datetime2(7)' }, [['2026-11-21T10:11:12.1234567']]) });
    const { recordset } = await (await pooled(server)).request().query('select 1');
    expect((recordset[0] as { t: Date }).t.toISOString()).toBe('2026-11-21T10:11:12.123Z');
  });

  test('64-bit integers of a row are text', async () => {
    const server = await serve({ request: (_request, answer) => answer.rows({ b: 'bigint' }, [[9_007_199_254_740_993n]]) });
    expect((await (await pooled(server)).request().query('select 1')).recordset).toEqual([{ b: '9007199254740993' }]);
  });

  test('a bad int or GUID is EPARAM, and nothing is sent', async () => {
    const server = await serve();
    const pool = await pooled(server);
    for (const [type, value] of [
      [mssql.Int, 'x'],
      [mssql.Int, 2 ** 31],
      [mssql.UniqueIdentifier, 'no guid'],
    ] as const)
      expect(await failureOf(pool.request().input('p', type, value).query('select @p'))).toMatchObject({ code: 'EPARAM' });
    expect(server.recording.requests()).toEqual([]);
  });

  test('batch() writes parameters into the text', async () => {
    const server = await serve();
    await (await pooled(server)).request().input('p', mssql.Int, 5).batch('select @p');
    expect(server.recording.requests()).toMatchObject([{ kind: 'batch', text: expect.stringMatching(/declare @p int\s*=?.*5/is) }]);
  });
});

describe('errors', () => {
  test.each([51_001, 1205])('%i is an EREQUEST with its number, and the connection is kept', async (code) => {
    const server = await serve({ request: (_request, answer) => answer.error({ number: code, message: 'no' }) });
    const pool = await pooled(server);
    expect(await failureOf(pool.request().query('x'))).toMatchObject({ name: 'RequestError', code: 'EREQUEST', number: code });
    await failureOf(pool.request().query('y'));
    expect(server.recording.of('connect')).toHaveLength(2);
  });

  test('of several errors the last is thrown, with the earlier ones in precedingErrors', async () => {
    const server = await serve({
      request: (_request, answer) => answer.end(errorToken({ number: 547 }), errorToken({ number: 3621 }), doneToken('DONE', 2)),
    });
    const failure = await failureOf((await pooled(server)).request().query('x'));
    expect(failure).toMatchObject({ number: 3621, precedingErrors: [{ number: 547 }] });
  });

  test('an error of class 21 whose socket stays open keeps the connection in the pool, as it should not', async () => {
    const server = await serve({ request: (_request, answer) => answer.error({ number: 9001, class: 21 }) });
    const pool = await pooled(server);
    expect(await failureOf(pool.request().query('x'))).toMatchObject({ code: 'EREQUEST', number: 9001 });
    await failureOf(pool.request().query('y'));
    expect(server.recording.of('connect')).toHaveLength(2);
  });

  test.each([
    ['fin', 'before the answer'],
    ['rst', 'before the answer'],
    ['fin', 'amid rows'],
    ['rst', 'amid rows'],
  ] as const)('%s %s: ECONNRESET, whose number is text, and the connection is replaced', async (how, when) => {
    const server = await serve({
      request: async (request, answer) => {
        if (request.text !== 'lost') return answer.rows(number, [[1]]);
        if (when === 'amid rows') {
          await answer.columns(number);
          await answer.row(number, [1]);
          await answer.flush();
        }
        answer.drop(how);
      },
    });
    const pool = await pooled(server);
    expect(await failureOf(pool.request().query('lost'))).toMatchObject({ name: 'RequestError', code: 'ECONNRESET', number: 'ECONNRESET' });
    expect((await pool.request().query('found')).rowsAffected).toEqual([1]);
    expect(server.recording.of('connect')).toHaveLength(3);
  });

  test('a connection that ends before the answer fails its request alone: the pool emits nothing', async () => {
    const server = await serve({ request: (_request, answer) => answer.drop('fin') });
    const pool = await pooled(server);
    const emitted: unknown[] = [];
    pool.on('error', (error) => emitted.push(error));
    const gone = server.recording.next('close');
    await failureOf(pool.request().query('x'));
    await gone;
    expect(emitted).toEqual([]);
  });

  test('a timeout is ETIMEOUT with an attention, and the connection is kept once it is acknowledged', async () => {
    const server = await serve({
      request: async (request, answer) => {
        if (request.text === 'slow') await once(answer.attention, 'abort');
        else await answer.rows(number, [[1]]);
      },
    });
    const pool = await pooled(server, { requestTimeout: 30 });
    expect(await failureOf(pool.request().query('slow'))).toMatchObject({ code: 'ETIMEOUT' });
    expect(server.recording.of('attention')).toHaveLength(1);
    expect((await pool.request().query('next')).recordset).toEqual([{ n: 1 }]);
    expect(server.recording.of('connect')).toHaveLength(2);
  });

  test('the timer stops at the first packet of the answer: rows and then silence never time out', async () => {
    const server = await serve({
      request: async (_request, answer) => {
        await answer.columns(number);
        await answer.row(number, [1]);
        await answer.flush();
        await once(answer.attention, 'abort');
      },
    });
    const pool = await pooled(server, { requestTimeout: 20 });
    const request = pool.request();
    request.stream = true;
    const row = once(request, 'row');
    const failure = once(request, 'error');
    void request.query('x');
    await row;
    const tick = Promise.withResolvers<string>();
    setTimeout(() => tick.resolve('still waiting'), 100);
    expect(await Promise.race([failure, tick.promise])).toBe('still waiting');
    request.cancel();
    expect(await failure).toMatchObject([{ code: 'ECANCEL' }]);
  });

  test.each(['unanswered', 'amid rows'])('cancel %s: ECANCEL with an attention, and the connection is kept', async (when) => {
    const server = await serve({
      request: async (request, answer) => {
        if (request.text !== 'slow') return answer.rows(number, [[2]]);
        if (when === 'amid rows') await endless(answer);
        await once(answer.attention, 'abort');
      },
    });
    const pool = await pooled(server);
    const request = pool.request();
    const asked = server.recording.next('request', (event) => event.request.text === 'slow');
    const failure = failureOf(request.query('slow'));
    await asked;
    request.cancel();
    expect(await failure).toMatchObject({ code: 'ECANCEL' });
    expect(server.recording.of('attention')).toHaveLength(1);
    expect((await pool.request().query('next')).recordset).toEqual([{ n: 2 }]);
    expect(server.recording.of('connect')).toHaveLength(2);
  });

  test('cancel before the request is sent: ECANCEL, and nothing is sent', async () => {
    const server = await serve();
    const request = (await pooled(server)).request();
    const failure = failureOf(request.query('never'));
    request.cancel();
    expect(await failure).toMatchObject({ code: 'ECANCEL' });
    expect(server.recording.requests()).toEqual([]);
    expect(server.recording.of('attention')).toEqual([]);
  });

  test('in stream mode an error is an event, and the promise of query() resolves', async () => {
    const server = await serve({ request: (_request, answer) => answer.error({ number: 51_001 }) });
    const request = (await pooled(server)).request();
    request.stream = true;
    const failure = once(request, 'error');
    await expect(request.query('x')).resolves.toMatchObject({ recordset: null });
    expect(await failure).toMatchObject([{ number: 51_001 }]);
  });

  test('an error answer to the SETs after a login is ignored in silence', async () => {
    const server = await serve({ initialSql: (answer) => answer.error({ number: 195, message: 'no such option' }) });
    expect((await (await pooled(server)).request().query('x')).recordset).toEqual([{ n: 1 }]);
  });

  test.each([40_613, 4060, 18_456])('%i at login is ELOGIN without a number, which only the connection itself tells', async (code) => {
    const server = await serve({ login: (_login, answer) => answer.end(errorToken({ number: code, class: 14 }), doneToken('DONE', 2)) });
    const numbers: unknown[] = [];
    const failure = await failureOf(
      openPool(server, {
        options: { maxRetriesOnTransientErrors: 0 },
        beforeConnect: (connection: { on(event: string, listener: (token: { number: number }) => void): void }) => {
          connection.on('errorMessage', (token) => numbers.push(token.number));
        },
      }),
    );
    expect(failure).toMatchObject({ name: 'ConnectionError', code: 'ELOGIN' });
    expect(failure['number']).toBeUndefined();
    expect(numbers).toEqual([code]);
  });

  test('the driver repeats a login refused with a transient number three times, unless it is told not to', async () => {
    const server = await serve({ login: (_login, answer) => answer.end(errorToken({ number: 40_613, class: 14 }), doneToken('DONE', 2)) });
    await failureOf(openPool(server, { options: { connectionRetryInterval: 1 } }));
    expect(server.recording.of('login')).toHaveLength(4);
    server.recording.take();
    await failureOf(openPool(server, { options: { maxRetriesOnTransientErrors: 0 } }));
    expect(server.recording.of('login')).toHaveLength(1);
  });
});

describe('backpressure', () => {
  test('a paused request stops the server, and goes on when resumed', async () => {
    let sent = (): number => 0;
    const stopped = Promise.withResolvers<void>();
    const server = await serve({
      request: async (_request, answer) => {
        sent = () => answer.sentBytes;
        await answer.columns(wide);
        for (let row = 0; row < enough; row += 1) {
          const sending = answer.row(wide, ['x'.repeat(1000)]);
          const quiet = setTimeout(stopped.resolve, 200);
          await sending;
          clearTimeout(quiet);
        }
      },
    });
    const request = (await pooled(server)).request();
    request.stream = true;
    request.once('row', () => request.pause());
    const ended = once(request, 'error');
    void request.query('x');
    await stopped.promise;
    const before = sent();
    expect(before).toBeLessThan(12 * 2 ** 20);
    request.resume();
    await once(request, 'row');
    request.cancel();
    await ended;
  });

  test('leaving a stream early drains everything, unless it is cancelled', async () => {
    const total = 20_000;
    let answered = 0;
    const server = await serve({
      request: async (_request, answer) => {
        await answer.columns(number);
        for (answered = 0; answered < total; answered += 1) await answer.row(number, [answered]);
        await answer.end(doneToken('DONE', 0, total));
      },
    });
    const pool = await pooled(server);
    const request = pool.request();
    const stream = request.toReadableStream();
    void request.query('x');
    for await (const row of stream) if (row !== undefined) break;
    await pool.request().query('after it');
    expect(server.recording.of('attention')).toHaveLength(0);
    expect(server.recording.of('answer').filter(({ end }) => end === 'interrupted')).toHaveLength(0);
  });
});

/** Rows until nobody wants more; not for ever, so that a client without a limit fails its test and not the machine. */
async function endless(answer: Answer): Promise<void> {
  await answer.columns(wide);
  for (let row = 0; row < enough; row += 1) await answer.row(wide, ['x'.repeat(1000)]);
}
