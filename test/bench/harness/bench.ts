/** A goal that a ratio is held against. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One measured figure. Every figure with a goal is a ratio against a base line measured in the same run. */
export interface Figure {
  /** What was measured, against which base line: `routed read / pg's prepared query, 8 callers`. */
  readonly metric: string;
  /** Absent for figures that are shown only, such as microseconds of CPU. */
  readonly ratio?: number;
  readonly goal?: Goal;
  /** What stands behind it: medians, quartiles, counts, units in the names. */
  readonly detail: Readonly<Record<string, number | string>>;
  /** The detail for people. Default: each name with its value. */
  readonly behind?: string;
}

/** A benchmark: a file `test/bench/NAME.bench.ts` that exports one as `bench`. */
export interface Bench {
  /** One sentence for the heading. */
  readonly title: string;
  /** Measures and hands over each figure as it is known. Starts its own servers, and stops them. */
  run(report: (figure: Figure) => void): Promise<void>;
}

/** Whether a figure meets its goal; one without a goal always does, one whose ratio is missing or no number never. */
export function meetsGoal({ ratio, goal }: Figure): boolean {
  if (goal === undefined) return true;
  if (ratio === undefined || Number.isNaN(ratio)) return false;
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}

/** The line of `--json`: `goal` is the limit, `detail.goal` says from which side. */
export function jsonLine(bench: string, figure: Figure): string {
  const { metric, ratio = null, goal, detail } = figure;
  const limit = goal === undefined ? null : 'atLeast' in goal ? goal.atLeast : goal.atMost;
  const side = goal === undefined ? {} : { goal: 'atLeast' in goal ? 'at least' : 'at most' };
  return JSON.stringify({ bench, metric, ratio, goal: limit, ok: meetsGoal(figure), detail: { ...detail, ...side } });
}

/** What people read: the figure with its goal, and below it what stands behind it. */
export function figureText(figure: Figure): string {
  const { metric, ratio, goal, detail } = figure;
  const limit = goal === undefined ? '' : 'atLeast' in goal ? ` (goal: at least ${goal.atLeast})` : ` (goal: at most ${goal.atMost})`;
  const verdict = goal === undefined ? '' : meetsGoal(figure) ? 'ok' : 'MISSED';
  const behind =
    figure.behind ??
    Object.entries(detail)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  return `${verdict.padEnd(8)}${metric}${ratio === undefined ? '' : `: ${ratio.toFixed(3)}${limit}`}\n${' '.repeat(8)}${behind}`;
}
