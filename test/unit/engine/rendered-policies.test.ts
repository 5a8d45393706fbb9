import { expect, test } from 'vitest';
import { renderedPolicies } from '../../support/policies/rendered.ts';

// A change of these files is a change of what stands on every shard of every fleet: `policy apply` has to be run for it.
test.each(['postgres', 'mssql'] as const)(
  'what protects the tables of a model with every kind of predicate, on %s, is as reviewed',
  async (engine) => {
    await expect(renderedPolicies(engine)).toMatchFileSnapshot(`rendered/${engine}.sql`);
  },
);
