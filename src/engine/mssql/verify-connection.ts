import { TenantryError } from '../../core/errors.ts';
import type { Row, SqlSession } from '../../core/session.ts';
import type { ConnectionExpectations } from '../engine.ts';
import { qualifiedTables } from '../qualified-tables.ts';
import { gateProblem, identityProblem, type GateProblem, type Inspection } from '../shard-verification.ts';
import { SqlFailure } from '../sql-failure.ts';
import { mssqlDialect } from './mssql-dialect.ts';

/** 208 no such object, 229 no right to it, 2812 no such procedure, 4121 no such function. */
const noSuchSchema: ReadonlySet<number | undefined> = new Set([208, 229, 2812, 4121]);

/** Throws SHARD_UNVERIFIED, with the reason, unless the session leads to the very shard that is meant, as somebody whom its policies bind. */
export async function verifyConnection(session: SqlSession, expected: ConnectionExpectations): Promise<void> {
  const tables = JSON.stringify(qualifiedTables(expected.tables, mssqlDialect));
  const problem =
    identityProblem(await inspect(session), expected) ??
    gateProblem((await session.run<Row & GateProblem>('policy/gate', { tables })).rows);
  if (problem !== undefined) throw new TenantryError('SHARD_UNVERIFIED', problem);
}

async function inspect(session: SqlSession): Promise<Inspection | undefined> {
  try {
    return (await session.run<Row & Inspection>('engine/inspect')).rows[0];
  } catch (error) {
    if (error instanceof TenantryError && error.cause instanceof SqlFailure && noSuchSchema.has(error.cause.number)) {
      throw new TenantryError('SHARD_UNVERIFIED', 'The database is no shard of Tenantry, or its login has not been provisioned.', {
        cause: error.cause,
      });
    }
    throw error;
  }
}
