import { expect, test } from 'vitest';
import { setsObject, tableOf, touchesObject } from '../../../../src/engine/mssql/fingerprint-objects.ts';
import { policyTable } from '../../../support/policy-table.ts';

const on = policyTable({ schema: 'dbo', table: 'Blogs' });

test.each([
  ['security policy', 'predicate', 'dbo.Blogs block after insert'],
  ['filter predicate', 'predicate', 'dbo.Blogs filter'],
  ['block predicate', 'predicate', 'dbo.Blogs block'],
  ['block predicate', 'predicate', 'dbo.Blogs block after insert'],
  ['function rows_Blogs_0123', 'function', 'tenantry.rows_Blogs_0123'],
  ['default', 'default', 'dbo.Blogs TenantId'],
])('to set %s sets %s %s', (item, kind, object) => {
  expect(setsObject({ on, item }, { kind, object })).toBe(true);
});

test.each([
  ['security policy', 'predicate', 'dbo.Blogs2 filter'],
  ['filter predicate', 'predicate', 'dbo.Blogs block'],
  ['block predicate', 'predicate', 'dbo.Blogs filter'],
  ['function rows_Blogs_0123', 'function', 'dbo.rows_Blogs_0123'],
  ['default', 'default', 'dbo.Blogs Title'],
  // Its owner is of the same object; so are the rights of others.
  ['change tracking', 'table', 'dbo.Blogs'],
  ['rights of tenantry_app', 'rights', 'dbo.Blogs'],
  ['rights of tenantry_app on its schema', 'rights', 'schema dbo'],
  ['change tracking', 'rights', 'dbo.Blogs'],
  ['rights of tenantry_app', 'rights', 'schema dbo'],
  ['rights of tenantry_app on its schema', 'rights', 'dbo.Blogs'],
  ['model', 'table', 'dbo.Blogs'],
])('to set %s does not set %s %s', (item, kind, object) => {
  expect(setsObject({ on, item }, { kind, object })).toBe(false);
});

test('names are taken as they are, brackets among them', () => {
  expect(tableOf({ kind: 'table', object: 'dbo.A [b]' })).toBe('dbo.A [b]');
  expect(tableOf({ kind: 'trigger', object: 'dbo.Blogs tenantry_mine' })).toBe('dbo.Blogs tenantry_mine');
});

test.each([
  ['rights of tenantry_app', 'rights', 'dbo.Blogs', false],
  ['change tracking', 'table', 'dbo.Blogs', false],
  ['rights of tenantry_app', 'unique key', 'dbo.Blogs UX', true],
  ['rights of tenantry_app on its schema', 'rights', 'schema dbo', false],
])('to set %s may change %s %s', (item, kind, object, isNew) => {
  expect(touchesObject({ of: 'table', object: 'dbo.Blogs', item }, { kind, object }, isNew)).toBe(true);
});

test.each([
  ['rights of tenantry_app', 'unique key', 'dbo.Blogs UX', false],
  ['rights of tenantry_app', 'table', 'dbo.BlogsOld', true],
  ['rights of tenantry_app on its schema', 'table', 'dbo.Blogs', true],
  ['model', 'table', 'dbo.Blogs', true],
  ['block predicate', 'rights', 'dbo.Blogs', false],
  ['default', 'table', 'dbo.Blogs', false],
  ['rights of tenantry_app', 'procedure', 'dbo.Blogs', false],
])('to set %s leaves %s %s', (item, kind, object, isNew) => {
  expect(touchesObject({ of: 'table', object: 'dbo.Blogs', item }, { kind, object }, isNew)).toBe(false);
});
