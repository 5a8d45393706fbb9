import type { ErrorCode, TenantryError } from '../core/errors.ts';
import type { Refusal } from '../engine/entry.ts';
import type { LookOutcome } from './shard-watch.ts';

/** Told of what a router does, for metrics. No tenant is ever named; shards are, by id. Must not throw. */
export interface RouterObserver {
  /** A call of `query` or `withTenant` ended; `outcome` is INTERNAL for what a callback threw. */
  callEnded(kind: 'query' | 'transaction', outcome: 'ok' | ErrorCode, durationMs: number): void;
  /** A call waited for a connection, in vain or not. */
  connectionAwaited(shardId: string, durationMs: number): void;
  connectionOpened(shardId: string, durationMs: number): void;
  /** Opening one failed, or was put off by a server that lets connections in later. */
  connectionFailed(shardId: string, code: ErrorCode): void;
  connectionClosed(shardId: string): void;
  /** A shard refused an entry: the route was stale, or the tenant is not to be served. */
  entryRefused(shardId: string, reason: Refusal['reason']): void;
  /** A connection had the tenant of its last use still, the first of this shard: from now on each serves one use. */
  resetsFailed(shardId: string): void;
  /** An attempt is going to be repeated, because of this. */
  callRepeated(shardId: string, because: Refusal['reason'] | ErrorCode): void;
  /** A shard is left alone because of this, or served again. */
  breakerChanged(shardId: string, state: 'open' | 'closed', cause?: TenantryError): void;
  /** It was looked whether a shard is protected as it was when its connections were opened. */
  shardWatched(shardId: string, outcome: LookOutcome): void;
}

/** Of a process that keeps no metrics. */
export const silentObserver: RouterObserver = {
  callEnded: () => undefined,
  connectionAwaited: () => undefined,
  connectionOpened: () => undefined,
  connectionFailed: () => undefined,
  connectionClosed: () => undefined,
  entryRefused: () => undefined,
  resetsFailed: () => undefined,
  callRepeated: () => undefined,
  breakerChanged: () => undefined,
  shardWatched: () => undefined,
};
