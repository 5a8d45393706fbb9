import type { Predicate, RowOperation, RowPolicy } from '../core/predicate.ts';

/** Whether an operation asks for a value of the call whatever the row is, so that nothing passes where a call has brought none. */
export function needsValue(policies: readonly RowPolicy[], operation: RowOperation): boolean {
  return policies.some(({ conditions }) => {
    const condition = conditions[operation];
    return condition !== undefined && failsWithout(condition);
  });
}

function failsWithout(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case 'owner':
    case 'role':
    case 'member':
      return true;
    case 'parent':
      return failsWithout(predicate.rows);
    case 'all':
      return predicate.of.some(failsWithout);
    case 'any':
      return predicate.of.every(failsWithout);
    case 'raw':
      return false;
  }
}
