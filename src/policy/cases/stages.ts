import type { PolicyCase } from '../../core/policy-case.ts';
import type { Rehearsals } from '../../engine/rehearsal.ts';

/**
 * Cases by the stage that they are on, where they do not see each other. What a new row refers to is made up and stays, so that each such
 * case has a stage of its own; and where a session keeps its first tenant, so has everybody.
 */
export function stagesOf(cases: readonly PolicyCase[], { entersOnce }: Pick<Rehearsals, 'entersOnce'>): readonly (readonly PolicyCase[])[] {
  const inserting = cases.filter(({ statement }) => 'values' in statement);
  const others = cases.filter(({ statement }) => !('values' in statement));
  const shared = entersOnce ? [...Map.groupBy(others, ({ as }) => JSON.stringify(as)).values()] : [others];
  return [...shared.filter(({ length }) => length > 0), ...inserting.map((tested) => [tested])];
}
