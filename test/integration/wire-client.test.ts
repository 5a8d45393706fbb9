import pg from 'pg';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { ExchangeBuilder } from '../../src/engine/postgres/exchange-builder.ts';
import { WireClient } from '../../src/engine/postgres/wire-client.ts';
import { usePostgres } from '../support/servers/use-postgres.ts';

test('nothing is sent behind a reset that failed', async () => {
  await using server = await usePostgres();
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  const wire = new WireClient(client, { host: server.host, port: server.port, tls: false }, systemClock, 1_048_576);
  wire.runAfter('select 1 / 0');
  const next = new ExchangeBuilder().run({ text: 'select 1', values: [] });
  await wire.run(next, { timeoutMs: 5_000 });
  expect({ sent: next.sent, status: next.status, usable: wire.usable }).toEqual({ sent: false, status: '', usable: false });
});
