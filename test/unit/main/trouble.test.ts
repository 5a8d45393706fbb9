import { expect, test } from 'vitest';
import { TenantryError } from '../../../src/core/errors.ts';
import { apart, withShardTrouble, type Trouble } from '../../../src/main/trouble.ts';
import { silentObserver } from '../../../src/router/router-observer.ts';
import { RedisHealth } from '../../../shardmap/redis-health.ts';

test('a shard that is left alone is told of with the cause, and again when it is served; the metrics hear it too', () => {
  const [told, counted]: [Trouble[], string[]] = [[], []];
  const metrics = { ...silentObserver, breakerChanged: (shardId: string, state: string) => counted.push(`${shardId} ${state}`) };
  const observer = withShardTrouble(metrics, (trouble) => told.push(trouble));
  const cause = new TenantryError('SHARD_UNVERIFIED');
  observer.breakerChanged('a', 'open', cause);
  observer.breakerChanged('a', 'closed');
  expect(told).toEqual([
    { source: 'shard', state: 'failing', shardId: 'a', code: 'SHARD_UNVERIFIED', cause },
    { source: 'shard', state: 'recovered', shardId: 'a' },
  ]);
  expect(counted).toEqual(['a open', 'a closed']);
});

test('resets that do not hold are told of with the shard; the metrics hear it too', () => {
  const [told, counted]: [Trouble[], string[]] = [[], []];
  const metrics = { ...silentObserver, resetsFailed: (shardId: string) => counted.push(shardId) };
  withShardTrouble(metrics, (trouble) => told.push(trouble)).resetsFailed('a');
  expect([told, counted]).toEqual([[{ source: 'resets', state: 'failing', shardId: 'a' }], ['a']]);
});

test('a listener runs after the work that noticed the trouble', async () => {
  const order: string[] = [];
  apart(() => order.push('told'))({ source: 'redis', state: 'recovered' });
  order.push('went on');
  await Promise.resolve();
  expect(order).toEqual(['went on', 'told']);
});

test('two connections that fail alike are told of once, and are well when both are', () => {
  const told: string[] = [];
  const health = new RedisHealth({
    onTrouble: (error) => told.push(error instanceof Error ? error.message : ''),
    onRecovered: () => told.push('well'),
  });
  const [one, other] = [health.connection('one'), health.connection('other')];
  const refused = (message: string): Error => Object.assign(new Error(message), { code: 'ECONNREFUSED' });
  one.failed(refused('first'));
  other.failed(refused('second'));
  one.failed(refused('third'));
  one.well();
  expect(told).toEqual(['first']);
  other.failed(new Error('WRONGPASS invalid username-password pair'));
  other.failed(new Error('WRONGPASS invalid username-password pair'));
  other.well();
  other.well();
  expect(told).toEqual(['first', 'WRONGPASS invalid username-password pair', 'well']);
  health.close();
  one.failed(refused('late'));
  expect(told).toHaveLength(3);
});
