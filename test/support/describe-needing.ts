import { describe, it } from 'vitest';
import { unmet, type Need } from './needs.ts';

/** Declares a suite that needs a server; where there is none, it is listed with the reason among what could not run. */
export function describeNeeding(need: Need, title: string, suite: () => void): void {
  const reason = unmet(need);
  if (reason === undefined) describe(title, suite);
  else describe(title, () => it('can run', (context) => context.skip(reason)));
}
