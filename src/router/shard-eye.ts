import { TenantryError } from '../core/errors.ts';
import type { Row, SqlDatabase } from '../core/session.ts';
import type { Shard } from '../../shardmap/shard.ts';
import { connectShard, type ConnectShardDependencies, engineFor } from './connect-shard.ts';

/** What was seen of a shard. */
export interface ShardSight {
  /** Another one once something was changed that no trigger of the database tells of. */
  readonly state: string;
  /** Another one once anything was changed that one does tell of, where somebody could have kept it from being judged. */
  readonly noted: string;
}

/** Sees what protects the tenants of one shard, beside the connections that serve them. */
export interface ShardEye {
  /** Rejects where the shard does not answer, within a second or two. */
  look(): Promise<ShardSight>;
  /** Passes what every connection for tenants passes. Throws SHARD_UNVERIFIED, with what was changed, and what `connectShard` throws. */
  verify(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A look takes less than a millisecond: a server that needs so long for one stands still. */
const lookTimeoutMs = 1_000;
const connectTimeoutMs = 2_000;

/**
 * Looks over one connection of its own as `app`, which no tenant's call uses: so it neither waits for calls, when there is most to lose, nor
 * takes a connection from them, and no call waits for it.
 */
export function openShardEye(dependencies: ConnectShardDependencies, shardId: string): ShardEye {
  let open: { readonly shard: Shard; readonly database: SqlDatabase } | undefined;
  const databaseOf = async (shard: Shard): Promise<SqlDatabase> => {
    if (open !== undefined && isSamePlace(open.shard, shard)) return open.database;
    await open?.database.close();
    const options = { connections: 1, connectTimeoutMs, statementTimeoutMs: lookTimeoutMs, serverNamesOnly: true };
    const database = engineFor(dependencies, shard).open(shard.address, dependencies.login, options);
    open = { shard, database };
    return database;
  };
  return {
    look: async () => {
      const shard = await dependencies.directory.find(shardId);
      const database = await databaseOf(shard);
      try {
        const [row] = (await database.run<Row & ShardSight>('policy/watch')).rows;
        return { state: `${shard.incarnation} ${row?.state ?? ''}`, noted: row?.noted ?? '' };
      } catch (error) {
        // That the question cannot be answered any more is an answer.
        if (error instanceof TenantryError && (error.code === 'STATEMENT_FAILED' || error.code === 'FORBIDDEN'))
          return { state: error.code, noted: '' };
        throw error;
      }
    },
    verify: async (signal) => {
      const connection = await connectShard(dependencies, shardId, signal);
      await connection.close();
    },
    close: async () => {
      await open?.database.close();
      open = undefined;
    },
  };
}

function isSamePlace(one: Shard, other: Shard): boolean {
  const keys = ['engine', 'host', 'port', 'database'] as const;
  return one.incarnation === other.incarnation && keys.every((key) => one.address[key] === other.address[key]);
}
