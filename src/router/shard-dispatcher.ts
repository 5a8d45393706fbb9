import { TenantryError } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import { ConnectionBudget } from '../engine/connection-budget.ts';
import type { EngineConnection } from '../engine/engine.ts';
import { EntryRefused } from '../engine/entry.ts';
import type { RoutedCall } from './routed-call.ts';
import type { RouterDependencies } from './router-dependencies.ts';
import { RoutedShard, type SharedByShards } from './routed-shard.ts';

/** What a refusal may be news for, besides the route. */
interface Attempt {
  readonly shard: RoutedShard;
  readonly tokenRefused: () => void;
}

/** Shards of a fleet that are looked at at once; most looks are over in a millisecond. */
const looksAtOnce = 32;

/** One attempt of a call: its route, a connection of that shard, and what the answer teaches. */
export class ShardDispatcher {
  readonly #dependencies: RouterDependencies;
  readonly #shared: SharedByShards;
  readonly #shards = new Map<string, RoutedShard>();

  constructor(dependencies: RouterDependencies) {
    this.#dependencies = dependencies;
    const { limits, knownShards } = dependencies;
    this.#shared = { budget: new ConnectionBudget(limits.connections, limits.poolPerShard, knownShards), turns: new Turns(looksAtOnce) };
  }

  /**
   * Starts the call on the shard that its tenant is thought to live on. Rejects with `EntryRefused` where the shard knows
   * better; the lookup has been told then.
   */
  async dispatch<T>(call: RoutedCall<T>): Promise<T> {
    const { tenant } = call;
    const route = this.#dependencies.routes.peek(tenant.id) ?? (await this.#dependencies.routes.find(tenant.id, call.deadline));
    call.route = route;
    const shard = this.#shard(route.shardId);
    call.shard = shard;
    shard.breaker.check();
    const connection = shard.pool.take() ?? (await this.#awaitConnection(call, shard));
    const entry = tenant.entry(route);
    try {
      const result = await call.start(connection, entry, shard);
      shard.ended(connection);
      if (!call.keepsConnection) shard.pool.give(connection);
      return result;
    } catch (error) {
      shard.ended(connection, error);
      shard.pool.give(connection);
      if (error instanceof EntryRefused) this.#learn(call, error, { shard, tokenRefused: () => tenant.tokenRefused(entry) });
      throw error;
    }
  }

  /** Has a shard that is not in use looked at once; those in use are looked at in any case. */
  examine(shardId: string): void {
    this.#shard(shardId).examine();
  }

  /** Shards of which something is kept. */
  get size(): number {
    return this.#shards.size;
  }

  /** Closes every connection; what runs on them fails. */
  async close(): Promise<void> {
    await Promise.all([...this.#shards.values()].map((shard) => shard.close()));
  }

  #shard(shardId: string): RoutedShard {
    return this.#shards.get(shardId) ?? this.#add(shardId);
  }

  /** Shards only ever join here, so that it is here that those which were removed are let go. */
  #add(shardId: string): RoutedShard {
    for (const [id, shard] of this.#shards) {
      if (!shard.isUnused) continue;
      this.#shards.delete(id);
      void shard.close();
    }
    const shard = new RoutedShard(shardId, this.#shared, this.#dependencies);
    this.#shards.set(shardId, shard);
    return shard;
  }

  async #awaitConnection<T>(call: RoutedCall<T>, shard: RoutedShard): Promise<EngineConnection> {
    const { clock, observer, routes } = this.#dependencies;
    const startedAt = clock.now();
    try {
      return await shard.pool.wait(call.deadline);
    } catch (error) {
      if (call.route !== undefined && isUnknownShard(error)) routes.forget(call.tenant.id, call.route);
      throw error;
    } finally {
      observer.connectionAwaited(shard.shardId, clock.now() - startedAt);
    }
  }

  #learn<T>({ tenant, route }: RoutedCall<T>, { refusal }: EntryRefused, { shard, tokenRefused }: Attempt): void {
    if (route === undefined) return;
    this.#dependencies.observer.entryRefused(route.shardId, refusal.reason);
    switch (refusal.reason) {
      case 'MOVED':
        this.#dependencies.routes.learn(tenant.id, { mappingId: route.mappingId, shardId: refusal.shardId, epoch: refusal.epoch });
        return;
      case 'STALE_EPOCH':
      case 'UNKNOWN_MAPPING':
        this.#dependencies.routes.forget(tenant.id, route);
        return;
      case 'BAD_TOKEN':
        tokenRefused();
        return;
      case 'OFFLINE':
      case 'DRAINING':
      case 'INCOMING':
      case 'UNVERIFIED':
        return;
      case 'NOT_RESET':
        shard.notReset();
        return;
    }
  }
}

/** Whether the catalog has no such shard any more: the route to it is stale. */
export function isUnknownShard(error: unknown): boolean {
  return error instanceof TenantryError && error.code === 'NOT_FOUND';
}
