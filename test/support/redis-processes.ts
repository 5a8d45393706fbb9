import { Redis } from 'ioredis';
import { afterEach, beforeEach } from 'vitest';
import { RedisProcess, type RedisProcessOptions, uniqueMapName } from './redis-process.ts';
import type { RedisAccess } from './servers/redis.ts';

/** What a test of a suite has; each test has its own. */
export interface RedisProcesses<Server extends RedisAccess> {
  readonly server: Server;
  readonly mapName: string;
  /** A connection that is nobody's process. */
  readonly plain: Redis;
  /** Starts a process over the Redis and the map. */
  start(options?: RedisProcessOptions): RedisProcess;
}

/** Gives every test of a suite a Redis, and closes what used it afterwards. */
export function useRedisProcesses<Server extends RedisAccess>(open: () => Promise<Server>): RedisProcesses<Server> {
  let server: Server;
  let mapName: string;
  let processes: RedisProcess[];
  let plain: Redis;

  beforeEach(async () => {
    server = await open();
    mapName = uniqueMapName();
    processes = [];
    plain = new Redis(server.url, { lazyConnect: true });
  });

  afterEach(async () => {
    for (const one of processes) one.redis.close();
    plain.disconnect();
    await server.stop();
  });

  return {
    get server() {
      return server;
    },
    get mapName() {
      return mapName;
    },
    get plain() {
      return plain;
    },
    start: (options) => {
      const one = new RedisProcess(server.url, mapName, options);
      processes.push(one);
      return one;
    },
  };
}
