import type { PasswordLogin, PrincipalName } from '../../src/core/principal.ts';

/** The logins of every shard that tests make; one set for each server. */
export const shardLogins: Readonly<Record<PrincipalName, PasswordLogin>> = {
  app: { user: 'shop_app', password: 'app-secret' },
  superuser: { user: 'shop_reports', password: 'reports-secret' },
  mover: { user: 'shop_mover', password: 'mover-secret' },
  admin: { user: 'shop_admin', password: 'admin-secret' },
};
