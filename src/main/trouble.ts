import { failureCode } from '../core/failure-code.ts';
import type { RouterObserver } from '../router/router-observer.ts';

/** Something in the background that no caller is told of by an error of its own, or the end of it. */
export interface Trouble {
  /**
   * `redis`: routes are looked up without it. `shard`: its calls fail at once until it answers again. `resets`: a reset left a connection
   * of the shard the tenant of its last use, so each serves one use until the process ends, and every call waits for a login. `webhook`:
   * a notice of drift could not be delivered.
   */
  readonly source: 'redis' | 'shard' | 'resets' | 'webhook';
  readonly state: 'failing' | 'recovered';
  /** Where it is a shard's. */
  readonly shardId?: string;
  /** Why it fails: a code of `TenantryError`, of Redis, of an answer (`HTTP_500`) or of the operating system, such as ECONNREFUSED. */
  readonly code?: string;
  /** The error itself, which may name hosts and ports, where it fails. */
  readonly cause?: unknown;
}

/** Told of each change once: of trouble that begins, that has another reason than before, and that is over. */
export type OnTrouble = (trouble: Trouble) => void;

/** What Redis's trouble is told as. */
export function redisTrouble(onTrouble: OnTrouble): { onTrouble: (error: unknown) => void; onRecovered: () => void } {
  return {
    onTrouble: (cause) => onTrouble({ source: 'redis', state: 'failing', code: failureCode(cause), cause }),
    onRecovered: () => onTrouble({ source: 'redis', state: 'recovered' }),
  };
}

/** An observer that tells of shards besides. */
export function withShardTrouble(observer: RouterObserver, onTrouble: OnTrouble): RouterObserver {
  return {
    ...observer,
    breakerChanged: (shardId, state, cause) => {
      observer.breakerChanged(shardId, state, cause);
      if (state === 'closed') onTrouble({ source: 'shard', state: 'recovered', shardId });
      else onTrouble({ source: 'shard', state: 'failing', shardId, ...(cause === undefined ? {} : { code: cause.code, cause }) });
    },
    resetsFailed: (shardId) => {
      observer.resetsFailed(shardId);
      onTrouble({ source: 'resets', state: 'failing', shardId });
    },
  };
}

/** Calls a listener outside the work that noticed the trouble: what it throws is an uncaught exception, and harms no call. */
export function apart(onTrouble: OnTrouble): OnTrouble {
  return (trouble) => queueMicrotask(() => onTrouble(trouble));
}
