import { defineConfig, env, type TenantryConfig } from '../../src/config.ts';
import type { PrincipalName } from '../../src/core/principal.ts';

/** What a scenario is about: the rest is the same in each. */
export type OwnConfiguration = Pick<TenantryConfig, 'map' | 'context' | 'tables' | 'policies' | 'procedures'>;

/** The variable with a login's password. */
export function passwordVariable(principal: PrincipalName): string {
  return `TENANTRY_${principal.toUpperCase()}_PASSWORD`;
}

/** A whole configuration; logins and the audience of tokens are called after the application. */
export function configuration(application: string, own: OwnConfiguration): TenantryConfig {
  const login = (principal: PrincipalName, name: string): TenantryConfig['logins']['app'] => ({
    user: `${application}_${name}`,
    password: env(passwordVariable(principal)),
  });
  return defineConfig({
    catalog: { engine: 'postgres', url: env('TENANTRY_CATALOG_URL') },
    fleetKey: { current: env('TENANTRY_FLEET_KEY') },
    logins: {
      app: login('app', 'app'),
      superuser: login('superuser', 'reports'),
      mover: login('mover', 'mover'),
      admin: login('admin', 'admin'),
    },
    ...own,
    auth: {
      issuers: [
        {
          issuer: 'development',
          audience: application,
          key: env('TENANTRY_DEVELOPMENT_KEY'),
          algorithms: ['HS256'],
          tenants: '*',
          development: true,
        },
      ],
    },
    http: { port: 0, opsPort: 0 },
  });
}
