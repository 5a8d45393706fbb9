import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { WaitQueue, type WaitQueueLimits } from '../../../src/core/wait-queue.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Remembers how long timers were set for. */
class WatchedClock extends FakeClock {
  readonly set: number[] = [];

  override after(ms: number, callback: () => void): () => void {
    this.set.push(ms);
    return super.after(ms, callback);
  }
}

class Bench {
  readonly clock = new WatchedClock();
  readonly queue: WaitQueue<string>;

  constructor(limits: Partial<WaitQueueLimits> = {}) {
    this.queue = new WaitQueue(this.clock, { waiting: 100, waitMs: 1_000, ...limits }, 'a turn');
  }

  wait(deadlineMs = Infinity, signal?: AbortSignal): Promise<string> {
    const waiting = this.queue.wait(new Deadline(this.clock, deadlineMs, signal));
    // Whoever is not looked at yet may be refused already.
    waiting.catch(() => undefined);
    return waiting;
  }
}

const overloaded = { code: 'OVERLOADED', retryable: true, outcome: 'not-run' };
const asleep = new TenantryError('SHARD_UNAVAILABLE', 'asleep', { retryAfterMs: 10_000 });

describe('a queue', () => {
  it('serves first who came first, and says whether anybody did', async () => {
    const bench = new Bench();
    const { queue } = bench;
    expect(queue.give('nobody')).toBe(false);
    const [first, second] = [bench.wait(), bench.wait()];
    expect(queue.length).toBe(2);
    expect([queue.give('one'), queue.give('two'), queue.give('three')]).toEqual([true, true, false]);
    expect(await Promise.all([first, second])).toEqual(['one', 'two']);
    expect([queue.length, bench.clock.pending]).toEqual([0, 0]);
  });

  it('refuses one too many at once, and those who wait stay', async () => {
    const bench = new Bench({ waiting: 1 });
    const waiting = bench.wait();
    await expect(bench.wait()).rejects.toMatchObject({ ...overloaded, detail: '1 calls wait for a turn already.', retryAfterMs: 1_000 });
    expect(bench.queue.length).toBe(1);
    bench.queue.give('now');
    expect(await waiting).toBe('now');
  });

  it.each([
    [1_000, 1_000],
    [599_999, 599_999],
    [900_000, 600_000],
  ])('refuses after its %i ms, and tells who goes to come again after %i', async (waitMs, retryAfterMs) => {
    const bench = new Bench({ waitMs });
    const waiting = bench.wait();
    bench.clock.advance(waitMs - 1);
    expect(bench.queue.length).toBe(1);
    bench.clock.advance(1);
    await expect(waiting).rejects.toMatchObject({ ...overloaded, detail: `There was none for ${waitMs} ms: a turn.`, retryAfterMs });
    expect([bench.queue.length, bench.clock.pending]).toEqual([0, 0]);
  });

  it.each([300, 1_000])('lets a caller go with TIMEOUT where his deadline (%i ms) ends first, or together with its own', async (ms) => {
    const bench = new Bench();
    const waiting = bench.wait(ms);
    bench.clock.advance(ms);
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT', detail: 'The time was over while the call waited for a turn.' });
    expect(bench.queue.length).toBe(0);
  });

  it('takes nobody whose time is over or who has given up', async () => {
    const bench = new Bench();
    await expect(bench.wait(0)).rejects.toMatchObject({ code: 'TIMEOUT', detail: expect.stringContaining('Waiting for a turn') as string });
    await expect(bench.wait(1_000, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
    expect([bench.queue.length, bench.clock.pending]).toEqual([0, 0]);
  });

  it('lets a caller go at once who gives up, with his reason, and serves the next', async () => {
    const bench = new Bench();
    const caller = new AbortController();
    const [gone, next] = [bench.wait(5_000, caller.signal), bench.wait()];
    const reason = new Error('enough');
    caller.abort(reason);
    await expect(gone).rejects.toMatchObject({ code: 'CANCELLED', detail: 'The call waited for a turn.', cause: reason });
    bench.queue.give('now');
    expect(await next).toBe('now');
    expect(bench.clock.pending).toBe(0);
  });

  it('keeps no hold of a signal whose caller was served', async () => {
    const bench = new Bench();
    const caller = new AbortController();
    const listeners: unknown[] = [];
    caller.signal.addEventListener = (...[, listener]: unknown[]) => void listeners.push(listener);
    caller.signal.removeEventListener = (...[, listener]: unknown[]) => void listeners.splice(listeners.indexOf(listener), 1);
    const waiting = bench.wait(5_000, caller.signal);
    expect(listeners).toHaveLength(1);
    bench.queue.give('now');
    await waiting;
    expect(listeners).toEqual([]);
  });

  it('rejects who has waited longest, or everybody', async () => {
    const bench = new Bench();
    const [first, ...others] = [bench.wait(), bench.wait(), bench.wait()];
    bench.queue.failFirst(new Error('one'));
    await expect(first).rejects.toThrow('one');
    expect(bench.queue.length).toBe(2);
    bench.queue.failAll(new Error('all'));
    for (const other of others) await expect(other).rejects.toThrow('all');
    bench.queue.failFirst(new Error('nobody'));
    expect([bench.queue.length, bench.clock.pending]).toEqual([0, 0]);
  });

  it('waits without end where neither it nor the caller has one, by timers that exist', async () => {
    const bench = new Bench({ waitMs: Infinity });
    const waiting = bench.wait();
    expect(bench.clock.set).toEqual([2 ** 31 - 1]);
    bench.clock.advance(2 ** 31 - 1);
    bench.clock.advance(2 ** 31 - 1);
    expect([bench.queue.length, bench.clock.pending]).toEqual([1, 1]);
    bench.queue.give('at last');
    expect(await waiting).toBe('at last');
  });
});

describe('a queue that is held up', () => {
  it('keeps everybody to his own deadline, and tells him then why', async () => {
    const bench = new Bench();
    const [early, late] = [bench.wait(2_500), bench.wait(600_000)];
    bench.queue.holdUp = asleep;
    bench.clock.advance(2_499);
    expect(bench.queue.length).toBe(2);
    bench.clock.advance(1);
    await expect(early).rejects.toBe(asleep);
    bench.clock.advance(500_000);
    bench.queue.give('awake');
    expect(await late).toBe('awake');
  });

  it('refuses one too many with the reason', async () => {
    const bench = new Bench({ waiting: 1 });
    bench.queue.holdUp = asleep;
    const waiting = bench.wait();
    await expect(bench.wait()).rejects.toBe(asleep);
    bench.queue.give('awake');
    await waiting;
  });

  it('is held up for those too who came before, and not for those who go after it', async () => {
    const bench = new Bench();
    const before = bench.wait(3_000);
    bench.queue.holdUp = asleep;
    bench.clock.advance(1_500);
    bench.queue.holdUp = undefined;
    expect(bench.queue.holdUp).toBeUndefined();
    bench.clock.advance(1_500);
    await expect(before).rejects.toMatchObject({ code: 'TIMEOUT' });
    const after = bench.wait();
    bench.clock.advance(1_000);
    await expect(after).rejects.toMatchObject(overloaded);
  });
});
