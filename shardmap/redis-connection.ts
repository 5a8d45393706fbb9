import { Redis, type RedisOptions } from 'ioredis';
import type { ConnectionHealth } from './redis-health.ts';

/** Longest pause before another attempt to connect. */
const longestPauseMs = 2_000;

/**
 * Opens a connection that is only ever a help: it connects in the background for as long as it takes, and a command
 * fails at once while it is not there instead of waiting in a queue. Close it with `disconnect()`.
 */
export function openRedis(url: string, health: ConnectionHealth, options: Pick<RedisOptions, 'autoResubscribe'> = {}): Redis {
  const redis = new Redis(url, {
    connectTimeout: 2_000,
    keepAlive: 10_000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), longestPauseMs),
    ...options,
  });
  // Without a listener ioredis writes errors to the console.
  redis.on('error', (error) => health.failed(error));
  redis.on('ready', () => health.well());
  return redis;
}
