export { defineConfig, env, loadConfig, type TenantryConfig } from './config.ts';
export { TenantryError, type ErrorCode } from './core/errors.ts';
export { sql, type Sql, type SqlValue } from './core/sql.ts';
export type { Row, SqlResult } from './core/session.ts';
