import { z } from 'zod';
import { finding } from './findings.ts';
import type { Difference } from './diff.ts';
import type { PolicyFinding } from './model.ts';

/** Of the configuration's own words for the policies on a table, as a shard keeps them: each policy by its name. */
const keptModel = z.object({ policies: z.record(z.string(), z.unknown()) });

/**
 * The policies that are there, and that the configuration says otherwise now: whatever order they are brought to shards and services in,
 * a service with the other of both is refused meanwhile.
 */
export function changedInPlace(pending: readonly Difference[]): PolicyFinding[] {
  return pending.flatMap((difference) => {
    if (difference.of !== 'table' || difference.item !== 'model') return [];
    const { schema, table } = difference.on;
    const before = policiesIn(difference.before);
    return [...policiesIn(difference.after)]
      .filter(([name, said]) => before.has(name) && before.get(name) !== said)
      .map(([name]) => finding('changed-policy', { schema, table, detail: name, remedy: null }));
  });
}

/** None where somebody else wrote it. */
function policiesIn(model: string | null): ReadonlyMap<string, string> {
  const read = keptModel.safeParse(jsonOf(model ?? ''));
  return new Map(read.success ? Object.entries(read.data.policies).map(([name, said]) => [name, JSON.stringify(said)]) : []);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
