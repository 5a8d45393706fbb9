import { defaultLimits, type Limits } from '../core/limits.ts';

type ConfiguredLimits = Pick<
  Limits,
  | 'poolPerShard'
  | 'connections'
  | 'perTenant'
  | 'connectTimeoutMs'
  | 'statementTimeoutMs'
  | 'transactionTimeoutMs'
  | 'waitMs'
  | 'idleMs'
  | 'protectionSweepMs'
  | 'unwatchedMs'
>;

/** How much a router may hold and how long it may wait: what a configuration says of it, and what follows from no need to be set. */
export interface RouterLimits extends ConfiguredLimits {
  /** Calls that may wait for a connection of one shard, and of one tenant for its turn. */
  readonly waiting: number;
  /** Tenants whose token is remembered; each takes about 400 bytes. */
  readonly tenants: number;
}

/** What holds where the configuration says nothing. */
export const defaultRouterLimits: RouterLimits = {
  ...defaultLimits,
  waiting: 1_000,
  tenants: 50_000,
};
