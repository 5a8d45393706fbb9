import { beforeAll, describe, expect, it } from 'vitest';
import { usePolicyShard } from '../../support/policy-shard.ts';

const shard = usePolicyShard();

describe('policy apply mends', () => {
  beforeAll(() => shard.renew());

  it.each<[item: string, drift: string, noticedByGate: boolean]>([
    ['row security', 'alter table "Blogs" disable row level security', true],
    ['row security', 'alter table "Blogs" no force row level security', true],
    ['policy tenantry_tenant', 'drop policy tenantry_tenant on "Blogs"', true],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" using (true)', true],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" with check (true)', true],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" using ("BlogId" = (select tenantry.current_tenant()))', true],
    [
      'policy tenantry_tenant',
      'alter policy tenantry_tenant on "Blogs" using ("TenantId" = (select tenantry.current_tenant()) or "TenantId" = 2)',
      true,
    ],
    ['policy tenantry_tenant', 'alter policy tenantry_tenant on "Blogs" to tenantry_mover', true],
    [
      'policy tenantry_tenant',
      'drop policy tenantry_tenant on "Blogs"; create policy tenantry_tenant on "Blogs" as permissive to tenantry_app using ("TenantId" = (select tenantry.current_tenant()))',
      true,
    ],
    [
      'policy tenantry_tenant',
      'drop policy tenantry_tenant on "Blogs"; create policy tenantry_tenant on "Blogs" as restrictive for select to tenantry_app using ("TenantId" = (select tenantry.current_tenant()))',
      true,
    ],
    ['policy tenantry_base', 'drop policy tenantry_base on "Blogs"', false],
    ['policy tenantry_superuser', 'alter policy tenantry_superuser on "Blogs" using (false)', false],
    ['policy tenantry_left_over', 'create policy tenantry_left_over on "Blogs" using (true)', false],
    ['default', 'alter table "Blogs" alter column "TenantId" drop default', false],
    ['default', 'alter table "Blogs" alter column "TenantId" set default 1', false],
    ['rights of tenantry_app', 'grant truncate on "Blogs" to tenantry_app', true],
    ['rights of tenantry_app', 'revoke delete on "Blogs" from tenantry_app', false],
    ['rights of tenantry_app', 'grant select on "Blogs" to tenantry_app with grant option', false],
    ['rights of tenantry_app', 'grant references ("Name") on "Blogs" to tenantry_app', false],
    ['rights of tenantry_superuser', 'grant update on "Blogs" to tenantry_superuser', false],
    ['rights of public', 'grant select on "Blogs" to public', false],
  ])('%s after: %s', async (item, drift, noticedByGate) => {
    await shard.asRoot(drift);
    expect((await shard.gateProblems()).length > 0).toBe(noticedByGate);
    expect((await shard.apply()).changes.map((change) => change.item)).toEqual([item]);
    expect(await shard.apply()).toMatchObject({ changes: [], warnings: [], applied: true });
    expect(await shard.gateProblems()).toEqual([]);
  });
});
