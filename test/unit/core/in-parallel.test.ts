import { expect, it } from 'vitest';
import { inParallel } from '../../../src/core/in-parallel.ts';

it('gives results in order, with so many under way and none far ahead of who takes them', async () => {
  const begun: number[] = [];
  const results = inParallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    if (item === 0) await new Promise((resolve) => setImmediate(resolve));
    return item * 10;
  });
  expect(await results.next()).toEqual({ done: false, value: 0 });
  expect(begun).toEqual([0, 1]);
  expect(await results.next()).toEqual({ done: false, value: 10 });
  expect(begun).toEqual([0, 1, 2]);
  expect(await Array.fromAsync(results)).toEqual([20, 30, 40, 50]);
});

it('throws what one throws in its turn, waits for those under way and begins no more', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const results = inParallel([0, 1, 2, 3, 4], 3, async (item) => {
    begun.push(item);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 1) throw new Error('one');
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
    return item;
  });
  await expect(Array.fromAsync(results)).rejects.toThrow('one');
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(ended).toEqual([0, 2, 3]);
});
