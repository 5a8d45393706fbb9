import type { Redis } from 'ioredis';
import type { Clock } from '../src/core/clock.ts';
import { Deadline } from '../src/core/deadline.ts';
import { TenantryError } from '../src/core/errors.ts';
import { bytesToHex } from './key-encoding.ts';
import type { ConnectionHealth } from './redis-health.ts';
import type { MappingKind } from './mapping.ts';
import type { Route, RoutedKeys } from './route.ts';
import type { RouteCache } from './route-cache.ts';
import { routeFromText, routeToText } from './route-text.ts';

/** KEYS[1]; ARGV: epoch, text, lifetime in milliseconds. Sets the text unless one of a newer epoch is there. */
const putScript = `
local held = redis.call('GET', KEYS[1])
local epoch = held and tonumber(string.match(held, '^%d+'))
if epoch and epoch > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** KEYS[1]; ARGV: epoch. Deletes the text unless one of a newer epoch is there. */
const removeScript = `
local held = redis.call('GET', KEYS[1])
local epoch = held and tonumber(string.match(held, '^%d+'))
if epoch and epoch > tonumber(ARGV[1]) then return 0 end
return redis.call('DEL', KEYS[1])`;

/** What a Redis cache is made of. */
export interface RedisCacheOptions {
  /** Unique among the maps that share the Redis. */
  readonly mapName: string;
  readonly kind: MappingKind;
  readonly clock: Clock;
  /** Told of every failure, a slow answer included, and of every success. */
  readonly health: ConnectionHealth;
  /** Told of a route that cannot be read. */
  readonly onMalformed: (error: unknown) => void;
  /** How long an answer may take. Default 50. */
  readonly timeoutMs?: number | undefined;
  /** How long Redis is left alone after a failure; then one command tries. Default 1,000. */
  readonly restMs?: number | undefined;
  /** How long an entry lives without being written again. Default a day. */
  readonly lifetimeMs?: number | undefined;
}

/** Routes in Redis: one text for each encoded key. Nothing here rejects or takes longer than its bound. */
export class RedisCache implements RouteCache {
  readonly #redis: Redis;
  readonly #options: RedisCacheOptions;
  readonly #timeoutMs: number;
  /** When Redis may be asked again; undefined while all is well. */
  #restsUntil: number | undefined;

  constructor(redis: Redis, options: RedisCacheOptions) {
    this.#redis = redis;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 50;
  }

  async get(key: Uint8Array): Promise<RoutedKeys | undefined> {
    const text = await this.#attempt(() => this.#redis.get(this.#name(key)));
    if (text === undefined || text === null) return undefined;
    const found = routeFromText(text, this.#options.kind, key);
    if (found === undefined) this.#options.onMalformed(new TenantryError('INTERNAL', 'Redis holds a route that is malformed.'));
    return found;
  }

  async put(key: Uint8Array, found: RoutedKeys): Promise<void> {
    const lifetimeMs = this.#options.lifetimeMs ?? 86_400_000;
    await this.#attempt(() => this.#redis.eval(putScript, 1, this.#name(key), found.route.epoch, routeToText(found), lifetimeMs));
  }

  async remove(key: Uint8Array, route: Route): Promise<void> {
    await this.#attempt(() => this.#redis.eval(removeScript, 1, this.#name(key), route.epoch));
  }

  /** Drops whatever the key has. */
  async drop(key: Uint8Array): Promise<void> {
    await this.#attempt(() => this.#redis.del(this.#name(key)));
  }

  #name(key: Uint8Array): string {
    return `tenantry:route:${this.#options.mapName}:${bytesToHex(key)}`;
  }

  /** A failure is told, and costs at most one bound in each rest, however many ask. */
  async #attempt<T>(command: () => Promise<T>): Promise<T | undefined> {
    const { clock, health, restMs = 1_000 } = this.#options;
    if (this.#redis.status !== 'ready') return undefined;
    if (this.#restsUntil !== undefined) {
      if (clock.now() < this.#restsUntil) return undefined;
      this.#restsUntil = clock.now() + this.#timeoutMs;
    }
    try {
      const answer = await new Deadline(clock, this.#timeoutMs).bound('An answer of Redis', command);
      this.#restsUntil = undefined;
      health.well();
      return answer;
    } catch (error) {
      this.#restsUntil = clock.now() + restMs;
      health.failed(error);
      return undefined;
    }
  }
}
