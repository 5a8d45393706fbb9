export { defineConfig, definePolicyTests, env, loadConfig, type PolicyTests, type TenantryConfig } from './config.ts';
export { TenantryError, type ErrorCode } from './core/errors.ts';
export { sql, type Sql, type SqlValue } from './core/sql.ts';
export type { Row, SqlResult } from './core/session.ts';
export { createTenantry, type Tenantry, type TenantryOptions } from './main.ts';
export type { Trouble } from './main/trouble.ts';
export type { CallOptions, QueryOptions, TenantSession, TransactionOptions } from './router/router.ts';
export type { TenantId } from '../shardmap/key.ts';
