import { setImmediate as immediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { sql } from '../../../src/core/sql.ts';
import { EntryRefused } from '../../../src/engine/entry.ts';
import { defaultRouterLimits } from '../../../src/router/limits.ts';
import { StatementCall } from '../../../src/router/routed-call.ts';
import type { RouterDependencies } from '../../../src/router/router-dependencies.ts';
import { silentObserver } from '../../../src/router/router-observer.ts';
import { ShardDispatcher } from '../../../src/router/shard-dispatcher.ts';
import { RoutedTenants } from '../../../src/router/routed-tenants.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeShard } from '../../support/fake-shards.ts';

/** Tenant n lives on shard n, but those that were removed. */
function setUp() {
  const clock = new FakeClock();
  const removed = new Set<string>();
  const shards = new Map<string, FakeShard>();
  const dependencies: RouterDependencies = {
    keyType: 'int',
    routes: {
      peek: (tenant) => ({ mappingId: Number(tenant), shardId: String(tenant), epoch: 1 }),
      find: () => Promise.reject(new TenantryError('UNKNOWN_TENANT')),
      learn: () => undefined,
      forget: () => undefined,
    },
    connect: (shardId, signal) => {
      if (removed.has(shardId)) return Promise.reject(new TenantryError('NOT_FOUND'));
      const shard = shards.get(shardId) ?? new FakeShard();
      shards.set(shardId, shard);
      return shard.connect(signal);
    },
    tokens: [() => Uint8Array.of(1)],
    limits: { ...defaultRouterLimits, connections: 4, poolPerShard: 4 },
    clock,
    random: () => 0.5,
    observer: silentObserver,
  };
  const dispatcher = new ShardDispatcher(dependencies);
  const tenants = new RoutedTenants('int', dependencies);
  const query = (tenant: number) =>
    dispatcher.dispatch(new StatementCall(tenants.get(tenant), new Deadline(clock, 1_000), sql`select 1`, {}));
  const idle = async (): Promise<void> => {
    for (let sweep = 0; sweep < 2; sweep += 1) {
      clock.advance(defaultRouterLimits.idleMs);
      await immediate();
    }
  };
  return { clock, removed, shards, dispatcher, query, idle };
}

it('keeps nothing of shards that were removed, once their connections are closed and another shard is met', async () => {
  const { removed, dispatcher, query, idle } = setUp();
  for (const tenant of [1, 2, 3, 4]) await query(tenant);
  expect(dispatcher.size).toBe(4);
  for (const shardId of ['1', '2', '3']) removed.add(shardId);
  await expect(Promise.all([query(4), idle()])).resolves.toBeDefined();
  await expect(query(1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await query(5);
  expect(dispatcher.size).toBe(1);
});

it('gives the room of shards that were let go to others', async () => {
  const { shards, dispatcher, query, idle } = setUp();
  for (let tenant = 1; tenant <= 40; tenant += 1) {
    await query(tenant);
    await idle();
  }
  expect(dispatcher.size).toBe(1);
  const held = Promise.withResolvers<void>();
  for (const tenant of [40, 41]) {
    const shard = shards.get(`${tenant}`) ?? new FakeShard();
    shards.set(`${tenant}`, shard);
    shard.answer = async () => {
      await held.promise;
      return [];
    };
  }
  const calls = [40, 41].flatMap((tenant) => [query(tenant), query(tenant)]);
  await immediate();
  expect([shards.get('40')!.open, shards.get('41')!.open]).toEqual([2, 2]);
  held.resolve();
  await Promise.all(calls);
});

it('remembers of a shard whose resets fail that its connections serve one use, even while it has none', async () => {
  const { shards, dispatcher, query, idle } = setUp();
  const shard = new FakeShard();
  shards.set('1', shard);
  await query(1);
  shard.answer = (_request, connection) => {
    connection.usable = false;
    return Promise.reject(new EntryRefused({ reason: 'NOT_RESET' }));
  };
  await expect(query(1)).rejects.toBeInstanceOf(EntryRefused);
  shard.answer = async () => [];
  await idle();
  await query(2);
  await query(3);
  for (const opened of [2, 3]) {
    await query(1);
    expect([shard.opened, shard.open]).toEqual([opened, 0]);
  }
  await idle();
  await query(4);
  // Shard 1, and the one that was met last.
  expect(dispatcher.size).toBe(2);
});

it('remembers that a shard is in trouble while that is news', async () => {
  const { clock, shards, dispatcher, query, idle } = setUp();
  const trouble = new FakeShard();
  trouble.answer = () => Promise.reject(new TenantryError('SHARD_UNAVAILABLE'));
  shards.set('1', trouble);
  trouble.connect = () => Promise.reject(new TenantryError('SHARD_UNAVAILABLE'));
  for (let call = 0; call < 5; call += 1) await expect(query(1)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
  await query(2);
  expect(dispatcher.size).toBe(2);
  clock.advance(100);
  await query(3);
  expect(dispatcher.size).toBe(3);
  await idle();
  await query(4);
  expect(dispatcher.size).toBe(1);
});

it('does not take a shard for unfit by an attempt that began before it was found fit, and opens the next connection anew', async () => {
  const { shards, query } = setUp();
  const shard = new FakeShard();
  shards.set('1', shard);
  const connect = shard.connect.bind(shard);
  const late = Promise.withResolvers<never>();
  shard.connect = () => late.promise;
  const first = query(1);
  await immediate();
  shard.connect = connect;
  await query(1);
  late.reject(new TenantryError('SHARD_UNVERIFIED', 'It was changed.'));
  await Promise.all([first, immediate()]);
  await query(1);
  expect(shard.opened).toBe(2);
});
