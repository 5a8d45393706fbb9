/** A sample's five numbers. */
export interface Summary {
  readonly min: number;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  readonly max: number;
}

/** Minimum, quartiles and maximum, interpolated linearly; throws for an empty sample. */
export function summarize(sample: readonly number[]): Summary {
  if (sample.length === 0) throw new Error('A summary needs at least one value.');
  const sorted = sample.toSorted((a, b) => a - b);
  const at = (fraction: number): number => {
    const position = fraction * (sorted.length - 1);
    const below = sorted[Math.floor(position)] ?? Number.NaN;
    const above = sorted[Math.ceil(position)] ?? Number.NaN;
    return below + (above - below) * (position - Math.floor(position));
  };
  return { min: at(0), lower: at(0.25), median: at(0.5), upper: at(0.75), max: at(1) };
}
