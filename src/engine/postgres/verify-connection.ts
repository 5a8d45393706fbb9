import type pg from 'pg';
import { TenantryError } from '../../core/errors.ts';
import type { ConnectionExpectations } from '../engine.ts';
import { qualifiedTables } from '../qualified-tables.ts';
import { gateProblem, identityProblem, type GateProblem, type Inspection } from '../shard-verification.ts';
import { SqlFailure } from '../sql-failure.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { toEngineError } from './postgres-errors.ts';
import type { QueryLibrary } from './query-library.ts';

const noSuchSchema = new Set(['42P01', '3F000', '42501']);

/** Throws SHARD_UNVERIFIED, with the reason, unless the connection leads to the very shard that is meant, as somebody whom its policies bind. */
export async function verifyConnection(client: pg.Client, library: QueryLibrary, expected: ConnectionExpectations): Promise<void> {
  const tables = JSON.stringify(qualifiedTables(expected.tables, postgresDialect));
  const problem =
    identityProblem(await inspect(client, library), expected) ??
    gateProblem(await rows<GateProblem>(client, library, 'policy/gate', { tables }));
  if (problem !== undefined) throw new TenantryError('SHARD_UNVERIFIED', problem);
}

/** Whether code of the database may leave something in a session behind a statement's back: then every use of it ends with a reset. */
export async function hasSessionCode(client: pg.Client, library: QueryLibrary): Promise<boolean> {
  return (await rows(client, library, 'policy/session-code')).length > 0;
}

async function inspect(client: pg.Client, library: QueryLibrary): Promise<Inspection | undefined> {
  try {
    return (await rows<Inspection>(client, library, 'engine/inspect'))[0];
  } catch (error) {
    if (error instanceof TenantryError && error.cause instanceof SqlFailure && noSuchSchema.has(error.cause.sqlState)) {
      throw new TenantryError('SHARD_UNVERIFIED', 'The database is no shard of Tenantry, or its login has not been provisioned.', {
        cause: error.cause,
      });
    }
    throw error;
  }
}

async function rows<R extends pg.QueryResultRow>(
  client: pg.Client,
  library: QueryLibrary,
  file: string,
  parameters: { readonly tables?: string } = {},
): Promise<R[]> {
  const { text, values } = library.query(file, parameters);
  try {
    return (await client.query<R>(text, [...values])).rows;
  } catch (error) {
    throw toEngineError(error);
  }
}
