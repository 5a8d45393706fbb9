import type { TenantryConfig } from '../../../src/config.ts';
import { configuration } from '../configuration.ts';

/** Rows that a table of permissions shows to a user, whose token names him, and whom the database knows by a hash alone. */
export const secureApiConfig = configuration('secure', {
  map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
  context: {
    userHashId: { type: 'string', claim: 'sub', transform: 'sha256' },
    roles: { type: 'strings', claim: 'roles' },
  },
  tables: {
    SensitiveData: { tenant: 'TenantId' },
    EvenMoreSensitiveData: { tenant: 'TenantId', parent: { table: 'SensitiveData', columns: { SensitiveDataId: 'Id' } } },
    SensitiveDataPermissions: { tenant: 'TenantId' },
  },
  policies: {
    permitted: {
      on: 'SensitiveData',
      read: {
        permission: 'SensitiveDataPermissions',
        user: 'UserHashId',
        is: 'userHashId',
        resource: 'SensitiveDataId',
        of: 'Id',
        access: 'HasAccess',
      },
      write: { role: 'admin', in: 'roles' },
    },
    // Of what is not seen nothing more is seen.
    ofPermitted: { on: 'EvenMoreSensitiveData', rows: { parent: 'visible' } },
    granting: { on: 'SensitiveDataPermissions', write: { role: 'admin', in: 'roles' } },
  },
  procedures: { GetEvenMoreSensitiveData: { returns: 'json', readOnly: true } },
});

/** The same with its policies off: each tenant's rows are its own, and all of its users see all of them. */
export const withPoliciesOff: TenantryConfig = { ...secureApiConfig, policies: {} };
