import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/http/observe/metrics.ts';

/** What a scrape says of a figure, by its labels. */
async function figures(metrics: ReturnType<typeof createMetrics>, name: string): Promise<string[]> {
  return (await metrics.exposition()).text.split('\n').filter((line) => line.startsWith(name));
}

test('what the router reports is counted by shard, in seconds, and each process counts alone', async () => {
  const metrics = createMetrics();
  const { router } = metrics;
  router.callEnded('query', 'ok', 1_500);
  router.connectionAwaited('a', 250);
  for (const shard of ['a', 'a', 'b']) router.connectionOpened(shard, 2_000);
  router.connectionClosed('a');
  router.connectionFailed('a', 'TIMEOUT');
  router.entryRefused('a', 'MOVED');
  router.resetsFailed('b');
  router.callRepeated('a', 'MOVED');
  router.breakerChanged('a', 'open');
  router.breakerChanged('b', 'closed');
  router.shardWatched('a', 'unfit');
  const said = async (name: string): Promise<string[]> => await figures(metrics, `tenantry_${name}`);
  expect(await said('routed_call_duration_seconds_sum')).toEqual([
    'tenantry_routed_call_duration_seconds_sum{kind="query",outcome="ok"} 1.5',
  ]);
  expect(await said('routed_call_duration_seconds_bucket{le="0.0025"')).toHaveLength(1);
  expect(await said('connection_wait_seconds_sum')).toEqual(['tenantry_connection_wait_seconds_sum{shard="a"} 0.25']);
  expect(await said('connection_open_duration_seconds_sum')).toEqual([
    'tenantry_connection_open_duration_seconds_sum{shard="a"} 4',
    'tenantry_connection_open_duration_seconds_sum{shard="b"} 2',
  ]);
  expect(await said('connections')).toEqual(['tenantry_connections{shard="a"} 1', 'tenantry_connections{shard="b"} 1']);
  expect(await said('connection_failures_total')).toEqual(['tenantry_connection_failures_total{shard="a",code="TIMEOUT"} 1']);
  expect(await said('entry_refusals_total')).toEqual(['tenantry_entry_refusals_total{shard="a",reason="MOVED"} 1']);
  expect(await said('single_use')).toEqual(['tenantry_single_use{shard="b"} 1']);
  expect(await said('call_repeats_total')).toEqual(['tenantry_call_repeats_total{shard="a",because="MOVED"} 1']);
  expect(await said('breaker_open')).toEqual(['tenantry_breaker_open{shard="a"} 1', 'tenantry_breaker_open{shard="b"} 0']);
  expect(await said('shard_looks_total')).toEqual(['tenantry_shard_looks_total{shard="a",outcome="unfit"} 1']);
  expect(await figures(createMetrics(), 'tenantry_connections{')).toEqual([]);
});

test('what the API and the log report is counted, beside the figures of the process, as Prometheus reads it', async () => {
  const metrics = createMetrics();
  metrics.requestEnded('list rows', 'GET', 200, 1_500);
  metrics.keysUnavailable();
  metrics.logDropped();
  expect(await figures(metrics, 'tenantry_http_request_duration_seconds_sum')).toEqual([
    'tenantry_http_request_duration_seconds_sum{route="list rows",method="GET",status="200"} 1.5',
  ]);
  expect(await figures(metrics, 'tenantry_issuer_keys_unavailable_total')).toEqual(['tenantry_issuer_keys_unavailable_total 1']);
  expect(await figures(metrics, 'tenantry_log_batches_dropped_total')).toEqual(['tenantry_log_batches_dropped_total 1']);
  expect(await figures(metrics, 'process_cpu_user_seconds_total')).toHaveLength(1);
  expect((await metrics.exposition()).contentType).toMatch(/^text\/plain; version=0\.0\.4/);
});
