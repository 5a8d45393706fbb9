import { TenantryError } from '../core/errors.ts';
import { ConnectionBudget } from '../engine/connection-budget.ts';
import type { EngineConnection } from '../engine/engine.ts';
import { EntryRefused } from '../engine/entry.ts';
import type { RoutedCall } from './routed-call.ts';
import type { RouterDependencies } from './router-dependencies.ts';
import { ShardLane } from './shard-lane.ts';

/** One attempt of a call: its route, a connection of that shard, and what the answer teaches. */
export class ShardVisitor {
  readonly #dependencies: RouterDependencies;
  readonly #budget: ConnectionBudget;
  readonly #lanes = new Map<string, ShardLane>();

  constructor(dependencies: RouterDependencies) {
    this.#dependencies = dependencies;
    this.#budget = new ConnectionBudget(dependencies.limits.connections, dependencies.limits.poolPerShard, dependencies.knownShards);
  }

  /**
   * Starts the call on the shard that its tenant is thought to live on. Rejects with `EntryRefused` where the shard knows
   * better; the lookup has been told then.
   */
  async visit<T>(call: RoutedCall<T>): Promise<T> {
    const { desk } = call;
    const route = this.#dependencies.routes.peek(desk.id) ?? (await this.#dependencies.routes.find(desk.id, call.deadline));
    call.route = route;
    const lane = this.#lanes.get(route.shardId) ?? this.#openLane(route.shardId);
    call.lane = lane;
    lane.breaker.check();
    const connection = lane.pool.take() ?? (await this.#awaitConnection(call, lane));
    const entry = desk.entry(route);
    try {
      const result = await call.start(connection, entry, lane);
      lane.ended(connection);
      if (!call.keepsConnection) lane.pool.give(connection);
      return result;
    } catch (error) {
      lane.ended(connection, error);
      lane.pool.give(connection);
      if (error instanceof EntryRefused) this.#learn(call, error, () => desk.tokenRefused(entry));
      throw error;
    }
  }

  /** Shards of which something is kept. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Closes every connection; what runs on them fails. */
  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.pool.close()));
  }

  /** Lanes only ever grow here, so that it is here that those of shards which were removed are let go. */
  #openLane(shardId: string): ShardLane {
    for (const [id, lane] of this.#lanes) {
      if (!lane.isUnused) continue;
      this.#lanes.delete(id);
      void lane.pool.close();
    }
    const lane = new ShardLane(shardId, this.#budget, this.#dependencies);
    this.#lanes.set(shardId, lane);
    return lane;
  }

  async #awaitConnection<T>(call: RoutedCall<T>, lane: ShardLane): Promise<EngineConnection> {
    const { clock, observer, routes } = this.#dependencies;
    const startedAt = clock.now();
    try {
      return await lane.pool.wait(call.deadline);
    } catch (error) {
      if (call.route !== undefined && isUnknownShard(error)) routes.forget(call.desk.id, call.route);
      throw error;
    } finally {
      observer.connectionAwaited(lane.shardId, clock.now() - startedAt);
    }
  }

  #learn<T>({ desk, route }: RoutedCall<T>, { refusal }: EntryRefused, tokenRefused: () => void): void {
    if (route === undefined) return;
    this.#dependencies.observer.entryRefused(route.shardId, refusal.reason);
    switch (refusal.reason) {
      case 'MOVED':
        this.#dependencies.routes.learn(desk.id, { mappingId: route.mappingId, shardId: refusal.shardId, epoch: refusal.epoch });
        return;
      case 'STALE_EPOCH':
      case 'UNKNOWN_MAPPING':
        this.#dependencies.routes.forget(desk.id, route);
        return;
      case 'BAD_TOKEN':
        tokenRefused();
        return;
      case 'OFFLINE':
      case 'DRAINING':
      case 'INCOMING':
        return;
    }
  }
}

/** Whether the catalog has no such shard any more: the route to it is stale. */
export function isUnknownShard(error: unknown): boolean {
  return error instanceof TenantryError && error.code === 'NOT_FOUND';
}
