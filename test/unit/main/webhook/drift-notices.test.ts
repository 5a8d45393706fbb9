import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { TenantryError } from '../../../../src/core/errors.ts';
import { NotAccepted } from '../../../../src/engine/verify-shard.ts';
import type { Trouble } from '../../../../src/main/trouble.ts';
import { DriftNotices } from '../../../../src/main/webhook/drift-notices.ts';
import { eventually } from '../../../support/eventually.ts';

const key = Buffer.alloc(32, 5);
const differing = [{ kind: 'view', object: 'public."All"', change: 'added' }] as const;
const drift = new NotAccepted('what protects its tenants was changed and not accepted: view public."All" (added)', differing);
const found = (shardId = 'id-a', cause: TenantryError = drift): Trouble => ({
  source: 'shard',
  state: 'failing',
  shardId,
  code: cause.code,
  cause,
});
const ended = (shardId = 'id-a'): Trouble => ({ source: 'shard', state: 'recovered', shardId });

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A webhook on a real server, which answers with these statuses one after another, as soon as each is known, then with 204. */
async function listening(statuses: (number | Promise<number>)[] = [], againMs?: number) {
  const calls: Call[] = [];
  const troubles: Trouble[] = [];
  const outcomes: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      void Promise.resolve(statuses.shift() ?? 204).then((status) => response.writeHead(status, { location: '/elsewhere' }).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const notices = new DriftNotices({
    webhook: { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`), key },
    map: 'customers',
    nameOf: (shardId) => (shardId === 'id-a' ? Promise.resolve('a') : Promise.reject(new Error('The catalog is away.'))),
    now: () => new Date('2026-11-22T12:00:00.500Z'),
    onTrouble: (trouble) => troubles.push(trouble),
    onEnded: (outcome) => outcomes.push(outcome),
    retries: { retries: 2, minTimeout: 1, maxTimeout: 2 },
    ...(againMs === undefined ? {} : { againMs }),
  });
  return {
    notices,
    calls,
    troubles,
    outcomes,
    bodies: () => calls.map(({ body }) => JSON.parse(body) as { type: string; data: { shardId: string } }),
    told: (count: number) => eventually(() => expect(outcomes).toHaveLength(count)),
    [Symbol.asyncDispose]: async () => {
      await notices.close(0);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('A drift is told with the shard, why, and which objects, signed over id, time and body', async () => {
  await using hook = await listening();
  hook.notices.hear(found());
  await hook.told(1);
  const [{ headers, body }] = hook.calls as [Call];
  expect(JSON.parse(body)).toEqual({
    type: 'shard.unverified.found',
    timestamp: '2026-11-22T12:00:00.500Z',
    data: {
      version: 1,
      map: 'customers',
      shardId: 'id-a',
      shard: 'a',
      kind: 'not-accepted',
      reason: drift.reason,
      objects: differing,
      objectCount: 1,
    },
  });
  const { 'webhook-id': id, 'webhook-timestamp': timestamp } = headers;
  expect(timestamp).toBe(String(Date.UTC(2026, 10, 22, 12) / 1_000));
  expect(id).toMatch(/^msg_[0-9a-f-]{36}$/);
  const expected = createHmac('sha256', key)
    .update(`${String(id)}.${String(timestamp)}.${body}`)
    .digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  expect(headers['content-type']).toBe('application/json');
});

test('A drift is told once however often it is seen, and its end once; the next one anew', async () => {
  await using hook = await listening();
  hook.notices.hear(found());
  hook.notices.hear(found());
  await hook.told(1);
  hook.notices.hear(found());
  hook.notices.hear(ended());
  hook.notices.hear(ended());
  await hook.told(2);
  hook.notices.hear(found());
  await hook.told(3);
  expect(hook.bodies().map(({ type }) => type)).toEqual(['shard.unverified.found', 'shard.unverified.ended', 'shard.unverified.found']);
  expect(new Set(hook.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
});

test('A shard that only does not answer is no drift, nor the end of one', async () => {
  await using hook = await listening();
  const away = new TenantryError('SHARD_UNAVAILABLE');
  hook.notices.hear(found('id-b', away));
  hook.notices.hear(ended('id-b'));
  hook.notices.hear(found());
  await hook.told(1);
  hook.notices.hear(found('id-a', away));
  hook.notices.hear({ source: 'redis', state: 'failing' });
  hook.notices.hear(found('id-c', new TenantryError('SHARD_UNVERIFIED', 'The server is not the one that the catalog knows.')));
  await hook.told(2);
  expect(hook.bodies()).toMatchObject([
    { data: { shardId: 'id-a' } },
    {
      data: {
        shardId: 'id-c',
        shard: null,
        kind: 'unfit',
        reason: 'The server is not the one that the catalog knows.',
        objects: [],
        objectCount: 0,
      },
    },
  ]);
});

test('What the webhook does not take now is sent again under the same id', async () => {
  await using hook = await listening([500, 429]);
  hook.notices.hear(found());
  await hook.told(1);
  expect(hook.outcomes).toEqual(['delivered']);
  expect(hook.calls).toHaveLength(3);
  expect(new Set(hook.calls.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
  expect(hook.troubles).toEqual([]);
});

test.each([404, 301])('What it refuses with %d is not sent again soon, or anywhere else', async (status) => {
  await using hook = await listening([status]);
  hook.notices.hear(found());
  await hook.told(1);
  expect(hook.calls).toHaveLength(1);
  expect(hook.troubles).toMatchObject([{ source: 'webhook', state: 'failing', code: `HTTP_${status}` }]);
});

test('A webhook that fails is told of once, and once when it works again', async () => {
  const up = Promise.withResolvers<number>();
  await using hook = await listening([500, 500, 500, 503, 503, 503, up.promise], 1);
  hook.notices.hear(found());
  await hook.told(2);
  expect(hook.troubles).toMatchObject([{ source: 'webhook', state: 'failing', code: 'HTTP_500' }]);
  up.resolve(204);
  await hook.told(3);
  expect(hook.outcomes).toEqual(['failed', 'failed', 'delivered']);
  expect(hook.troubles.slice(1)).toEqual([{ source: 'webhook', state: 'recovered' }]);
});

test('Of a shard that comes and goes while the webhook stands still only what is so then is told', async () => {
  const answer = Promise.withResolvers<number>();
  await using hook = await listening([answer.promise]);
  hook.notices.hear(found());
  await eventually(() => expect(hook.calls).toHaveLength(1));
  for (let time = 0; time < 5; time += 1) {
    hook.notices.hear(ended());
    hook.notices.hear(found());
  }
  hook.notices.hear(ended());
  answer.resolve(204);
  await hook.told(2);
  expect(hook.bodies().map(({ type }) => type)).toEqual(['shard.unverified.found', 'shard.unverified.ended']);
});

test('What is not told when everything is closed counts as failed, and is no trouble of the webhook', async () => {
  await using hook = await listening([new Promise(() => undefined)]);
  hook.notices.hear(found());
  await eventually(() => expect(hook.calls).toHaveLength(1));
  await hook.notices.close(0);
  expect(hook.calls).toHaveLength(1);
  expect(hook.outcomes).toEqual(['failed']);
  expect(hook.troubles).toEqual([]);
});

test('What all attempts failed to tell is told again later as it is then, and not where it is over', async () => {
  await using hook = await listening([404, 404], 1);
  const later = new NotAccepted('what protects its tenants was changed and not accepted: view public."Other" (added)', [
    { kind: 'view', object: 'public."Other"', change: 'added' },
  ]);
  hook.notices.hear(found());
  hook.notices.hear(found('id-a', later));
  await eventually(() => expect(hook.outcomes.at(-1)).toBe('delivered'));
  expect(hook.outcomes).toEqual(['failed', 'failed', 'delivered']);
  expect(JSON.parse(hook.calls.at(-1)?.body ?? '')).toMatchObject({ type: 'shard.unverified.found', data: { reason: later.reason } });
  hook.notices.hear(ended());
  await hook.told(4);
  expect(hook.bodies().at(-1)?.type).toBe('shard.unverified.ended');
});

test('A change of very many objects is told with the first of them, and how many there are', async () => {
  await using hook = await listening();
  const many = Array.from({ length: 3_000 }, (_, index) => ({ kind: 'rights', object: `public."T${index}"`, change: 'changed' as const }));
  hook.notices.hear(found('id-a', new NotAccepted('what protects its tenants was changed', many)));
  await hook.told(1);
  expect(JSON.parse(hook.calls[0]?.body ?? '')).toMatchObject({ data: { objects: many.slice(0, 50), objectCount: 3_000 } });
});
