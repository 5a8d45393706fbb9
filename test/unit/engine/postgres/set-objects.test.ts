import { expect, test } from 'vitest';
import { setsObject } from '../../../../src/engine/postgres/set-objects.ts';
import { policyTable } from '../../../support/policy-table.ts';

const on = policyTable({ schema: 'public', table: 'Blogs' });

test.each([
  ['row security', 'table', 'public."Blogs"'],
  ['policy tenantry_tenant', 'policy', 'public."Blogs" tenantry_tenant'],
  ['policy tenantry_rows_own Rows', 'policy', 'public."Blogs" "tenantry_rows_own Rows"'],
  ['capture insert', 'trigger', 'public."Blogs" tenantry_capture_insert'],
  ['default', 'default', 'public."Blogs"."TenantId"'],
  ['rights of tenantry_app', 'rights', 'public."Blogs"'],
])('to set %s sets %s %s', (item, kind, object) => {
  expect(setsObject({ on, item }, { kind, object })).toBe(true);
});

test.each([
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
