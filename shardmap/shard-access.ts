import type { SqlDatabase, SqlSession } from '../src/core/session.ts';
import type { LatestNumbers } from '../src/core/shard-signer.ts';
import type { MappingKeys } from './mapping.ts';
import type { Shard } from './shard.ts';
import type { ShardMap } from './shard-map.ts';

/** What is not as it should be of a database that is fit to be a shard all the same. */
export interface ShardWarning {
  /** docs/policy-findings.md has each. */
  readonly code: string;
  readonly severity: string;
  /** `schema.name`. */
  readonly object: string;
  /** One sentence. */
  readonly text: string;
  /** A statement that mends it. */
  readonly remedy?: string;
  /** Of what is accepted for a while: until when, as ISO 8601. */
  readonly acceptedUntil?: string;
  /** What to change, where no statement does it alone. */
  readonly advice?: string;
}

/** What a database that was made fit to be a shard is like. */
export interface InstalledShard {
  /** What could not be mended or proven. */
  readonly warnings: readonly ShardWarning[];
  /** What is signed there. */
  readonly latest: LatestNumbers;
}

/**
 * How the shard map reaches shards, as `admin`. `main.ts` joins it to the engines. Everything throws SHARD_UNAVAILABLE
 * where the server does not answer.
 */
export interface ShardAccess {
  /** Kept open and shared; whoever made the access closes it. */
  open(shard: Shard): SqlDatabase;
  /** Who the server is now: changes when it is restored from a backup. Throws SHARD_UNVERIFIED where it does not say, such as a standby. */
  identify(shard: Shard): Promise<string>;
  /**
   * Makes the database fit to be a shard of the map: schema, roles' grants, policies. May be repeated. Leaves `shard_identity` empty where
   * it was. Throws what an operator has to do where the server must be prepared first.
   */
  install(shard: Shard, map: ShardMap): Promise<InstalledShard>;
  /** Whether what protects the database was accepted for this very shard. Waits for who accepts something there. */
  isAccepted(shard: Shard): Promise<boolean>;
  /** Deletes at most `limit` of a tenant's or a range's rows in routed tables, children before parents; how many it were. */
  purge(session: SqlSession, shard: Shard, map: ShardMap, keys: MappingKeys, limit: number): Promise<number>;
}

/** A committed change of which caches may be told. */
export interface MappingChange {
  readonly map: string;
  readonly keys: MappingKeys;
  /** Where the keys are now; absent where they have no mapping any more. */
  readonly route?: { readonly mappingId: number; readonly shardId: string; readonly epoch: number };
}

/** Tells caches of a change. Never rejects: what is lost costs a router one refusal by the shard. */
export type PublishChange = (change: MappingChange) => Promise<void>;
