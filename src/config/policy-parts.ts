import type { PolicySetting } from './policy-schema.ts';
import type { ContextSetting, TableSettings } from './settings.ts';

/** What policies are made of, as it was read and found to fit together. */
export interface PolicyParts {
  readonly tables: readonly TableSettings[];
  readonly context: readonly ContextSetting[];
  readonly policies: Readonly<Record<string, PolicySetting>>;
}

/** The policies on a table by name: in which order they were written makes no difference. */
export function policiesOn(policies: PolicyParts['policies'], table: string): (readonly [string, PolicySetting])[] {
  return Object.entries(policies)
    .filter(([, { on }]) => on.includes(table))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}
