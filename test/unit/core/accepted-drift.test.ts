import { expect, test } from 'vitest';
import { driftProblem } from '../../../src/core/accepted-drift.ts';

test.each(['view public."Totals"', 'foreign key public."Posts" posts_blog', 'unique key public."Blogs" blogs_name'])(
  '%s may be drift that is accepted for a while',
  (object) => {
    expect(driftProblem(object)).toBeUndefined();
  },
);

test.each(['unique key', 'unique key tenantry.local_mapping local_mapping_low', 'policy public."Blogs" tenantry_tenant'])(
  '%s may not',
  (object) => {
    expect(driftProblem(object)).toContain('by itself it may be a view, ');
  },
);
