import { hadNoAnswer, type TenantryError } from '../../core/errors.ts';
import type { PolicyChange, PolicyFinding } from '../../policy/model.ts';
import { isLooked, type Looked, type Unlooked } from '../../policy/rollout.ts';
import type { Output } from '../output.ts';
import { resultData } from './fleet.ts';
import { asConfigured, describeChanges, warn } from './policy-text.ts';

type Look = Looked<{ readonly name: string }> | Unlooked<{ readonly name: string }>;

/** What would be done on a shard; `error`: why it could not be looked at, or why it cannot be done. */
interface Previewed {
  readonly shard: string;
  readonly outcome: 'already so' | 'pending' | 'failed';
  readonly changes: readonly PolicyChange[];
  readonly warnings: readonly PolicyFinding[];
  readonly error?: TenantryError;
}

/** Tells what would be done on each shard, and where that is not known, or cannot be done. */
export function tellPreview(output: Output, looks: readonly Look[]): void {
  const results = looks.map(previewed);
  for (const { shard, warnings } of results) warn(output, shard, warnings);
  output.result({ items: results.map(resultData) }, results.map(describe).join('\n'));
}

function previewed(look: Look): Previewed {
  const { name: shard } = look.shard;
  if (!isLooked(look)) return { shard, outcome: 'failed', changes: [], warnings: [], error: look.error };
  const { changes, warnings } = look.found;
  return { shard, outcome: changes.length === 0 ? 'already so' : 'pending', changes, warnings };
}

function describe({ shard, changes, error }: Previewed): string {
  if (error !== undefined) return `shard ${shard}: ${hadNoAnswer(error) ? 'could not be looked at' : 'cannot be done'}: ${error.reason}`;
  return changes.length === 0 ? asConfigured(shard) : describeChanges(shard, changes);
}
