import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import type { Login } from '../../../src/core/principal.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { mssqlContainerMissing, startMssqlContainer, type MssqlContainer } from './mssql-container.ts';

/** A SQL Server for tests, by its administrator; tests make databases of their own on it. */
interface MssqlAccess {
  readonly address: ShardAddress;
  readonly login: Login;
}

/** Starting one takes a quarter of a minute: the suites of a file share it, and it ends with their process. */
let container: Promise<MssqlContainer> | undefined;

/** Why there is no SQL Server for tests here; undefined where there is one, or one can be started. */
export function mssqlMissing(): string | undefined {
  const foreign = foreignServer();
  if (typeof foreign === 'string') return foreign;
  const missing = foreign === undefined ? mssqlContainerMissing() : undefined;
  return missing === undefined
    ? undefined
    : `TENANTRY_TEST_MSSQL names none (mssql://sa:password@host:1433/master?sslmode=require), and ${missing}`;
}

/** The SQL Server that TENANTRY_TEST_MSSQL names, else one of our own in a container. Rejects where there is neither. */
export async function useMssql(): Promise<MssqlAccess> {
  const foreign = foreignServer();
  if (typeof foreign === 'string') throw new Error(foreign);
  return foreign ?? (await (container ??= startMssqlContainer()));
}

/** The server that TENANTRY_TEST_MSSQL names, or what is wrong with the name; undefined where it names none. */
function foreignServer(): MssqlAccess | string | undefined {
  const url = process.env['TENANTRY_TEST_MSSQL'];
  if (url === undefined || url === '') return undefined;
  const parsed = parseDatabaseUrl('mssql', url);
  return 'problem' in parsed ? `TENANTRY_TEST_MSSQL ${parsed.problem}` : parsed;
}
