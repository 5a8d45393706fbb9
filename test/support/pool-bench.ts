import { Deadline } from '../../src/core/deadline.ts';
import { ConnectionBudget } from '../../src/engine/connection-budget.ts';
import { Pool, type PoolLimits } from '../../src/engine/pool.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeShard, type FakeConnection } from './fake-shards.ts';

const limits: PoolLimits = { waiting: 100, waitMs: 1_000, connectTimeoutMs: 500, idleMs: 10_000 };

/** Lets everything that is ready to go on do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Pools on one budget, by a clock that stands until the test moves it. */
export class PoolBench {
  readonly clock = new FakeClock();
  readonly budget: ConnectionBudget;
  readonly failures: unknown[] = [];
  putOff = 0;

  constructor(connections: number, perPool: number, knownShards?: number) {
    this.budget = new ConnectionBudget(connections, perPool, knownShards);
  }

  pool(shard: FakeShard, changes: Partial<PoolLimits> = {}): Pool<FakeConnection> {
    return new Pool({
      connect: (signal) => shard.connect(signal),
      reuses: ({ capabilities }) => capabilities.resetClearsContext,
      budget: this.budget,
      limits: { ...limits, ...changes },
      clock: this.clock,
      observer: { opened: () => {}, failed: (error) => this.failures.push(error), putOff: () => (this.putOff += 1), closed: () => {} },
    });
  }

  deadline(ms = 60_000, signal?: AbortSignal): Deadline {
    return new Deadline(this.clock, ms, signal);
  }

  /** Takes `count` connections out of a pool. */
  lend(pool: Pool<FakeConnection>, count: number): Promise<FakeConnection[]> {
    return Promise.all(Array.from({ length: count }, async () => pool.take() ?? (await pool.wait(this.deadline()))));
  }
}

/** A shard whose connects hang until the test lets them go on, or their signal aborts. */
export function hangingShard(): FakeShard {
  const shard = new FakeShard();
  shard.connecting = (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  return shard;
}
