import { systemClock, type Clock } from '../../src/core/clock.ts';
import { TenantryError } from '../../src/core/errors.ts';
import { createRouter } from '../../src/router/create-router.ts';
import { defaultRouterLimits, type RouterLimits } from '../../src/router/limits.ts';
import type { Router } from '../../src/router/router.ts';
import type { RouterDependencies } from '../../src/router/router-dependencies.ts';
import type { Route } from '../../shardmap/route.ts';
import type { TenantId } from '../../shardmap/key.ts';
import { FakeShard } from './fake-shards.ts';

interface FleetOptions {
  readonly clock?: Clock;
  readonly limits?: Partial<RouterLimits>;
  readonly tokens?: RouterDependencies['tokens'];
  /** Default: always 0.5. */
  readonly random?: () => number;
}

/** A router over shards `a` and `b` in memory, with a catalog that is a map; even tenants live on `a`, odd ones on `b`. */
export class FakeFleet {
  readonly shards = { a: new FakeShard(), b: new FakeShard() };
  /** The routes in the process. */
  readonly known = new Map<TenantId, Route>();
  /** What the catalog says; absent: even tenants on `a`, odd ones on `b`, epoch 1. */
  readonly catalog = new Map<TenantId, Route>();
  /** Every event the router told of, as text. */
  readonly events: string[] = [];
  found = 0;
  readonly router: Router;

  constructor({ clock = systemClock, limits = {}, tokens = [() => Uint8Array.of(1)], random = () => 0.5 }: FleetOptions = {}) {
    this.router = createRouter({
      keyType: 'int',
      routes: {
        peek: (tenant) => this.known.get(tenant),
        find: async (tenant) => this.#find(tenant),
        learn: (tenant, route) => this.known.set(tenant, route),
        forget: (tenant) => this.known.delete(tenant),
      },
      connect: (shardId, signal) => this.#shard(shardId).connect(signal),
      tokens,
      limits: { ...defaultRouterLimits, ...limits },
      clock,
      random,
      observer: {
        callEnded: (kind, outcome) => this.events.push(`${kind} ${outcome}`),
        connectionAwaited: () => {},
        connectionOpened: (shardId) => this.events.push(`opened ${shardId}`),
        connectionFailed: (shardId, code) => this.events.push(`failed ${shardId} ${code}`),
        connectionClosed: (shardId) => this.events.push(`closed ${shardId}`),
        entryRefused: (shardId, reason) => this.events.push(`refused ${shardId} ${reason}`),
        resetsFailed: (shardId) => this.events.push(`resets failed ${shardId}`),
        callRepeated: (shardId, because) => this.events.push(`repeated ${shardId} ${because}`),
        breakerChanged: (shardId, state) => this.events.push(`breaker ${shardId} ${state}`),
        shardWatched: (shardId, outcome) => this.events.push(`watched ${shardId} ${outcome}`),
      },
    });
  }

  #find(tenant: TenantId): Route {
    this.found += 1;
    const route = this.catalog.get(tenant) ?? { mappingId: Number(tenant), shardId: Number(tenant) % 2 === 0 ? 'a' : 'b', epoch: 1 };
    this.known.set(tenant, route);
    return route;
  }

  #shard(shardId: string): FakeShard {
    if (shardId === 'a' || shardId === 'b') return this.shards[shardId];
    throw new TenantryError('NOT_FOUND', 'There is no such shard.');
  }
}
