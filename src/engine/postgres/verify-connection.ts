import type pg from 'pg';
import { TenantryError } from '../../core/errors.ts';
import type { ConnectionExpectations } from '../engine.ts';
import { qualifiedTables } from '../qualified-tables.ts';
import { SqlFailure } from '../sql-failure.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { toEngineError } from './postgres-errors.ts';
import type { QueryLibrary } from './query-library.ts';

/** Version of the shard's schema that this program works with. */
const schemaVersion = 1;
const noSuchSchema = new Set(['42P01', '3F000', '42501']);

interface Inspection {
  readonly shardId: string | null;
  readonly schemaVersion: number;
  readonly incarnation: string | null;
  /** The tenant is kept where tenant traffic cannot change it. */
  readonly isGuarded: boolean | null;
}

/** Throws SHARD_UNVERIFIED, with the reason, unless the connection leads to the very shard that is meant, as somebody whom its policies bind. */
export async function verifyConnection(client: pg.Client, library: QueryLibrary, expected: ConnectionExpectations): Promise<void> {
  const problem = identityProblem(await inspect(client, library), expected) ?? (await gateProblem(client, library, expected));
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

function identityProblem(found: Inspection | undefined, expected: ConnectionExpectations): string | undefined {
  if (found === undefined || found.shardId === null) return 'The database has not been added to a shard map.';
  if (found.schemaVersion !== schemaVersion)
    return `The schema of the shard has version ${found.schemaVersion}, and this program works with ${schemaVersion}.`;
  if (found.shardId !== expected.shardId) return `The database is shard ${found.shardId}, and the catalog means ${expected.shardId}.`;
  if (found.incarnation === null) return 'The server is in recovery; only a primary can serve tenants.';
  if (found.incarnation !== expected.incarnation)
    return 'The server is not the one that the catalog knows: it was restored or replaced. Run: tenantry recover';
  if (expected.contextProtection === 'guarded' && found.isGuarded !== true)
    return 'The shard keeps the tenant in a setting that tenant traffic can change, and the configuration says guarded.';
  return undefined;
}

async function gateProblem(client: pg.Client, library: QueryLibrary, { tables }: ConnectionExpectations): Promise<string | undefined> {
  const problems = await rows<{ table: string | null; problem: string }>(client, library, 'policy/gate', {
    tables: JSON.stringify(qualifiedTables(tables, postgresDialect)),
  });
  if (problems.length === 0) return undefined;
  return problems.map(({ table, problem }) => (table === null ? `${problem}.` : `${table}: ${problem}.`)).join(' ');
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
