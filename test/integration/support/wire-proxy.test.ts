import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PostgresAccess } from '../../support/servers/postgres-access.ts';
import { usePostgres } from '../../support/servers/use-postgres.ts';
import { statementText, type WireMessage } from '../../support/wire-message.ts';
import { startWireProxy, type WireProxy } from '../../support/wire-proxy.ts';

let server: PostgresAccess;
let url: string;
beforeAll(async () => {
  server = await usePostgres();
  url = await server.createDatabase(`wire_${randomUUID()}`);
});
afterAll(() => server.stop());

async function throughProxy(): Promise<{ proxy: WireProxy; client: pg.Client }> {
  const proxy = await startWireProxy(server);
  const client = new pg.Client({ connectionString: proxy.url(url) });
  // Losing the connection is what some of the tests do to it.
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(async () => {
    await proxy.close();
    await client.end();
  });
  return { proxy, client };
}

describe('the wire proxy', () => {
  it('counts one round trip for a statement with parameters, three for three awaited ones, one for a large answer', async () => {
    const { proxy, client } = await throughProxy();
    expect(await proxy.count(() => client.query('select $1::int as n', [7]))).toMatchObject({
      result: { rows: [{ n: 7 }] },
      roundTrips: 1,
    });
    const three = await proxy.count(async () => {
      for (let i = 0; i < 3; i++) await client.query('select 1');
    });
    expect(three.roundTrips).toBe(3);
    const large = await proxy.count(() => client.query<{ n: number }>(`select n, repeat('x', 1000) from generate_series(1, 5000) n`));
    expect({ rows: large.result.rows.length, roundTrips: large.roundTrips }).toEqual({ rows: 5000, roundTrips: 1 });
  });

  it.each([
    { lost: 'the COMMIT', match: (message: WireMessage) => statementText(message) === 'commit', kept: [] },
    { lost: 'its answer', match: (message: WireMessage) => message.type === 'C' && message.bytes.includes('COMMIT'), kept: [{ n: 1 }] },
  ])('loses exactly $lost where it cuts before forwarding it', async ({ match, kept }) => {
    const { proxy, client } = await throughProxy();
    await client.query('drop table if exists cut; create table cut (n int)');
    await client.query('begin; insert into cut values (1)');
    const seen = proxy.once({ match, when: 'before', action: (connection) => connection.cut() });
    await expect(client.query('commit')).rejects.toThrow(/Connection terminated|ECONNRESET/);
    await seen;
    expect(await direct('select n from cut')).toEqual(kept);
  });

  it('acts after a message was forwarded, and holds back what follows it on that side until done', async () => {
    const { proxy, client } = await throughProxy();
    const order: string[] = [];
    const acted = proxy.once({
      match: (message) => statementText(message) === 'select 1',
      when: 'after',
      action: async () => {
        await manyRoundTrips();
        order.push('action');
      },
    });
    await Promise.all([
      client.query('select 1').then(() => order.push('first')),
      client.query('select 2').then(() => order.push('second')),
      acted,
    ]);
    expect(order).toEqual(['first', 'action', 'second']);
  });

  it('holds everything back while paused, also for new connections', async () => {
    const { proxy, client } = await throughProxy();
    proxy.pause();
    let answered = false;
    const answer = client.query('select 1 as one').finally(() => (answered = true));
    await manyRoundTrips();
    expect(answered).toBe(false);
    proxy.resume();
    expect((await answer).rows).toEqual([{ one: 1 }]);
  });

  it('delays, refuses and cuts', async () => {
    const { proxy, client } = await throughProxy();
    proxy.delayMs = 30;
    const started = performance.now();
    await client.query('select 1');
    expect(performance.now() - started).toBeGreaterThan(59);
    proxy.delayMs = 0;
    proxy.refuse = true;
    await expect(new pg.Client({ connectionString: proxy.url(url) }).connect()).rejects.toThrow(/Connection terminated|ECONNRESET/);
    expect(proxy.connections).toBe(1);
    const lost = expect(client.query('select pg_sleep(10)')).rejects.toThrow(/Connection terminated|ECONNRESET/);
    proxy.cut();
    await lost;
    expect(proxy.connections).toBe(0);
  });
});

/** Takes longer than the one answer that is held back would. */
async function manyRoundTrips(): Promise<void> {
  for (let time = 0; time < 20; time++) await direct('select 1');
}

async function direct(text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
