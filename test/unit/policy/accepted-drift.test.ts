import { expect, test } from 'vitest';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { presentDrift } from '../../../src/policy/accepted-drift.ts';

test.each([
  ['a table of a plain name', { schema: 'public', table: 'Blogs' }, 'public."Blogs"'],
  ['a table with a space in its name', { schema: 'public', table: 'Order Lines' }, 'public."Order Lines"'],
])('no drift is what is configured: %s, and the triggers that Tenantry makes on it', (_, table, written) => {
  const items = [
    { kind: 'table', object: written },
    { kind: 'trigger', object: `${written} tenantry_capture_insert` },
    { kind: 'trigger', object: `${written} audit rows` },
    { kind: 'view', object: `public."${table.table} of all"` },
  ];
  const drift = items.map(({ kind, object }) => ({ object: `${kind} ${object}`, reason: 'tried', untilMs: 1 }));
  expect(presentDrift(postgresPolicyRenderer, drift, { kept: [], items, tables: [table] }).map(({ object }) => object)).toEqual([
    `trigger ${written} audit rows`,
    `view public."${table.table} of all"`,
  ]);
});
