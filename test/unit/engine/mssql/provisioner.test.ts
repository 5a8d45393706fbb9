import { expect, test } from 'vitest';
import { createMssqlProvisioner } from '../../../../src/engine/mssql/provisioner.ts';

const logins = {
  app: { user: 'shop_app', password: 'a' },
  superuser: { user: 'shop_reports', password: 'b' },
  mover: { user: 'shop_mover', password: 'c' },
  admin: { user: 'shop_admin', password: 'd' },
};

test.each([
  ['DB_Owner', 'the name of its user, DB_Owner, is reserved'],
  ['SA', 'the name of its user, SA, is reserved'],
  ['Tenantry_App', 'the name of its user, Tenantry_App, is reserved'],
  ['Shop_App', 'its user is that of logins.app, and every principal needs a login of its own'],
])('names are compared as SQL Server compares them: %s', (user, why) => {
  const request = { logins: { ...logins, mover: { user, password: 'c' } }, contextProtection: 'guarded' } as const;
  expect(() => createMssqlProvisioner().provision(request)).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIGURATION', detail: `logins.mover: ${why}.` }),
  );
});
