import pg from 'pg';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { ExchangeBuilder } from '../../src/engine/postgres/exchange-builder.ts';
import { WireClient } from '../../src/engine/postgres/wire-client.ts';
import type { PostgresAccess } from '../support/servers/postgres-access.ts';
import { usePostgres } from '../support/servers/use-postgres.ts';

async function connect(server: PostgresAccess): Promise<WireClient> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  return new WireClient(client, { host: server.host, port: server.port, tls: false }, systemClock, 16_777_216);
}

test('nothing is sent behind a reset that failed', async () => {
  await using server = await usePostgres();
  const wire = await connect(server);
  wire.runAfter('select 1 / 0');
  const next = new ExchangeBuilder().run({ text: 'select 1', values: [] });
  await wire.run(next, { timeoutMs: 5_000 });
  expect({ sent: next.sent, status: next.status, usable: wire.usable }).toEqual({ sent: false, status: '', usable: false });
});

test('an exchange that is full takes nothing in until its rows have been taken, and its time stands still', async () => {
  await using server = await usePostgres();
  const [wire, other] = [await connect(server), await connect(server)];
  const rows = `select repeat('x', 600000) as text from generate_series(1, 100)`;
  const exchange = new ExchangeBuilder().run({ text: rows, values: [] });
  let full = Promise.withResolvers<void>();
  exchange.onFull = () => full.resolve();
  const answer = wire.run(exchange, { timeoutMs: 500 });
  await full.promise;
  // Longer than the exchange may take, and than its rows would need to come.
  await other.run(new ExchangeBuilder().run({ text: 'select pg_sleep(0.7)', values: [] }), { timeoutMs: 5_000 });
  expect({ waiting: exchange.rows.length, settled: exchange.settled }).toEqual({ waiting: 2, settled: false });
  let taken = 0;
  while (!exchange.settled) {
    full = Promise.withResolvers();
    taken += exchange.takeRows().length;
    wire.resume();
    await Promise.race([full.promise, answer]);
  }
  expect({ interruption: await answer, rows: taken + exchange.takeRows().length }).toEqual({ interruption: undefined, rows: 100 });
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
