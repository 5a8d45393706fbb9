import { foreignPostgres, type PostgresAccess } from './postgres-access.ts';
import { startPostgres } from './postgres.ts';

/** A server for tests that neither hurt nor configure it: the one TENANTRY_TEST_POSTGRES names (a superuser's URL), else one of our own. */
export async function usePostgres(): Promise<PostgresAccess> {
  const address = process.env['TENANTRY_TEST_POSTGRES'];
  return address === undefined || address === '' ? startPostgres() : foreignPostgres(address);
}
