import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantryError } from '../../../src/core/errors.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { usePolicyShard } from '../../support/policy-shard.ts';
import { shardLogins } from '../../support/postgres-shard.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';
import type { RowPolicy } from '../../../src/core/predicate.ts';

const engine = createPostgresEngine();
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
        `((select tenantry.context_holds('roles', 'o''admin')) or "public"."Blogs"."Name" operator(pg_catalog.=) (select tenantry.context_value('userId'))))`,
    );
    expect((await shard.apply(tables)).changes).toEqual([]);
  });

  it.each([
    ['drop policy tenantry_rows_own_select on "Blogs"', null],
    ['alter policy tenantry_rows_own_select on "Blogs" using (true)', 'restrictive select to tenantry_app using true check none'],
    ['alter policy tenantry_rows_own_select on "Blogs" to public', expect.stringMatching(/^restrictive select to public as rendered/)],
    [
      `comment on policy tenantry_rows_own_select on "Blogs" is null`,
      expect.stringContaining(`using (( SELECT tenantry.context_holds('roles'`),
    ],
  ])('is mended after %s', async (drift, before) => {
    await shard.asRoot(drift);
    expect((await shard.apply(tables, { dryRun: true })).changes).toEqual([expect.objectContaining({ item: policy, before })]);
    await shard.apply(tables);
    expect((await shard.apply(tables, { dryRun: true })).changes).toEqual([]);
  });

  it('compares as the server does, where a schema of the path has an equality of its own', async () => {
    await shard.asRoot(
      `create table "Notes" ("TenantId" integer not null, "Name" varchar(9), primary key ("TenantId"));
       alter table "Notes" owner to tenantry_admin;
       create function public.alike(varchar, text) returns boolean language sql immutable as 'select true';
       create operator public.= (leftarg = varchar, rightarg = text, function = public.alike)`,
    );
    await shard.apply([
      ...tables,
      {
        table: 'Notes',
        tenantColumn: 'TenantId',
        policies: [{ name: 'own', conditions: { select: { kind: 'owner', column: 'Name', value: userId } } }],
      },
    ]);
    const { rows } = await shard.database.root.query<{ text: string }>(
      sqlText(
        `select tenantry.policy_text(oid) as text from pg_policy where polrelid = '"Notes"'::regclass and polname like 'tenantry_rows_%'`,
      ),
    );
    expect(rows[0]?.text).toMatch(/^using \(+"Name"\)?::text = /);
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

  it('is replaced by another in three steps, at each of which both the services of before and those that come are let in', async () => {
    const owned = (name: string): RowPolicy => ({
      name,
      conditions: { select: { kind: 'owner', column: 'Name', value: { name, type: 'string' } } },
    });
    const [one, other] = [owned('one'), owned('other')];
    const blogsWith = (...policies: RowPolicy[]) => [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId', policies }];
    const enters = async (known: RowPolicy): Promise<boolean> => {
      const expected = expectationsOf(shard.database, { tables: blogsWith(known) });
      const connection = await engine.connect(shard.database.address, shardLogins.app, expected).catch((error: TenantryError) => {
        expect(error.code).toBe('SHARD_UNVERIFIED');
      });
      await connection?.close();
      return connection !== undefined;
    };
    const steps: [applied: ReturnType<typeof blogsWith>, before: boolean, after: boolean][] = [
      [blogsWith(one), true, false],
      [blogsWith(one, other), true, true],
      [blogsWith(other), false, true],
    ];
    for (const [applied, before, after] of steps) {
      await shard.apply(applied);
      expect([await enters(one), await enters(other)]).toEqual([before, after]);
    }
    await shard.apply();
  });
});
