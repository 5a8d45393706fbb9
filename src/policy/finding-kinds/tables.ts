import type { FindingKind } from './finding-kind.ts';

/** Why a configured table can be none whose rows are kept apart, or not well. */
export const tableProblems = {
  'missing-table': {
    severity: 'refused',
    say: () => 'does not exist in the shard',
    reason: 'The configuration names a table that the shard has not; names are exact-case.',
    remedy: 'Create the table, or correct its name.',
  },
  'not-a-table': {
    severity: 'refused',
    say: () => 'is not a table; only ordinary and partitioned tables can be routed',
    reason: 'A view or a foreign table takes no policies of its own.',
    remedy: 'Name the table behind it.',
  },
  'owned-by-app': {
    severity: 'refused',
    say: (owner) => `belongs to ${owner}, a login of tenant traffic, which must own nothing`,
    reason: 'An owner takes its table’s policies away.',
    remedy: 'The statement that gives it to another owner.',
  },
  'not-owned': {
    severity: 'refused',
    say: (owner) => `belongs to ${owner}, and the admin login may not put policies on it`,
    reason: 'Only who owns a table, or controls it, puts policies on it.',
    remedy: 'The statement that gives admin the right.',
  },
  'schema-rights': {
    severity: 'refused',
    say: (schema) => `is in the schema ${schema}, which the admin login may not let others use`,
    reason: 'Without a right to its schema no login reaches a table, whatever rights it has to it.',
    remedy: 'The statement that gives admin the right.',
  },
  'unknown-column': {
    severity: 'refused',
    say: (column) => `has no column ${column} (names are exact-case)`,
    reason: 'The tenant column of the configuration is not there.',
    remedy: 'Add the column, or correct its name.',
  },
  'column-type': {
    severity: 'refused',
    say: (types) => `has a tenant column of type ${types}`,
    reason: 'Tenant ids are compared as the map has them: another type would compare otherwise, or not at all.',
    remedy: 'Change the column’s type, or the map’s key.',
  },
  collation: {
    severity: 'refused',
    say: (type) => `has a tenant column of type ${type} whose collation does not compare bytes`,
    reason: 'By another collation two tenants may be one, as Ann and ann are.',
    remedy: 'The statement that changes the collation.',
  },
  nullable: {
    severity: 'refused',
    say: (column) => `allows null in its tenant column ${column}: such a row would belong to no tenant`,
    reason: 'A row without a tenant is seen by none, and lost to each.',
    remedy: 'The statement that refuses null.',
  },
  computed: {
    severity: 'refused',
    say: (column) => `computes its tenant column ${column}; it must be a plain column`,
    reason: 'A computed column cannot take the tenant that has been entered.',
    remedy: 'Make it a plain column.',
  },
  'no-index': {
    severity: 'refused',
    say: (column) => `has no index that begins with its tenant column ${column}: every statement would read all tenants' rows`,
    reason: 'Every statement of a tenant would wait for the rows of all, and their number shows in how long it waits.',
    remedy: 'The statement that makes the index.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
