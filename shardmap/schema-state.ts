import { TenantryError } from '../src/core/errors.ts';
import type { SqlSession } from '../src/core/session.ts';

/** What a database has of Tenantry. */
export interface SchemaState {
  /** Some schema of Tenantry, if only a broken one. */
  readonly hasSchema: boolean;
  readonly isCatalog: boolean;
  readonly isShard: boolean;
  /** Nothing of another role's would be run by who reads it as admin. */
  readonly isAdmins: boolean;
}

/** Looks what a database is, before anything is changed in it; every login may. */
export async function schemaStateOf(database: Pick<SqlSession, 'run'>): Promise<SchemaState> {
  const [state] = (await database.run<SchemaState & Record<string, unknown>>('catalog/schema-state')).rows;
  if (state === undefined) throw new TenantryError('INTERNAL', 'catalog/schema-state gave no row.');
  return state;
}
