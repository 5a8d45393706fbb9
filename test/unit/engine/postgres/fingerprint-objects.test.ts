import { expect, test } from 'vitest';
import { setsObject, touchesObject } from '../../../../src/engine/postgres/fingerprint-objects.ts';
import { policyTable } from '../../../support/policy-table.ts';

const on = policyTable({ schema: 'public', table: 'Blogs' });

test.each([
  ['policy tenantry_tenant', 'policy', 'public."Blogs" tenantry_tenant'],
  ['policy tenantry_rows_own Rows', 'policy', 'public."Blogs" "tenantry_rows_own Rows"'],
  ['capture insert', 'trigger', 'public."Blogs" tenantry_capture_insert'],
  ['default', 'default', 'public."Blogs"."TenantId"'],
])('to set %s sets %s %s', (item, kind, object) => {
  expect(setsObject({ on, item }, { kind, object })).toBe(true);
});

test.each([
  // Its owner is of the same object; so are the rights of others.
  ['row security', 'table', 'public."Blogs"'],
  ['rights of tenantry_app', 'rights', 'public."Blogs"'],
  ['rights of tenantry_app on its schema', 'rights', 'public."Blogs"'],
  ['rights of tenantry_app on its schema', 'schema', 'public'],
  ['rights of tenantry_app on sequence Blogs_Id_seq', 'rights', 'public."Blogs"'],
  ['rights of tenantry_app on sequence Blogs_Id_seq', 'rights', 'public."Blogs_Id_seq"'],
  ['row security', 'rights', 'public."Blogs"'],
  ['row security', 'table', 'public."Posts"'],
  ['policy tenantry_tenant', 'policy', 'public."Blogs" more'],
  ['policy tenantry_tenant', 'policy', 'public."Posts" tenantry_tenant'],
  ['capture insert', 'trigger', 'public."Blogs" mine'],
  ['default', 'default', 'public."Blogs"."Title"'],
  ['model', 'table', 'public."Blogs"'],
])('to set %s does not set %s %s', (item, kind, object) => {
  expect(setsObject({ on, item }, { kind, object })).toBe(false);
});

test.each([
  ['public.Blogs', 'row security', 'table', 'public."Blogs"', false],
  ['public.Blogs', 'rights of tenantry_app', 'rights', 'public."Blogs"', false],
  ['public.Blogs', 'rights of tenantry_app', 'foreign key', 'public."Blogs" parent', true],
  ['public.Blogs', 'rights of tenantry_app', 'default', 'public."Blogs"."TenantId"', true],
  ['public.Blogs', 'rights of tenantry_app on its schema', 'schema', 'public', false],
  ['public.Blogs', 'rights of tenantry_app on sequence Ids', 'rights', 'public."Ids"', false],
  ['public.total', 'rights of tenantry_app', 'function', 'public.total(integer)', false],
])('on %s, to set %s may change %s %s', (object, item, kind, name, isNew) => {
  expect(touchesObject({ object, item }, { kind, object: name }, isNew)).toBe(true);
});

test.each([
  ['public.Blogs', 'row security', 'trigger', 'public."Blogs" mine', false],
  ['public.Blogs', 'rights of tenantry_app', 'columns', 'public."Blogs"', false],
  ['public.Blogs', 'rights of tenantry_app', 'table', 'public."BlogsOld"', true],
  ['public.Blogs', 'rights of tenantry_app on its schema', 'rights', 'public."Blogs"', true],
  ['public.Blogs', 'rights of tenantry_app on sequence Ids', 'rights', 'public."Blogs"', true],
  ['public.Blogs', 'model', 'table', 'public."Blogs"', true],
  ['public.total', 'rights of tenantry_app', 'function', 'public.totals()', false],
])('on %s, to set %s leaves %s %s', (object, item, kind, name, isNew) => {
  expect(touchesObject({ object, item }, { kind, object: name }, isNew)).toBe(false);
});
