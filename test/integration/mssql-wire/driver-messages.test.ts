import mssql from 'mssql';
import { describe, expect, test } from 'vitest';
import { openPool, resetWhenTaken } from '../../support/tds/pool.ts';
import { doneToken, errorToken, returnValueToken, transactionToken } from '../../support/tds/tokens.ts';
import { failureOf, number, pooledDriver, serveDriver, statusesTo, textsTo } from '../../support/tds/driver.ts';

/* What the engine for SQL Server builds on: a driver that behaves otherwise is noticed here first. */

interface Resettable {
  reset(done: () => void): void;
}

describe('messages', () => {
  test('a pool opens a connection to try, closes it and opens another; each sends PRELOGIN, LOGIN7 and one batch of SETs', async () => {
    const server = await serveDriver();
    const pool = await pooledDriver(server);
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
    const server = await serveDriver();
    await pooledDriver(server);
    expect(server.recording.of('login')[0]!.login).toMatchObject({ user: 'someone', database: 'shard', odbc: false });
    const everything = Buffer.concat(server.recording.of('packet').map(({ bytes }) => bytes)).toString('utf16le');
    const shifted = Buffer.concat([Buffer.alloc(1), ...server.recording.of('packet').map(({ bytes }) => bytes)]).toString('utf16le');
    expect(everything + shifted).toContain('someone');
    const scrambled = Array.from(Buffer.from('not for', 'utf16le'), (byte) => (((byte & 0x0f) << 4) | (byte >> 4)) ^ 0xa5);
    for (const { bytes } of server.recording.of('packet')) expect(bytes.includes(Buffer.from(scrambled))).toBe(false);
  });

  test('by default every query costs a SELECT 1 before it; validated by its socket, none', async () => {
    const server = await serveDriver();
    const asking = await pooledDriver(server, { validateConnection: true });
    await asking.request().query('select 2');
    expect(textsTo(server)).toEqual(['SELECT 1;', 'select 2']);
    server.recording.take();
    const quiet = await pooledDriver(server, { validateConnection: 'socket' });
    await quiet.request().query('select 2');
    await quiet.request().query('select 3');
    expect(textsTo(server)).toEqual(['select 2', 'select 3']);
    expect(statusesTo(server)).toEqual([[1], [1]]);
  });

  test('several statements with parameters are one sp_executesql in one message', async () => {
    const server = await serveDriver();
    const pool = await pooledDriver(server);
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

describe('logins', () => {
  test('an error answer to the SETs after a login is ignored in silence', async () => {
    const server = await serveDriver({ initialSql: (answer) => answer.error({ number: 195, message: 'no such option' }) });
    expect((await (await pooledDriver(server)).request().query('x')).recordset).toEqual([{ n: 1 }]);
  });

  test.each([40_613, 4060, 18_456])('%i at login is ELOGIN without a number, which only the connection itself tells', async (code) => {
    const server = await serveDriver({
      login: (_login, answer) => answer.end(errorToken({ number: code, class: 14 }), doneToken('DONE', 2)),
    });
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
    const server = await serveDriver({
      login: (_login, answer) => answer.end(errorToken({ number: 40_613, class: 14 }), doneToken('DONE', 2)),
    });
    await failureOf(openPool(server, { options: { connectionRetryInterval: 1 } }));
    expect(server.recording.of('login')).toHaveLength(4);
    server.recording.take();
    await failureOf(openPool(server, { options: { maxRetriesOnTransientErrors: 0 } }));
    expect(server.recording.of('login')).toHaveLength(1);
  });
});

describe('reset', () => {
  test('a validator in the options of the pool asks for it whenever a connection is taken; every packet of the message carries it', async () => {
    const server = await serveDriver();
    const pool = await pooledDriver(server, { pool: resetWhenTaken });
    await pool.request().input('p', mssql.Int, 1).query('select 1');
    await pool.request().input('p', mssql.NVarChar(mssql.MAX), 'x'.repeat(5000)).query('select 2');
    expect(statusesTo(server)).toEqual([[0x09], [0x08, 0x08, 0x09]]);
  });

  test('within a transaction only its BEGIN carries it', async () => {
    const server = await serveDriver({
      request: (request, answer) => {
        if (request.kind !== 'transaction') return answer.rows(number, [[1]]);
        return answer.end(transactionToken(request.operation as 'begin' | 'commit', 7n), doneToken('DONE'));
      },
    });
    const transaction = (await pooledDriver(server, { pool: resetWhenTaken })).transaction();
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
    const server = await serveDriver();
    const pool = await pooledDriver(server);
    const driver = pool as unknown as { acquire(requester: object): Promise<Resettable>; release(connection: Resettable): void };
    const connection = await driver.acquire({});
    await new Promise<void>((resolve) => connection.reset(resolve));
    driver.release(connection);
    expect(server.recording.of('request').at(-1)!.request).toMatchObject({ kind: 'batch', statuses: [0x09] });
    expect(server.recording.of('request').at(-1)!.request.text.split('\n')).toHaveLength(15);
  });

  test('a reset leaves the descriptor of an abandoned transaction in what is sent next', async () => {
    const server = await serveDriver({
      request: async (request, answer) => {
        if (request.text.startsWith('begin')) await answer.send(transactionToken('begin', 9n));
        await answer.rows(number, [[1]]);
      },
    });
    const pool = await pooledDriver(server, { pool: resetWhenTaken });
    await pool.request().batch('begin tran; select 1');
    await pool.request().query('select 2');
    await pool.request().query('select 3');
    expect(server.recording.requests().map(({ transaction }) => transaction)).toEqual([0n, 9n, 9n]);
  });

  test('a prepared statement spends it on its preparation: the execution comes without', async () => {
    const server = await serveDriver({
      request: (request, answer) =>
        request.kind === 'rpc' && request.procedure === 'sp_prepare'
          ? answer.end(returnValueToken('handle', 'int', 1), doneToken('DONEPROC'))
          : answer.rows(number, [[1]]),
    });
    const prepared = new mssql.PreparedStatement(await pooledDriver(server, { pool: resetWhenTaken }));
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
