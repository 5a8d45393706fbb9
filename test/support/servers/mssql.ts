import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import type { Login } from '../../../src/core/principal.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';

/** A SQL Server for tests, by its administrator; tests make databases of their own on it. */
export interface MssqlAccess {
  readonly address: ShardAddress;
  readonly login: Login;
}

/** Why there is no SQL Server for tests here; undefined where there is one. */
export function mssqlMissing(): string | undefined {
  const access = accessOf(process.env['TENANTRY_TEST_MSSQL']);
  return typeof access === 'string' ? access : undefined;
}

/** The SQL Server that TENANTRY_TEST_MSSQL names. Throws Error where it names none. */
export function useMssql(): MssqlAccess {
  const access = accessOf(process.env['TENANTRY_TEST_MSSQL']);
  if (typeof access === 'string') throw new Error(access);
  return access;
}

/** The server, or why there is none. */
function accessOf(url: string | undefined): MssqlAccess | string {
  if (url === undefined || url === '') return 'TENANTRY_TEST_MSSQL names none (mssql://sa:password@host:1433/master?sslmode=require)';
  const parsed = parseDatabaseUrl('mssql', url);
  return 'problem' in parsed ? `TENANTRY_TEST_MSSQL ${parsed.problem}` : parsed;
}
