import { silentObserver, type RouterObserver } from '../../src/router/router-observer.ts';

/** Tells of connections, refusals and repeated attempts as text, without the shard. */
export function tellingInto(events: string[]): RouterObserver {
  return {
    ...silentObserver,
    connectionOpened: () => events.push('opened'),
    connectionFailed: (_shardId, code) => events.push(`failed ${code}`),
    connectionClosed: () => events.push('closed'),
    entryRefused: (_shardId, reason) => events.push(`refused ${reason}`),
    resetsFailed: () => events.push('resets failed'),
    callRepeated: (_shardId, because) => events.push(`repeated ${because}`),
    breakerChanged: (_shardId, state) => events.push(`breaker ${state}`),
  };
}
