import { beforeAll, describe, expect, it } from 'vitest';
import { usePolicyShard } from '../../support/policy-shard.ts';
import type { RowPolicy } from '../../../src/core/predicate.ts';

const shard = usePolicyShard();
const userId = { name: 'userId', type: 'string' } as const;
const own: RowPolicy = {
  name: 'own',
  conditions: {
    select: {
      kind: 'any',
      of: [
        { kind: 'role', role: "o'admin", value: { name: 'roles', type: 'strings' } },
        { kind: 'owner', column: 'Name', value: userId },
      ],
    },
    insert: { kind: 'owner', column: 'Name', value: userId },
  },
};
const tables = [{ table: 'Blogs', tenantColumn: 'TenantId', policies: [own] }];
const policy = 'policy tenantry_rows_own_select';

describe('a policy beyond the tenant', () => {
  beforeAll(() => shard.renew());

  it('is applied once, one for each operation that it speaks of', async () => {
    const { changes } = await shard.apply(tables);
    expect(changes.map(({ item }) => item)).toEqual([policy, 'policy tenantry_rows_own_insert']);
    expect(changes[0]?.after).toMatch(/^restrictive select to tenantry_app as rendered [0-9a-f]{32}$/);
    expect(changes[0]?.statements[1]).toBe(
      `create policy "tenantry_rows_own_select" on "public"."Blogs" as restrictive for select to tenantry_app using (` +
        `((select 'o''admin' = any (tenantry.context_list('roles'))) or "public"."Blogs"."Name" = (select tenantry.context_value('userId'))))`,
    );
    expect((await shard.apply(tables)).changes).toEqual([]);
  });

  it.each([
    ['drop policy tenantry_rows_own_select on "Blogs"', null],
    ['alter policy tenantry_rows_own_select on "Blogs" using (true)', 'restrictive select to tenantry_app using true check none'],
    ['alter policy tenantry_rows_own_select on "Blogs" to public', expect.stringMatching(/^restrictive select to public as rendered/)],
    [`comment on policy tenantry_rows_own_select on "Blogs" is null`, expect.stringContaining(`using (( SELECT ('o''admin'::text = ANY`)],
  ])('is mended after %s', async (drift, before) => {
    await shard.asRoot(drift);
    expect((await shard.apply(tables, { dryRun: true })).changes).toEqual([expect.objectContaining({ item: policy, before })]);
    await shard.apply(tables);
    expect((await shard.apply(tables, { dryRun: true })).changes).toEqual([]);
  });

  it('goes where the configuration has it no longer', async () => {
    const { changes } = await shard.apply();
    expect(new Map(changes.map(({ item, after }) => [item, after]))).toEqual(
      new Map([
        ['policy tenantry_rows_own_insert', null],
        [policy, null],
      ]),
    );
    expect((await shard.apply()).changes).toEqual([]);
  });
});
