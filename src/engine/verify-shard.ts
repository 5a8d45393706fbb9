import { protectsAtLeast, weaklyProtected, type ContextProtection } from '../core/context-protection.ts';
import { TenantryError } from '../core/errors.ts';
import { otherVersion, schemaVersions } from '../core/schema-version.ts';
import type { Row, SqlSession } from '../core/session.ts';
import type { SqlDialect } from '../core/sql.ts';
import { requireCapabilities, type Capabilities, type CapabilitiesOf } from './capabilities.ts';
import type { ConnectionExpectations, ExpectedTable } from './engine.ts';
import { qualifiedTables } from './qualified-tables.ts';
import { SqlFailure } from './sql-failure.ts';
import { verifyProtection, type DifferingObject } from './verification.ts';

/** What a database says of itself (`engine/inspect`). */
interface Inspection {
  readonly shardId: string | null;
  readonly schemaVersion: number;
  /** Null where the server only follows another one. */
  readonly incarnation: string | null;
  /** How the tenant is kept from being changed by tenant traffic. */
  readonly contextProtection: ContextProtection | null;
}

/** One reason why a connection may not serve tenants (`policy/gate`); without a table, one of the login's own. */
interface GateProblem {
  readonly table: string | null;
  readonly problem: string;
}

/** A table with its schema and its policies besides the tenant's. */
export type LocatedTable = Required<Omit<ExpectedTable, 'name'>>;

/** By what an engine's `policy/gate` knows a policy, in its words. */
export type PolicyMark = Readonly<Record<string, string | null | readonly string[]>>;

/** What is particular to an engine when a shard of it is verified. */
interface VerifyingEngine {
  readonly dialect: Pick<SqlDialect, 'defaultSchema'>;
  readonly capabilitiesOf: CapabilitiesOf;
  /** Whether a failure says that the database has none of Tenantry's schema, or shows the login none. */
  readonly lacksSchema: (failure: SqlFailure) => boolean;
  /** By what `policy/gate` knows the policies of a table. */
  readonly policyMarks: (table: LocatedTable) => readonly PolicyMark[];
  /** Of the function by which a shard tells its fingerprint, as this program has it. */
  readonly fingerprintFunction: () => string;
  /** Whether a session may be asked again before it has answered. */
  readonly pipelines: boolean;
}

/**
 * What the server of a shard can do. Throws SHARD_UNVERIFIED, with the reason, unless the session leads to the very shard that is meant,
 * as somebody whom its policies bind.
 */
export async function verifyShard(session: SqlSession, engine: VerifyingEngine, expected: ConnectionExpectations): Promise<Capabilities> {
  const tables = JSON.stringify(qualifiedTables(expected.tables, engine.dialect).map((table) => asTheGateKnows(table, engine)));
  const capabilities = expected.capabilities ?? {};
  const inspection = asked(() => inspect(session, engine), engine);
  const capable = asked(() => requireCapabilities(session, engine.capabilitiesOf, capabilities, 'SHARD_UNVERIFIED'), engine);
  const gate = asked(() => session.run<Row & GateProblem>('policy/gate', { tables }), engine);
  const protection = asked(() => verifyProtection(session, engine.fingerprintFunction(), expected.signer), engine);
  // In this order: what a database that is not the one that is meant answers to the others says nothing.
  const inspected = await inspection();
  const identity = identityProblem(inspected, expected);
  // A server that follows another one may be promoted; the rest is for somebody to mend.
  if (identity !== undefined) throw new TenantryError('SHARD_UNVERIFIED', identity, { retryable: inspected?.incarnation === null });
  const able = await capable();
  const problems = (await gate()).rows;
  if (problems.length > 0) throw new UnfitForTenants(problems);
  const { objection, overriddenUntilMs, isOverriddenByNobody, differing } = await protection();
  if (objection !== undefined && overriddenUntilMs === undefined) throw new NotAccepted(objection, differing);
  if (isOverriddenByNobody) throw new TenantryError('SHARD_UNVERIFIED', overriddenByNobody);
  return able;
}

/** No more than `policy/gate` reads: it is asked by every new connection. */
function asTheGateKnows(
  { name, schema, table, tenantColumn, policies = [] }: ExpectedTable & { readonly schema: string },
  { policyMarks }: Pick<VerifyingEngine, 'policyMarks'>,
): object {
  return { name, schema, table, tenantColumn, policies: policyMarks({ schema, table, tenantColumn, policies }) };
}

/** The answer to a question, which is put when it is wanted, or at once where the questions before it need no answer first. */
function asked<T>(question: () => Promise<T>, { pipelines }: Pick<VerifyingEngine, 'pipelines'>): () => Promise<T> {
  if (!pipelines) return question;
  const answer = question();
  // It may never be wanted, and fail.
  void Promise.allSettled([answer]);
  return () => answer;
}

async function inspect(session: SqlSession, { lacksSchema }: VerifyingEngine): Promise<Inspection | undefined> {
  try {
    return (await session.run<Row & Inspection>('engine/inspect')).rows[0];
  } catch (error) {
    if (!(error instanceof TenantryError) || !(error.cause instanceof SqlFailure) || !lacksSchema(error.cause)) throw error;
    throw new TenantryError('SHARD_UNVERIFIED', 'The database is no shard of Tenantry, or its login has not been provisioned.', {
      cause: error.cause,
      retryable: false,
    });
  }
}

const overriddenByNobody =
  'The shard may serve no tenants: what protects them is overridden by nobody who has a key of the fleet, by an override that was ended, or by one of more than a day. tenantry policy override --end takes it away.';

/** The very shard that is meant, and its tables, or the login, are not what tenants may be served with. */
export class UnfitForTenants extends TenantryError {
  /** It is tables alone, whose protection `policy apply` sets. */
  readonly isOfTables: boolean;

  constructor(problems: readonly GateProblem[]) {
    const list = problems.map(({ table, problem }) => (table === null ? `${problem}.` : `${table}: ${problem}.`));
    super('SHARD_UNVERIFIED', list.join(' '), { retryable: false });
    this.isOfTables = problems.every(({ table }) => table !== null);
  }
}

/** The very shard that is meant, and nobody has accepted what protects its tenants as it is. */
export class NotAccepted extends TenantryError {
  /** What is not as it was accepted. */
  readonly differing: readonly DifferingObject[];

  constructor(objection: string, differing: readonly DifferingObject[]) {
    super(
      'SHARD_UNVERIFIED',
      `The shard may serve no tenants: ${objection}. tenantry policy apply --dry-run shows what would be accepted; without --dry-run it sets and accepts it.`,
    );
    this.differing = differing;
  }
}

/** Why a database is not the shard that is meant; undefined where it is. */
function identityProblem(found: Inspection | undefined, expected: ConnectionExpectations): string | undefined {
  if (found === undefined || found.shardId === null) return 'The database has not been added to a shard map.';
  if (found.schemaVersion !== schemaVersions.shard) return otherVersion('The schema of the shard', 'shard', found.schemaVersion);
  if (found.shardId !== expected.shardId) return `The database is shard ${found.shardId}, and the catalog means ${expected.shardId}.`;
  if (found.incarnation === null)
    return 'The server is in recovery, or the login may not see which database it is on; only a primary can serve tenants.';
  if (found.incarnation !== expected.incarnation)
    return 'The server is not the one that the catalog knows: it was restored or replaced. Run: tenantry recover';
  if (!protectsAtLeast(found.contextProtection, expected.contextProtection))
    return weaklyProtected(found.contextProtection, expected.contextProtection);
  return undefined;
}
