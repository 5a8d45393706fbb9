import type { Settings } from '../config.ts';
import { hadNoAnswer, TenantryError } from '../core/errors.ts';
import type { SqlDatabase } from '../core/session.ts';
import { SqlFailure } from '../engine/sql-failure.ts';
import { installShard } from '../policy/install.ts';
import { purgeRows } from '../policy/purge.ts';
import type { Shard } from '../../shardmap/shard.ts';
import type { ShardAccess } from '../../shardmap/shard-access.ts';
import { adminBounds } from './admin-bounds.ts';
import { engineOf, type Engines } from './engines.ts';
import { probingWith } from './policies/probing.ts';
import { routedTables } from './routed-tables.ts';
import { signedOn } from './policies/signed-on.ts';
import { wantedPolicies } from './policies/wanted.ts';

/** Access that closes what it opened. */
export interface ClosableShardAccess extends ShardAccess {
  close(): Promise<void>;
}

/** Shards as `admin`; databases stay open, each once, until everything is closed. */
export function createShardAccess(engines: Engines, settings: Settings): ClosableShardAccess {
  const { logins, contextProtection, limits } = settings;
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
    install: async (shard, map) => {
      const engine = engineOf(engines, shard.address);
      const installation = { ...wantedPolicies(settings, shard, map), contextProtection, probing: probingWith(engine, settings) };
      const admin = open(shard);
      const { warnings } = await installShard(admin, engine, installation);
      return { warnings, latest: await signedOn(admin, settings, shard) };
    },
    purge: (session, shard, { keyType }, keys, limit) =>
      purgeRows(session, engineOf(engines, shard.address), {
        tables: routedTables(settings),
        keyType,
        keys,
        limit,
      }),
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
