import { defaultConnectionLimits } from '../engine/connection-limits.ts';

/** How much a router may hold and how long it may wait. */
export interface RouterLimits {
  /** Connections to one shard. */
  readonly poolPerShard: number;
  /** Connections to all shards together. */
  readonly connections: number;
  /** Calls of one tenant that run at the same time. */
  readonly perTenant: number;
  /** Milliseconds for a call that does not say otherwise. */
  readonly statementTimeoutMs: number;
  /** Milliseconds that a transaction may take from its entry to the end of its callback. */
  readonly transactionTimeoutMs: number;
  /** Calls that may wait for a connection of one shard, and of one tenant for its turn. */
  readonly waiting: number;
  /** Milliseconds that a call may wait for a connection or its turn before OVERLOADED. */
  readonly waitMs: number;
  /** Milliseconds that a call may wait for a tenant that is moving before TENANT_MOVING. */
  readonly movingMs: number;
  /** Milliseconds to open a connection. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without use after which a connection is closed, at the latest after twice as many. */
  readonly idleMs: number;
  /** Tenants whose capability is remembered; each takes about 400 bytes. */
  readonly tenants: number;
}

/** What holds where the configuration says nothing. */
export const defaultRouterLimits: RouterLimits = {
  poolPerShard: 10,
  connections: 200,
  perTenant: 8,
  statementTimeoutMs: defaultConnectionLimits.statementTimeoutMs,
  transactionTimeoutMs: defaultConnectionLimits.transactionTimeoutMs,
  waiting: 1_000,
  waitMs: 5_000,
  movingMs: 5_000,
  connectTimeoutMs: 5_000,
  idleMs: 30_000,
  tenants: 50_000,
};
