import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { TenantryError } from '../../src/core/errors.ts';
import { RecoverySweep } from '../../src/main/recovery-sweep.ts';
import type { SweepReport } from '../../shardmap/recovery.ts';
import { FakeClock } from '../support/fake-clock.ts';

const nothing: SweepReport = { settled: [], running: [], failed: [], pruned: 0 };
const operation = {
  operationId: 'o1',
  mapId: 1,
  kind: 'add-mapping',
  payload: {},
  state: 'LOGGED',
  generation: 1,
  leaseLeftMs: 0,
} as const;

function setUp(reports: (() => Promise<SweepReport>)[]) {
  const clock = new FakeClock();
  const lines: Record<string, unknown>[] = [];
  const log = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  let sweeps = 0;
  const sweep = (): Promise<SweepReport> => {
    sweeps += 1;
    return (reports.shift() ?? (async () => nothing))();
  };
  return { clock, lines, sweeps: () => sweeps, subject: new RecoverySweep({ sweep }, clock, pino({ base: null, timestamp: false }, log)) };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('the recovery sweep of serve', () => {
  test('begins at once and comes again ten seconds after the last one ended', async () => {
    const { clock, sweeps, subject } = setUp([]);
    subject.start();
    await turns();
    expect(sweeps()).toBe(1);
    clock.advance(9_999);
    await turns();
    expect(sweeps()).toBe(1);
    clock.advance(1);
    await turns();
    expect(sweeps()).toBe(2);
  });

  test('tells what it recovered and what it had to leave', async () => {
    const { lines, subject } = setUp([
      async () => ({
        settled: [{ operation, end: 'UNDONE' }],
        running: [],
        failed: [{ operation, error: new TenantryError('SHARD_UNAVAILABLE') }],
        pruned: 3,
      }),
    ]);
    subject.start();
    await turns();
    expect(lines).toEqual([
      { level: 30, operationId: 'o1', kind: 'add-mapping', end: 'UNDONE', msg: 'operation recovered' },
      { level: 40, operationId: 'o1', kind: 'add-mapping', code: 'SHARD_UNAVAILABLE', msg: 'operation left' },
      { level: 30, pruned: 3, msg: 'operations of long ago forgotten' },
    ]);
  });

  test('outlives a catalog that is away', async () => {
    const { clock, lines, sweeps, subject } = setUp([() => Promise.reject(new TenantryError('CATALOG_UNAVAILABLE'))]);
    subject.start();
    await turns();
    clock.advance(10_000);
    await turns();
    expect(sweeps()).toBe(2);
    expect(lines).toEqual([
      { level: 40, code: 'CATALOG_UNAVAILABLE', reason: 'The catalog cannot be reached.', msg: 'recovery sweep failed' },
    ]);
  });

  test('stops for good, after the sweep that runs', async () => {
    const running = Promise.withResolvers<SweepReport>();
    const { clock, sweeps, subject } = setUp([() => running.promise]);
    subject.start();
    let isStopped = false;
    const stop = subject.stop(20_000).then(() => (isStopped = true));
    await turns();
    expect(isStopped).toBe(false);
    running.resolve(nothing);
    await stop;
    clock.advance(60_000);
    await turns();
    expect(sweeps()).toBe(1);
  });

  test('goes on beside a sweep that does not end', async () => {
    const { clock, sweeps, subject } = setUp([() => new Promise(() => undefined)]);
    subject.start();
    clock.advance(59_999);
    await turns();
    expect(sweeps()).toBe(1);
    clock.advance(1);
    await turns();
    expect(sweeps()).toBe(2);
    clock.advance(10_000);
    await turns();
    expect(sweeps()).toBe(3);
  });

  test('stops when its time is over, whatever still runs', async () => {
    const { clock, subject } = setUp([() => new Promise(() => undefined)]);
    subject.start();
    const stop = subject.stop(20_000);
    clock.advance(20_000);
    await stop;
  });
});
