import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedRanges, type Range } from '../../../shardmap/sorted-ranges.ts';
import { checkProperty } from '../../support/random.ts';

const make = (low: number, high: number | undefined): Range => ({ low, high, used: true });

describe('sorted ranges', () => {
  it('find, overlap and remove as a plain list does', () => {
    const step = fc.record({ low: fc.nat(3000), length: fc.integer({ min: 1, max: 40 }), remove: fc.boolean(), probe: fc.nat(3100) });
    checkProperty(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const sorted = new SortedRanges<Range>(10_000);
        let model: Range[] = [];
        for (const { low, length, remove, probe } of steps) {
          const high = low + length;
          const expected = model
            .filter((one) => (one.low as number) < high && low < (one.high as number))
            .toSorted((a, b) => (a.low as number) - (b.low as number));
          expect(sorted.overlapping(low, high)).toEqual(expected);
          if (remove) {
            for (const one of expected) sorted.remove(one);
            model = model.filter((one) => !expected.includes(one));
          } else if (expected.length === 0) {
            const added = make(low, high);
            sorted.insert(added);
            model.push(added);
          }
          expect(sorted.find(probe)).toBe(model.find((one) => (one.low as number) <= probe && probe < (one.high as number)));
          expect(sorted.size).toBe(model.length);
        }
      }),
      200,
    );
  });

  it('stay in order over many blocks, filled from either end or from the middle', () => {
    for (const order of [(n: number) => n, (n: number) => 9999 - n, (n: number) => (n * 7919) % 10_000]) {
      const sorted = new SortedRanges<Range>(20_000);
      for (let n = 0; n < 10_000; n += 1) sorted.insert(make(order(n) * 10, order(n) * 10 + 5));
      for (let n = 0; n < 10_000; n += 1) {
        expect(sorted.find(n * 10 + 4)?.low).toBe(n * 10);
        expect(sorted.find(n * 10 + 5)).toBeUndefined();
      }
      expect(sorted.overlapping(-1, undefined)).toHaveLength(10_000);
    }
  });

  it('hold one without an upper end as far as there are keys', () => {
    const sorted = new SortedRanges<Range>(10);
    const last = make(5, undefined);
    sorted.insert(last);
    expect(sorted.find(2 ** 31)).toBe(last);
    expect(sorted.overlapping(100, 200)).toEqual([last]);
    expect(sorted.overlapping(0, 5)).toEqual([]);
  });

  it('drop what was not used lately where they are full', () => {
    const sorted = new SortedRanges<Range>(1000);
    for (let n = 0; n < 1000; n += 1) sorted.insert(make(n * 10, n * 10 + 10));
    for (let n = 1000; n < 5000; n += 1) {
      sorted.insert(make(n * 10, n * 10 + 10));
      sorted.find(5005);
    }
    expect(sorted.size).toBe(1000);
    expect(sorted.find(5005)?.low).toBe(5000);
    expect(sorted.find(6005)).toBeUndefined();
  });
});
