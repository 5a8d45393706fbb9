import type { TenantryConfig } from './config/tenantry-config.ts';

export { env } from './config/env-reference.ts';
export { findConfig, loadConfig } from './config/load.ts';
export { loadPolicyTests } from './config/load-policy-tests.ts';
export { definePolicyTests, type PolicyTests } from './config/policy-tests.ts';
export { resolveConfig } from './config/resolve.ts';
export type { Environment } from './config/secret.ts';
export type { ContextSetting, IssuerKeys, IssuerSettings, Settings, TableSettings } from './config/settings.ts';
export type { TenantryConfig } from './config/tenantry-config.ts';

/** Gives a configuration its type, for editors and compilers: `export default defineConfig({ ... })`. */
export function defineConfig(config: TenantryConfig): TenantryConfig {
  return config;
}
