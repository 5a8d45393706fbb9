import type { Figure, Goal } from './bench.ts';
import { summarize, type Summary } from './summary.ts';

/** One of several ways to do the same work. */
export interface Side {
  readonly name: string;
  /** Works for about `ms` milliseconds; gives how many operations it completed. */
  slice(ms: number): number | Promise<number>;
}

/** A side of awaited operations by one or more callers side by side. */
export function callers(name: string, count: number, operation: (caller: number) => Promise<unknown>): Side {
  return {
    name,
    slice: async (ms) => {
      const end = performance.now() + ms;
      let done = 0;
      const work = async (caller: number): Promise<void> => {
        while (performance.now() < end) {
          await operation(caller);
          done++;
        }
      };
      await Promise.all(Array.from({ length: count }, (_, caller) => work(caller)));
      return done;
    },
  };
}

/** A side too fast to look at the clock after each operation: `batch` does some at once and gives how many. */
export function batches(name: string, batch: () => number): Side {
  return {
    name,
    slice: (ms) => {
      const end = performance.now() + ms;
      let done = 0;
      while (performance.now() < end) done += batch();
      return done;
    },
  };
}

interface InterleaveOptions {
  /** Slices of each side; 20 by default, and at least. */
  readonly slices?: number;
  /** Length of a slice in milliseconds; 500 by default. */
  readonly sliceMs?: number;
  /** Slices of each side that are run and not counted; 2 by default. */
  readonly warmUpSlices?: number;
}

/** Operations per second of each side, slice by slice. */
export class Interleaved {
  readonly #rates: ReadonlyMap<string, readonly number[]>;

  constructor(rates: ReadonlyMap<string, readonly number[]>) {
    this.#rates = rates;
  }

  /** Operations per second of a side, one value a slice. */
  rates(side: string): readonly number[] {
    const rates = this.#rates.get(side);
    if (rates === undefined) throw new Error(`No side is called ${side}; there are ${[...this.#rates.keys()].join(', ')}.`);
    return rates;
  }

  /** Ratios of two sides' speeds, pair by pair of neighbouring slices, so that slow drift of the machine cancels out. */
  ratios(side: string, base: string): Summary {
    const baseRates = this.rates(base);
    return summarize(this.rates(side).map((rate, slice) => rate / (baseRates[slice] ?? Number.NaN)));
  }

  /** The median ratio of two sides' speeds as a figure, with everything behind it. */
  figure(metric: string, side: string, base: string, goal?: Goal): Figure {
    const ratios = this.ratios(side, base);
    const [ours, theirs] = [summarize(this.rates(side)), summarize(this.rates(base))];
    const slices = this.rates(side).length;
    const detail = {
      side,
      base,
      slices,
      ...named('ratio', ratios, 3),
      ...named('sidePerSecond', ours, 1),
      ...named('basePerSecond', theirs, 1),
    };
    const { min, lower, upper, max } = ratios;
    const behind = [
      `quartiles ${lower.toFixed(3)} and ${upper.toFixed(3)}, least ${min.toFixed(3)}, most ${max.toFixed(3)}, of ${slices} slices`,
      ...[ours, theirs].map((rates, index) => `${index === 0 ? side : base} ${perSecond(rates)}`),
    ].join('; ');
    return { metric, ratio: ratios.median, ...(goal === undefined ? {} : { goal }), detail, behind };
  }
}

/** Runs the sides in turns, slice by slice, the order reversed every other round. */
export async function interleave(
  sides: readonly Side[],
  { slices = 20, sliceMs = 500, warmUpSlices = 2 }: InterleaveOptions = {},
): Promise<Interleaved> {
  if (slices < 20) throw new Error(`At least 20 slices are needed for quartiles worth showing, not ${slices}.`);
  const rates = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
  if (rates.size < sides.length) throw new Error('Each side needs a name of its own.');
  for (let round = -warmUpSlices; round < slices; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const started = performance.now();
      const done = await side.slice(sliceMs);
      const seconds = (performance.now() - started) / 1_000;
      if (round >= 0) rates.get(side.name)?.push(done / seconds);
    }
  }
  return new Interleaved(rates);
}

function perSecond({ lower, median, upper }: Summary): string {
  const [least = '', middle = '', most = ''] = [lower, median, upper].map((rate) => Math.round(rate).toLocaleString('en'));
  return `${middle}/s (${least} to ${most})`;
}

function named(prefix: string, { min, lower, median, upper, max }: Summary, digits: number): Record<string, number> {
  const entries = Object.entries({ Min: min, LowerQuartile: lower, Median: median, UpperQuartile: upper, Max: max });
  return Object.fromEntries(entries.map(([name, value]) => [`${prefix}${name}`, Number(value.toFixed(digits))]));
}
