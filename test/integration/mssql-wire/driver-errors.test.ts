import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../support/tds/answer.ts';
import { doneToken, errorToken } from '../../support/tds/tokens.ts';
import { failureOf, number, pooledDriver, serveDriver } from '../../support/tds/driver.ts';

/* What the engine for SQL Server builds on: a driver that behaves otherwise is noticed here first. */

const wide = { t: 'nvarchar(4000)' } as const;
const enough = 60_000;

describe('errors', () => {
  test.each([51_001, 1205])('%i is an EREQUEST with its number, and the connection is kept', async (code) => {
    const server = await serveDriver({ request: (_request, answer) => answer.error({ number: code, message: 'no' }) });
    const pool = await pooledDriver(server);
    expect(await failureOf(pool.request().query('x'))).toMatchObject({ name: 'RequestError', code: 'EREQUEST', number: code });
    await failureOf(pool.request().query('y'));
    expect(server.recording.of('connect')).toHaveLength(2);
  });

  test('of several errors the last is thrown, with the earlier ones in precedingErrors', async () => {
    const server = await serveDriver({
      request: (_request, answer) => answer.end(errorToken({ number: 547 }), errorToken({ number: 3621 }), doneToken('DONE', 2)),
    });
    const failure = await failureOf((await pooledDriver(server)).request().query('x'));
    expect(failure).toMatchObject({ number: 3621, precedingErrors: [{ number: 547 }] });
  });

  test('an error of class 21 whose socket stays open keeps the connection in the pool, as it should not', async () => {
    const server = await serveDriver({ request: (_request, answer) => answer.error({ number: 9001, class: 21 }) });
    const pool = await pooledDriver(server);
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
    const server = await serveDriver({
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
    const pool = await pooledDriver(server);
    expect(await failureOf(pool.request().query('lost'))).toMatchObject({ name: 'RequestError', code: 'ECONNRESET', number: 'ECONNRESET' });
    expect((await pool.request().query('found')).rowsAffected).toEqual([1]);
    expect(server.recording.of('connect')).toHaveLength(3);
  });

  test('a connection that ends before the answer fails its request alone: the pool emits nothing', async () => {
    const server = await serveDriver({ request: (_request, answer) => answer.drop('fin') });
    const pool = await pooledDriver(server);
    const emitted: unknown[] = [];
    pool.on('error', (error) => emitted.push(error));
    const gone = server.recording.next('close');
    await failureOf(pool.request().query('x'));
    await gone;
    expect(emitted).toEqual([]);
  });

  test('in stream mode an error is an event, and the promise of query() resolves', async () => {
    const server = await serveDriver({ request: (_request, answer) => answer.error({ number: 51_001 }) });
    const request = (await pooledDriver(server)).request();
    request.stream = true;
    const failure = once(request, 'error');
    await expect(request.query('x')).resolves.toMatchObject({ recordset: null });
    expect(await failure).toMatchObject([{ number: 51_001 }]);
  });
});

describe('timers and cancel', () => {
  test('a timeout is ETIMEOUT with an attention, and the connection is kept once it is acknowledged', async () => {
    const server = await serveDriver({
      request: async (request, answer) => {
        if (request.text === 'slow') await once(answer.attention, 'abort');
        else await answer.rows(number, [[1]]);
      },
    });
    const pool = await pooledDriver(server, { requestTimeout: 30 });
    expect(await failureOf(pool.request().query('slow'))).toMatchObject({ code: 'ETIMEOUT' });
    expect(server.recording.of('attention')).toHaveLength(1);
    expect((await pool.request().query('next')).recordset).toEqual([{ n: 1 }]);
    expect(server.recording.of('connect')).toHaveLength(2);
  });

  test('the timer stops at the first packet of the answer: rows and then silence never time out', async () => {
    const server = await serveDriver({
      request: async (_request, answer) => {
        await answer.columns(number);
        await answer.row(number, [1]);
        await answer.flush();
        await once(answer.attention, 'abort');
      },
    });
    const pool = await pooledDriver(server, { requestTimeout: 20 });
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
    const server = await serveDriver({
      request: async (request, answer) => {
        if (request.text !== 'slow') return answer.rows(number, [[2]]);
        if (when === 'amid rows') await endless(answer);
        await once(answer.attention, 'abort');
      },
    });
    const pool = await pooledDriver(server);
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
    const server = await serveDriver();
    const request = (await pooledDriver(server)).request();
    const failure = failureOf(request.query('never'));
    request.cancel();
    expect(await failure).toMatchObject({ code: 'ECANCEL' });
    expect(server.recording.requests()).toEqual([]);
    expect(server.recording.of('attention')).toEqual([]);
  });
});

describe('backpressure', () => {
  test('a paused request stops the server, and goes on when resumed', async () => {
    let sent = (): number => 0;
    const stopped = Promise.withResolvers<void>();
    const server = await serveDriver({
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
    const request = (await pooledDriver(server)).request();
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
    const server = await serveDriver({
      request: async (_request, answer) => {
        await answer.columns(number);
        for (answered = 0; answered < total; answered += 1) await answer.row(number, [answered]);
        await answer.end(doneToken('DONE', 0, total));
      },
    });
    const pool = await pooledDriver(server);
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
