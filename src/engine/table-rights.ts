import type { PolicyTable } from './policy-renderer.ts';

/** Whose rights to a table are set, besides those of its owner. */
type Group = 'tenantry_app' | 'tenantry_superuser' | 'tenantry_mover' | 'public';

const changing = 'delete, insert, select, update';
const none = { tenantry_app: null, tenantry_superuser: null, tenantry_mover: null, public: null };

/** Rights of each group by the role of a table, sorted by name; null: none. */
export const tableRights: Readonly<Record<PolicyTable['role'], Readonly<Record<Group, string | null>>>> = {
  routed: { tenantry_app: changing, tenantry_superuser: 'select', tenantry_mover: changing, public: null },
  reference: { tenantry_app: 'select', tenantry_superuser: 'select', tenantry_mover: 'select', public: null },
  // Rows of a part are reached through its table, whose policies apply then.
  part: none,
  'reference part': none,
};
