import type { Settings } from '../config.ts';
import { hadNoAnswer, TenantryError } from '../core/errors.ts';
import type { SqlDatabase } from '../core/session.ts';
import { SqlFailure } from '../engine/sql-failure.ts';
import type { Shard } from '../../shardmap/shard.ts';
import type { ShardAccess } from '../../shardmap/shard-access.ts';
import { adminBounds } from './admin-bounds.ts';
import { engineOf, type Engines } from './engines.ts';

/** The databases of shards as `admin`, which closes what it opened. */
export interface ShardDatabases extends Pick<ShardAccess, 'open' | 'identify'> {
  close(): Promise<void>;
}

/** Databases stay open, each once, until everything is closed. */
export function createShardDatabases(engines: Engines, { logins, limits }: Pick<Settings, 'logins' | 'limits'>): ShardDatabases {
  const bounds = adminBounds(limits);
  const opened = new Map<string, SqlDatabase>();
  const open = ({ shardId, address }: Shard): SqlDatabase => {
    const key = [shardId, address.host, address.port, address.database].join(' ');
    const database = opened.get(key) ?? engineOf(engines, address).open(address, logins.admin, bounds);
    opened.set(key, database);
    return database;
  };
  return {
    open,
    identify: async (shard) => {
      const [row] = (await open(shard).run<{ incarnation: string }>('engine/incarnation').catch(nobodyInParticular(shard))).rows;
      if (row === undefined) throw new TenantryError('INTERNAL', 'engine/incarnation gave no row.');
      return row.incarnation;
    },
    close: async () => {
      const databases = [...opened.values()];
      opened.clear();
      await Promise.all(databases.map((database) => database.close()));
    },
  };
}

/** A server that answers, and fails to say who it is. */
function nobodyInParticular({ name }: Shard): (error: unknown) => never {
  return (error) => {
    const isAnswer = error instanceof TenantryError && error.cause instanceof SqlFailure;
    if (!isAnswer || hadNoAnswer(error)) throw error;
    const detail = `The server of shard ${name} does not say who it is: it only follows another one, or the login may not see its database.`;
    throw new TenantryError('SHARD_UNVERIFIED', detail, { cause: error });
  };
}
