import type { Redis } from 'ioredis';
import type { Clock } from '../src/core/clock.ts';
import { Deadline } from '../src/core/deadline.ts';
import { changeFromMessage, changeToMessage, type KeysChange } from './change-message.ts';
import type { ConnectionHealth } from './redis-health.ts';
import type { MappingKind } from './mapping.ts';

/** Who is told of changes: the lookup of the map. */
export interface ChangeListener {
  invalidate(change: KeysChange): void;
  /** Changes may have been missed: at the start, and after every loss of the connection. */
  changesMissed(): void;
}

/** What a subscription is made of. */
export interface RedisSubscriptionOptions {
  readonly mapName: string;
  readonly kind: MappingKind;
  readonly clock: Clock;
  readonly health: ConnectionHealth;
  /** Told of a message that cannot be read. */
  readonly onMalformed: (error: unknown) => void;
  /** How often a silent connection is asked whether it is still there, and how long it may take. Default 10,000. */
  readonly pingMs?: number | undefined;
}

/** Publishes a change of a map to everybody who listens. Rejects where Redis cannot be reached. */
export async function publishChange(redis: Redis, mapName: string, change: KeysChange): Promise<void> {
  await redis.publish(channelOf(mapName), changeToMessage(change));
}

/**
 * Listens to a map's changes for as long as the connection lives. Redis keeps nothing for who is away, so every new
 * subscription begins with `changesMissed`. The connection must be one of its own, without `autoResubscribe`.
 */
export class RedisSubscription {
  readonly #redis: Redis;
  readonly #options: RedisSubscriptionOptions;
  readonly #listener: ChangeListener;
  #stopPing: () => void = () => undefined;

  constructor(redis: Redis, listener: ChangeListener, options: RedisSubscriptionOptions) {
    this.#redis = redis;
    this.#listener = listener;
    this.#options = options;
    redis.on('message', (_channel: string, text: string) => this.#receive(text));
    redis.on('ready', () => void this.#subscribe());
    redis.on('close', () => this.#stopPing());
  }

  close(): void {
    this.#redis.disconnect();
    this.#stopPing();
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#redis.subscribe(channelOf(this.#options.mapName));
    } catch (error) {
      // The connection was lost again: the next one subscribes.
      this.#options.health.failed(error);
      return;
    }
    this.#listener.changesMissed();
    this.#pingLater();
  }

  #receive(text: string): void {
    try {
      this.#listener.invalidate(changeFromMessage(text, this.#options.kind));
    } catch (error) {
      this.#options.onMalformed(error);
      this.#listener.changesMissed();
    }
  }

  #pingLater(): void {
    const { clock, pingMs = 10_000 } = this.#options;
    this.#stopPing = clock.after(pingMs, () => void this.#ping(pingMs));
  }

  /** A peer that vanished closes nothing, and a subscriber that sends nothing would never find out. */
  async #ping(limitMs: number): Promise<void> {
    try {
      await new Deadline(this.#options.clock, limitMs).bound('An answer of Redis', () => this.#redis.ping());
    } catch (error) {
      this.#options.health.failed(error);
      if (this.#redis.status === 'ready') this.#redis.disconnect(true);
      return;
    }
    this.#options.health.well();
    this.#pingLater();
  }
}

function channelOf(mapName: string): string {
  return `tenantry:changes:${mapName}`;
}
