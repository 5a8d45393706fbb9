import type { ConnectionExpectations } from './engine.ts';

/** Version of the shard's schema that this program works with. */
const schemaVersion = 1;

/** What a database says of itself (`engine/inspect`). */
export interface Inspection {
  readonly shardId: string | null;
  readonly schemaVersion: number;
  /** Null where the server only follows another one. */
  readonly incarnation: string | null;
  /** The tenant is kept where tenant traffic cannot change it. */
  readonly isGuarded: boolean | null;
}

/** One reason why a connection may not serve tenants (`policy/gate`); without a table, one of the login's own. */
export interface GateProblem {
  readonly table: string | null;
  readonly problem: string;
}

/** Why a database is not the shard that is meant; undefined where it is. */
export function identityProblem(found: Inspection | undefined, expected: ConnectionExpectations): string | undefined {
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
export function gateProblem(problems: readonly GateProblem[]): string | undefined {
  if (problems.length === 0) return undefined;
  return problems.map(({ table, problem }) => (table === null ? `${problem}.` : `${table}: ${problem}.`)).join(' ');
}
