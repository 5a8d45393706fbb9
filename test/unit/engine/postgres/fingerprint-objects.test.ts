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

test.each<[of: 'table' | 'procedure', object: string, item: string, kind: string, name: string, isNew: boolean]>([
  ['table', 'public.Blogs', 'row security', 'table', 'public."Blogs"', false],
  ['table', 'public.Blogs', 'rights of tenantry_app', 'rights', 'public."Blogs"', false],
  ['table', 'public.Blogs', 'rights of tenantry_app', 'foreign key', 'public."Blogs" parent', true],
  ['table', 'public.Blogs', 'rights of tenantry_app', 'default', 'public."Blogs"."TenantId"', true],
  ['table', 'public.Blogs', 'rights of tenantry_app on its schema', 'schema', 'public', false],
  ['table', 'public.Blogs', 'rights of tenantry_app on sequence Ids', 'rights', 'public."Ids"', false],
  ['procedure', 'public.total', 'rights of tenantry_app', 'function', 'public.total(integer)', false],
])('on %s %s, to set %s may change %s %s', (of, object, item, kind, name, isNew) => {
  expect(touchesObject({ of, object, item }, { kind, object: name }, isNew)).toBe(true);
});

test.each<[of: 'table' | 'procedure', object: string, item: string, kind: string, name: string, isNew: boolean]>([
  ['table', 'public.Blogs', 'row security', 'trigger', 'public."Blogs" mine', false],
  ['table', 'public.Blogs', 'rights of tenantry_app', 'columns', 'public."Blogs"', false],
  ['table', 'public.Blogs', 'rights of tenantry_app', 'table', 'public."BlogsOld"', true],
  ['table', 'public.Blogs', 'rights of tenantry_app on its schema', 'rights', 'public."Blogs"', true],
  ['table', 'public.Blogs', 'rights of tenantry_app on sequence Ids', 'rights', 'public."Blogs"', true],
  ['table', 'public.Blogs', 'model', 'table', 'public."Blogs"', true],
  ['procedure', 'public.total', 'rights of tenantry_app', 'function', 'public.totals()', false],
  ['procedure', 'public.total', 'rights of tenantry_app', 'rights', 'public.total', true],
  ['table', 'public.Blogs', 'policy tenantry_tenant', 'rights', 'public."Blogs"', false],
  ['table', 'public.Blogs', 'policy tenantry_tenant', 'table', 'public."Blogs"', false],
  ['table', 'public.Blogs', 'rights of tenantry_app', 'function', 'public."Blogs"(integer)', true],
])('on %s %s, to set %s leaves %s %s', (of, object, item, kind, name, isNew) => {
  expect(touchesObject({ of, object, item }, { kind, object: name }, isNew)).toBe(false);
});
