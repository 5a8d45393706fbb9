import type { PolicyTable } from '../../src/engine/policy-renderer.ts';

/** A routed table as a renderer is given it, whose tenants are in "TenantId". */
export function policyTable(differing: Partial<PolicyTable>): PolicyTable {
  return {
    schema: 'public',
    table: 'Blogs',
    tenantColumn: 'TenantId',
    role: 'routed',
    sequences: [],
    capturable: true,
    key: [],
    columns: [],
    policies: [],
    ...differing,
  };
}
