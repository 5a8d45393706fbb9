import { expect, it } from 'vitest';
import { LockWait } from '../../../src/policy/lock-wait.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('leaves each statement what those before it have not waited, and then refuses', async () => {
  const clock = new FakeClock();
  const wait = new LockWait(clock);
  const patience: number[] = [];
  const taking =
    (ms: number) =>
    async (patienceMs: number): Promise<void> => {
      patience.push(patienceMs);
      clock.advance(ms);
    };
  await wait.during(0, taking(400));
  await wait.during(50, taking(50));
  await wait.during(50, taking(60));
  await expect(wait.during(0, async (ms) => await taking(580)(ms).then(() => Promise.reject(new Error('no lock'))))).rejects.toThrow(
    'no lock',
  );
  await wait.during(50, taking(60));
  await expect(wait.during(50, taking(0))).rejects.toMatchObject({ code: 'TIMEOUT', detail: 'Others held tables for more than 1000 ms.' });
  expect(patience).toEqual([1_000, 600, 600, 590, 10]);
});
