import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RouterObserver } from '../../router/router-observer.ts';

/** Seconds; from a hot read to a statement at its time limit. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What a process counts, in Prometheus' text form. No tenant is a label. */
export interface Metrics {
  /** For the router to report to. */
  readonly router: RouterObserver;
  /** An HTTP request ended; `route` is a name of the API's own, never a path. */
  requestEnded(route: string, method: string, status: number, durationMs: number): void;
  /** The key set of an issuer could not be fetched. */
  keysUnavailable(): void;
  /** That a shard may serve nobody, or the end of it, was told to the webhook, or could not be. */
  noticeEnded(outcome: 'delivered' | 'failed'): void;
  /** Nobody took a batch of log lines. */
  logDropped(): void;
  /** Text of the exposition and its media type. */
  exposition(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** A registry of its own, with the process's figures (CPU, heap, event loop) beside Tenantry's. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'tenantry_http_request_duration_seconds',
    help: 'Requests of the data API by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: durationBuckets,
    registers,
  });
  const keysUnavailable = new Counter({
    name: 'tenantry_issuer_keys_unavailable_total',
    help: "Failed fetches of an issuer's key set.",
    registers,
  });
  const notices = new Counter({
    name: 'tenantry_webhook_notices_total',
    help: 'Notices of shards that may serve nobody, and of the end of it, by whether the webhook took them.',
    labelNames: ['outcome'],
    registers,
  });
  const logDropped = new Counter({
    name: 'tenantry_log_batches_dropped_total',
    help: 'Batches of log lines that were lost because nobody read them.',
    registers,
  });
  return {
    router: createRouterMetrics(registers),
    requestEnded: (route, method, status, durationMs) => requests.observe({ route, method, status }, durationMs / 1_000),
    keysUnavailable: () => keysUnavailable.inc(),
    noticeEnded: (outcome) => notices.inc({ outcome }),
    logDropped: () => logDropped.inc(),
    exposition: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
}

function createRouterMetrics(registers: Registry[]): RouterObserver {
  const histogram = (name: string, help: string, labelNames: string[]): Histogram =>
    new Histogram({ name: `tenantry_${name}_seconds`, help, labelNames, buckets: durationBuckets, registers });
  const counter = (name: string, help: string, labelNames: string[]): Counter =>
    new Counter({ name: `tenantry_${name}_total`, help, labelNames, registers });
  const calls = histogram('routed_call_duration', 'Routed statements and transactions by outcome.', ['kind', 'outcome']);
  const waits = histogram('connection_wait', 'Time that calls waited for a connection.', ['shard']);
  const opens = histogram('connection_open_duration', 'Time to open and check a connection.', ['shard']);
  const connections = new Gauge({
    name: 'tenantry_connections',
    help: 'Open connections for tenant traffic.',
    labelNames: ['shard'],
    registers,
  });
  const failures = counter('connection_failures', 'Connections that could not be opened or were refused.', ['shard', 'code']);
  const refusals = counter(
    'entry_refusals',
    'Entries that a shard refused: stale routes, and tenants not to be served. NOT_RESET: a reset left a connection the tenant of its last use.',
    ['shard', 'reason'],
  );
  const repeats = counter('call_repeats', 'Attempts that were repeated.', ['shard', 'because']);
  const breakers = new Gauge({
    name: 'tenantry_breaker_open',
    help: '1 while a shard is not asked because it failed.',
    labelNames: ['shard'],
    registers,
  });
  const singleUse = new Gauge({
    name: 'tenantry_single_use',
    help: '1 once each connection of a shard serves one use, because a reset had left one the tenant of its last use.',
    labelNames: ['shard'],
    registers,
  });
  const looks = counter(
    'shard_looks',
    'Looks whether a shard is protected as it was: same, checked (all of it, and fit), changed (checked, and fit again), unfit (it serves nobody), unanswered.',
    ['shard', 'outcome'],
  );
  return {
    callEnded: (kind, outcome, durationMs) => calls.observe({ kind, outcome }, durationMs / 1_000),
    connectionAwaited: (shard, durationMs) => waits.observe({ shard }, durationMs / 1_000),
    connectionOpened: (shard, durationMs) => {
      opens.observe({ shard }, durationMs / 1_000);
      connections.inc({ shard });
    },
    connectionFailed: (shard, code) => failures.inc({ shard, code }),
    connectionClosed: (shard) => connections.dec({ shard }),
    entryRefused: (shard, reason) => refusals.inc({ shard, reason }),
    resetsFailed: (shard) => singleUse.set({ shard }, 1),
    callRepeated: (shard, because) => repeats.inc({ shard, because }),
    breakerChanged: (shard, state) => breakers.set({ shard }, state === 'open' ? 1 : 0),
    shardWatched: (shard, outcome) => looks.inc({ shard, outcome }),
  };
}
