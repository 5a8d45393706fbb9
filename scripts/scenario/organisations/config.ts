import { configuration } from '../configuration.ts';

/** Employees of many organisations in one table; who somebody is says of which organisations he sees them. */
export const organisationsConfig = configuration('people', {
  map: { name: 'providers', kind: 'list', key: 'int', context: 'TenantId' },
  context: {
    azureAdObjectId: { type: 'uuid', claim: 'oid' },
    roles: { type: 'strings', claim: 'roles' },
  },
  tables: {
    Employees: { tenant: 'TenantId' },
    Members: { tenant: 'TenantId' },
  },
  policies: {
    organisation: {
      on: 'Employees',
      rows: { lookup: 'Members', key: 'AzureAdObjectId', is: 'azureAdObjectId', gives: 'OrganizationId', of: 'OrganizationId' },
    },
    // Who may write this table decides who sees what.
    membership: { on: 'Members', write: { role: 'admin', in: 'roles' } },
  },
});
