import pg from 'pg';
import { expect, test } from 'vitest';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { ExchangeBuilder } from '../../src/engine/postgres/exchange-builder.ts';
import type { Exchange } from '../../src/engine/postgres/exchange.ts';
import { failureOf } from '../../src/engine/postgres/exchange-failure.ts';
import { WireClient } from '../../src/engine/postgres/wire-client.ts';
import { FakeClock } from '../support/fake-clock.ts';
import type { PostgresAccess } from '../support/servers/postgres-access.ts';
import { usePostgres } from '../support/servers/use-postgres.ts';
import { startWireProxy } from '../support/wire-proxy.ts';
import { eventually } from '../support/eventually.ts';

async function connect(server: PostgresAccess, clock: Clock = systemClock): Promise<WireClient> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  return new WireClient(client, { host: server.host, port: server.port, tls: false }, clock, 16_777_216);
}

test('nothing is sent behind a reset that failed', async () => {
  await using server = await usePostgres();
  const wire = await connect(server);
  wire.runAfter('select 1 / 0');
  const next = new ExchangeBuilder().run({ text: 'select 1', values: [] });
  await wire.run(next, { timeoutMs: 5_000 });
  expect({ sent: next.sent, status: next.status, usable: wire.usable }).toEqual({ sent: false, status: '', usable: false });
});

/** An exchange that waits for its rows to be taken. */
interface FullExchange {
  readonly exchange: Exchange;
  readonly answer: ReturnType<WireClient['run']>;
}

async function fullExchange(wire: WireClient): Promise<FullExchange> {
  const exchange = new ExchangeBuilder().run({ text: `select repeat('x', 600000) as text from generate_series(1, 100)`, values: [] });
  const full = Promise.withResolvers<void>();
  exchange.onFull = () => full.resolve();
  const answer = wire.run(exchange, { timeoutMs: 5_000 });
  await full.promise;
  return { exchange, answer };
}

async function takeAll(wire: WireClient, { exchange, answer }: FullExchange): Promise<{ interruption: unknown; rows: number }> {
  let rows = 0;
  while (!exchange.settled) {
    const full = Promise.withResolvers<void>();
    exchange.onFull = () => full.resolve();
    rows += exchange.takeRows().length;
    wire.resume();
    await Promise.race([full.promise, answer]);
  }
  return { interruption: await answer, rows: rows + exchange.takeRows().length };
}

test('an exchange that is full takes nothing in until its rows have been taken, and its time stands still', async () => {
  await using server = await usePostgres();
  const clock = new FakeClock();
  const [wire, other] = [await connect(server, clock), await connect(server, clock)];
  const full = await fullExchange(wire);
  // In the meantime another connection gets all of the same rows, and more time goes by than the exchange may take.
  expect(await takeAll(other, await fullExchange(other))).toEqual({ interruption: undefined, rows: 100 });
  clock.advance(60_000);
  expect({ waiting: full.exchange.rows.length, settled: full.exchange.settled }).toEqual({ waiting: 2, settled: false });
  expect(await takeAll(wire, full)).toEqual({ interruption: undefined, rows: 100 });
  await Promise.all([wire.close(), other.close()]);
});

test('a full exchange that is cancelled ends though nobody takes its rows, and its connection serves on', async () => {
  await using server = await usePostgres();
  const wire = await connect(server);
  const caller = new AbortController();
  const exchange = new ExchangeBuilder().run({ text: `select repeat('x', 600000) from generate_series(1, 100)`, values: [] });
  exchange.onFull = () => caller.abort();
  expect(await wire.run(exchange, { timeoutMs: 5_000, signal: caller.signal })).toBe('CANCELLED');
  expect({ rows: exchange.rows, usable: wire.usable }).toEqual({ rows: [], usable: true });
  await wire.close();
});

test('a cancel request that overtakes its statement, which the server ignores, is made again', async () => {
  await using server = await usePostgres();
  await using statements = await startWireProxy(server);
  await using cancels = await startWireProxy(server, 'opaque');
  const client = new pg.Client({ connectionString: statements.url(server.url()) });
  await client.connect();
  const wire = new WireClient(client, { host: cancels.host, port: cancels.port, tls: false }, systemClock, 16_777_216);
  const caller = new AbortController();
  const overtaken = statements.once({
    match: ({ side, type }) => side === 'frontend' && type === 'P',
    when: 'before',
    action: async () => {
      const cancelled = cancels.once({ match: () => true, when: 'after', action: () => undefined });
      caller.abort();
      await cancelled;
      // The server closes once it has passed the request on, or found nothing to interrupt.
      await eventually(() => expect(cancels.connections).toBe(0));
    },
  });
  const sleeping = new ExchangeBuilder().run({ text: 'select pg_sleep(60)', values: [] });
  expect(await wire.run(sleeping, { timeoutMs: 30_000, signal: caller.signal })).toBe('CANCELLED');
  await overtaken;
  expect({ code: sleeping.error?.code, usable: wire.usable }).toEqual({ code: '57014', usable: true });
  await wire.close();
});

test('a cancel request that is still on its way when the answer has come is waited for, and hits no other statement', async () => {
  await using server = await usePostgres();
  await using cancels = await startWireProxy(server, 'opaque');
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  const wire = new WireClient(client, { host: cancels.host, port: cancels.port, tls: false }, systemClock, 16_777_216);
  const builder = new ExchangeBuilder();
  const released = Promise.withResolvers<void>();
  const held = cancels.once({ match: () => true, when: 'before', action: () => released.promise });
  const caller = new AbortController();
  const asked = builder.run({ text: 'select 1 as n', values: [] });
  let isOver = false;
  const answer = wire.run(asked, { timeoutMs: 30_000, signal: caller.signal }).finally(() => (isOver = true));
  caller.abort();
  await eventually(() => expect(asked.settled).toBe(true));
  for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect({ isOver, busy: wire.busy }).toEqual({ isOver: false, busy: true });
  released.resolve();
  expect(await answer).toBe('CANCELLED');
  await held;
  const next = builder.run({ text: 'select pg_sleep(0.1)', values: [] });
  expect({ interruption: await wire.run(next, { timeoutMs: 30_000 }), error: next.error }).toEqual({
    interruption: undefined,
    error: undefined,
  });
  await wire.close();
});

test('a connection lost between the tag of a statement and the end of its answer leaves open whether that was committed', async () => {
  await using server = await usePostgres();
  await using proxy = await startWireProxy(server);
  const client = new pg.Client({ connectionString: proxy.url(server.url()) });
  await client.connect();
  const wire = new WireClient(client, { host: proxy.host, port: proxy.port, tls: false }, systemClock, 16_777_216);
  const exchange = new ExchangeBuilder().run({ text: 'select 1 as n', values: [] });
  const cut = proxy.once({
    match: ({ side, type }) => side === 'backend' && type === 'Z',
    when: 'before',
    action: async (connection) => {
      await eventually(() => expect(exchange.tag).toBeDefined());
      expect(exchange.settled).toBe(false);
      connection.cut();
    },
  });
  const interruption = await wire.run(exchange, { timeoutMs: 10_000 });
  await cut;
  expect({ tag: exchange.tag, interruption }).toEqual({ tag: { command: 'SELECT', rowCount: 1 }, interruption: undefined });
  const lost = { interruption, status: 'I' } as const;
  expect(failureOf(exchange, { ...lost, mayCommit: true })).toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' });
  expect(failureOf(exchange, { ...lost, mayCommit: false })).toMatchObject({ code: 'SHARD_UNAVAILABLE', outcome: 'not-run' });
  expect(wire.usable).toBe(false);
});
