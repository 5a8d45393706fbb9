import type { TenantryConfig } from '../../../src/config.ts';
import { configuration } from '../configuration.ts';

/** Users of tenants, each tenant's its own. */
export const declared = configuration('declared', {
  map: { name: 'tenants', kind: 'list', key: 'int', context: 'TenantId' },
  context: { userName: { type: 'string', claim: 'sub' } },
  tables: {
    tenants: { tenant: 'id' },
    users: { tenant: 'tenant_id' },
  },
});

/** The change under review: everybody of a tenant is seen by it, and changed by himself alone. */
export const changed: TenantryConfig = {
  ...declared,
  policies: { own: { on: 'users', update: { owner: 'name', is: 'userName' } } },
};
