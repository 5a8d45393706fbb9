import type { Predicate, RowOperation, RowPolicy } from '../../../src/core/predicate.ts';
import { policyMarks } from '../../../src/engine/postgres/policy-renderer.ts';
import { qualifiedTables } from '../../../src/engine/qualified-tables.ts';
import type { ConfiguredTable } from '../../../src/policy/model.ts';

const user = { name: 'user', type: 'string' } as const;
const owner: Predicate = { kind: 'owner', column: 'Owner', value: user };
const owned = conditioned('owned', ['select', 'insert', 'update', 'delete'], owner);
const permitted = conditioned('permitted', ['select', 'update', 'delete'], {
  kind: 'member',
  of: 'Id',
  table: { table: 'Permissions', tenantColumn: 'TenantId' },
  gives: 'Paper',
  key: 'User',
  value: user,
  access: 'HasAccess',
});
const ofProject = conditioned('visible', ['select', 'insert', 'update', 'delete'], {
  kind: 'parent',
  table: { table: 'Projects', tenantColumn: 'TenantId' },
  columns: [{ child: 'Project', parent: 'Id' }],
  rows: owner,
});
const byAdmins = conditioned('admins', ['insert', 'update', 'delete'], {
  kind: 'role',
  role: 'admin',
  value: { name: 'roles', type: 'strings' },
});

function conditioned(name: string, operations: readonly RowOperation[], condition: Predicate): RowPolicy {
  return { name, conditions: Object.fromEntries(operations.map((operation) => [operation, condition])) };
}

/** Tables of the world as a configuration names them. */
export const tables: readonly ConfiguredTable[] = [
  { table: 'Blogs', tenantColumn: 'TenantId' },
  { table: 'Projects', tenantColumn: 'TenantId', policies: [owned] },
  { table: 'Samples', tenantColumn: 'TenantId', policies: [ofProject] },
  { table: 'Papers', tenantColumn: 'TenantId', policies: [permitted] },
  { table: 'Permissions', tenantColumn: 'TenantId', policies: [byAdmins] },
  { table: 'Events', tenantColumn: 'TenantId' },
  { table: 'Countries' },
];
/** The same with their schema. */
export const located = qualifiedTables(tables, { defaultSchema: 'public' });
/** What SQL could name beside the table that it is a part of. */
export const parts = ['Events1', 'Events2'].map((table) => ({ schema: 'public', table }));
/** As the gate query asks for them. */
export const expected = JSON.stringify(
  located
    .filter(({ tenantColumn }) => tenantColumn !== undefined)
    .map(({ schema, table, tenantColumn = '', policies = [] }) => ({
      name: table,
      schema,
      table,
      tenantColumn,
      policies: policyMarks({ schema, table, tenantColumn, policies }),
    })),
);
