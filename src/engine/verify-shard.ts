import { TenantryError } from '../core/errors.ts';
import type { Row, SqlSession } from '../core/session.ts';
import type { SqlDialect } from '../core/sql.ts';
import { requireCapabilities, type CapabilitiesOf } from './capabilities.ts';
import type { ConnectionExpectations } from './engine.ts';
import { qualifiedTables } from './qualified-tables.ts';
import { SqlFailure } from './sql-failure.ts';

/** Version of the shard's schema that this program works with. */
const schemaVersion = 1;

/** What a database says of itself (`engine/inspect`). */
interface Inspection {
  readonly shardId: string | null;
  readonly schemaVersion: number;
  /** Null where the server only follows another one. */
  readonly incarnation: string | null;
  /** The tenant is kept where tenant traffic cannot change it. */
  readonly isGuarded: boolean | null;
}

/** One reason why a connection may not serve tenants (`policy/gate`); without a table, one of the login's own. */
interface GateProblem {
  readonly table: string | null;
  readonly problem: string;
}

/** What an engine says of a database without Tenantry's schema, or whose schema the login may not see. */
interface VerifyingEngine {
  readonly dialect: Pick<SqlDialect, 'defaultSchema'>;
  readonly capabilitiesOf: CapabilitiesOf;
  readonly lacksSchema: (failure: SqlFailure) => boolean;
}

/** Throws SHARD_UNVERIFIED, with the reason, unless the session leads to the very shard that is meant, as somebody whom its policies bind. */
export async function verifyShard(session: SqlSession, engine: VerifyingEngine, expected: ConnectionExpectations): Promise<void> {
  const tables = JSON.stringify(qualifiedTables(expected.tables, engine.dialect));
  const identity = identityProblem(await inspect(session, engine), expected);
  if (identity === undefined) await requireCapabilities(session, engine.capabilitiesOf, expected.capabilities ?? {}, 'SHARD_UNVERIFIED');
  const problem = identity ?? gateProblem((await session.run<Row & GateProblem>('policy/gate', { tables })).rows);
  if (problem !== undefined) throw new TenantryError('SHARD_UNVERIFIED', problem);
}

async function inspect(session: SqlSession, { lacksSchema }: VerifyingEngine): Promise<Inspection | undefined> {
  try {
    return (await session.run<Row & Inspection>('engine/inspect')).rows[0];
  } catch (error) {
    if (!(error instanceof TenantryError) || !(error.cause instanceof SqlFailure) || !lacksSchema(error.cause)) throw error;
    throw new TenantryError('SHARD_UNVERIFIED', 'The database is no shard of Tenantry, or its login has not been provisioned.', {
      cause: error.cause,
    });
  }
}

/** Why a database is not the shard that is meant; undefined where it is. */
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

/** Why a connection may not serve tenants, as one text; undefined where nothing was found. */
function gateProblem(problems: readonly GateProblem[]): string | undefined {
  if (problems.length === 0) return undefined;
  return problems.map(({ table, problem }) => (table === null ? `${problem}.` : `${table}: ${problem}.`)).join(' ');
}
