import { describe, expect, it } from 'vitest';
import { figureText, jsonLine, meetsGoal } from '../../bench/harness/bench.ts';
import { batches, callers, interleave, Interleaved } from '../../bench/harness/interleave.ts';
import { summarize } from '../../bench/harness/summary.ts';

describe('a benchmark figure', () => {
  it('meets its goal from the right side only, and never without a ratio', () => {
    const figure = { metric: 'm', detail: {} };
    expect(meetsGoal({ ...figure, ratio: 0.8, goal: { atLeast: 0.8 } })).toBe(true);
    expect(meetsGoal({ ...figure, ratio: 0.79, goal: { atLeast: 0.8 } })).toBe(false);
    expect(meetsGoal({ ...figure, ratio: 3, goal: { atMost: 3 } })).toBe(true);
    expect(meetsGoal({ ...figure, ratio: 3.1, goal: { atMost: 3 } })).toBe(false);
    expect(meetsGoal({ ...figure, goal: { atMost: 3 } })).toBe(false);
    expect(meetsGoal({ ...figure, ratio: Number.NaN, goal: { atMost: 3 } })).toBe(false);
    expect(meetsGoal(figure)).toBe(true);
  });

  it('is one line of JSON with the fields that scripts read', () => {
    expect(JSON.parse(jsonLine('lookup', { metric: 'hot / Map.get', ratio: 2.5, goal: { atMost: 3 }, detail: { slices: 20 } }))).toEqual({
      bench: 'lookup',
      metric: 'hot / Map.get',
      ratio: 2.5,
      goal: 3,
      ok: true,
      detail: { slices: 20, goal: 'at most' },
    });
  });

  it('is two lines for people: the figure beside its goal, and what stands behind it', () => {
    const memory = { metric: 'bytes / 150', ratio: 0.9434, goal: { atMost: 1 }, detail: { bytes: 141.5, mappings: 1_000 } };
    expect(figureText(memory)).toBe('ok      bytes / 150: 0.943 (goal: at most 1)\n        bytes 141.5, mappings 1000');
    expect(figureText({ ...memory, goal: { atLeast: 1 } })).toMatch(/^MISSED  bytes/);
    expect(figureText({ metric: 'CPU', detail: { micros: 3 } })).toBe('        CPU\n        micros 3');
    const rates = new Map([
      ['a', [1_000, 1_000, 2_000]],
      ['b', [2_000, 4_000, 2_000]],
    ]);
    expect(figureText(new Interleaved(rates).figure('a / b', 'a', 'b', { atLeast: 0.4 }))).toBe(
      'ok      a / b: 0.500 (goal: at least 0.4)\n' +
        '        quartiles 0.375 and 0.750, least 0.250, most 1.000, of 3 slices; a 1,000/s (1,000 to 1,500); b 2,000/s (2,000 to 3,000)',
    );
  });
});

describe('summarize', () => {
  it('gives minimum, quartiles, median and maximum', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ min: 1, lower: 2, median: 3, upper: 4, max: 5 });
    expect(summarize([1, 2])).toEqual({ min: 1, lower: 1.25, median: 1.5, upper: 1.75, max: 2 });
    expect(() => summarize([])).toThrow('at least one value');
  });
});

describe('interleaved sides', () => {
  it('are compared slice by slice: a machine that slows down for both does not change the ratio', () => {
    const measured = new Interleaved(
      new Map([
        ['a', [100, 50, 10]],
        ['b', [200, 100, 20]],
      ]),
    );
    expect(measured.ratios('a', 'b')).toEqual({ min: 0.5, lower: 0.5, median: 0.5, upper: 0.5, max: 0.5 });
    expect(measured.figure('a / b', 'a', 'b', { atLeast: 0.4 })).toMatchObject({
      ratio: 0.5,
      detail: { slices: 3, sidePerSecondMedian: 50, basePerSecondMin: 20 },
    });
    expect(() => measured.rates('c')).toThrow('there are a, b');
  });

  it('run in turns, the order reversed every other round, warm-up not counted', async () => {
    const order: string[] = [];
    const side = (name: string) => ({ name, slice: () => order.push(name) });
    const measured = await interleave([side('a'), side('b')], { sliceMs: 1 });
    expect(order.slice(0, 8).join('')).toBe('abbaabba');
    expect(order).toHaveLength(44);
    expect(measured.rates('a')).toHaveLength(20);
    await expect(interleave([side('a')], { slices: 3 })).rejects.toThrow('At least 20 slices');
    await expect(interleave([side('a'), side('a')])).rejects.toThrow('a name of its own');
  });

  it('count operations of all callers, and of batches', async () => {
    const seen = new Set<number>();
    const done = await callers('c', 3, async (caller) => {
      seen.add(caller);
      await new Promise((resolve) => setImmediate(resolve));
    }).slice(20);
    expect([...seen]).toEqual([0, 1, 2]);
    expect(done).toBeGreaterThan(3);
    expect(await batches('b', () => 1_000).slice(5)).toBeGreaterThanOrEqual(1_000);
  });
});
