import { expect, test } from 'vitest';
import type { LivePart } from '../../../../src/policy/live-parts.ts';
import { candidateModel } from '../../../../src/main/inspection/candidate.ts';

const posts: LivePart = { schema: 'public', table: 'Posts', part: 'policy', name: 'mine', item: null, details: {}, statement: null };
const bare = { tenant: 'TenantId' };
const ofBlogs = { tenant: 'TenantId', parent: { table: 'Blogs', columns: { BlogId: 'BlogId' } } };
const ofUsers = { tenant: 'TenantId', parent: { table: 'Users', columns: { UserId: 'UserId' } } };

test.each([
  ['one that says it, behind one that leaves it out', [bare, ofBlogs], ofBlogs],
  ['one that says it, before one that leaves it out', [ofBlogs, bare], ofBlogs],
  ['the first of two that say one', [ofBlogs, ofUsers], ofBlogs],
  ['one that says it, behind one that takes the table for a reference table', ['reference', ofBlogs], ofBlogs],
  ['none, where none says one', [bare, 'reference'], bare],
])('of models kept for one table its parent is from %s', (_which, models, expected) => {
  const kept = models.map((table) => ({ model: JSON.stringify({ tables: { Posts: table } }) }));
  expect(candidateModel([posts], kept, ({ table }) => table)).toEqual({ context: {}, tables: { Posts: expected }, policies: {} });
});
