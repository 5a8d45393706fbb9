import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const never = new Promise<never>(() => undefined);

describe('a deadline', () => {
  it('counts down from its limit to 0 and no further', () => {
    const clock = new FakeClock();
    const deadline = new Deadline(clock, 100);
    clock.advance(40);
    expect(deadline.remainingMs).toBe(60);
    expect(() => deadline.check('The lookup')).not.toThrow();
    clock.advance(100);
    expect(deadline.remainingMs).toBe(0);
    expect(() => deadline.check('The lookup')).toThrow(
      expect.objectContaining({
        code: 'TIMEOUT',
        message: expect.stringContaining('The lookup was not finished within 100 ms.') as string,
      }) as Error,
    );
  });

  it('gives the outcome of work that ends in time and leaves no timer or listener behind', async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const deadline = new Deadline(clock, 100, caller.signal);
    let given: AbortSignal | undefined;
    await expect(deadline.bound('The work', async (signal) => ((given = signal), 7))).resolves.toBe(7);
    await expect(deadline.race('The work', Promise.reject(new Error('own')))).rejects.toThrow('own');
    expect(clock.pending).toBe(0);
    caller.abort();
    expect(given?.aborted).toBe(false);
  });

  it('ends work that does not, and tells it so by its signal', async () => {
    const clock = new FakeClock();
    let given: AbortSignal | undefined;
    const bound = new Deadline(clock, 100).bound('The work', (signal) => ((given = signal), never));
    clock.advance(99);
    expect(given?.aborted).toBe(false);
    clock.advance(1);
    await expect(bound).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(given?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('is CANCELLED when the caller gives up first, with the reason as cause', async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const bound = new Deadline(clock, 100, caller.signal).race('The work', never);
    caller.abort('gone');
    await expect(bound).rejects.toMatchObject({ code: 'CANCELLED', cause: 'gone' });
    expect(clock.pending).toBe(0);
  });

  it('starts no work once it is over', async () => {
    const clock = new FakeClock();
    const over = new Deadline(clock, 0);
    const cancelled = new Deadline(clock, 100, AbortSignal.abort());
    const start = (): Promise<never> => expect.unreachable('work was started');
    await expect(over.bound('The work', start)).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(cancelled.bound('The work', start)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('sets no timer where there is no limit', async () => {
    const clock = new FakeClock();
    let settle: (value: number) => void = () => undefined;
    const bound = new Deadline(clock, Infinity).race('The work', new Promise<number>((resolve) => (settle = resolve)));
    expect(clock.pending).toBe(0);
    settle(1);
    await expect(bound).resolves.toBe(1);
  });

  it('lets a failure after its end pass without an unhandled rejection', async () => {
    const clock = new FakeClock();
    const late = Promise.withResolvers<never>();
    const bound = new Deadline(clock, 10).race('The work', late.promise);
    clock.advance(10);
    await expect(bound).rejects.toMatchObject({ code: 'TIMEOUT' });
    late.reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('lets a failure of work that it was over for pass without an unhandled rejection', async () => {
    const over = new Deadline(new FakeClock(), 0);
    await expect(over.race('The work', Promise.reject(new Error('nobody waits')))).rejects.toMatchObject({ code: 'TIMEOUT' });
    await new Promise((resolve) => setImmediate(resolve));
  });
});
