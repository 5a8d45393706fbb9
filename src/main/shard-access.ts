import type { Settings } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { installShard } from '../policy/install.ts';
import { lockPolicies } from '../policy/lock.ts';
import { purgeRows } from '../policy/purge.ts';
import type { ShardAccess } from '../../shardmap/shard-access.ts';
import { engineOf, type Engines } from './engines.ts';
import { probingWith } from './policies/probing.ts';
import { routedTables } from './routed-tables.ts';
import { createShardDatabases, type ShardDatabases } from './shard-databases.ts';
import { signedOn } from './policies/signed-on.ts';
import { wantedPolicies } from './policies/wanted.ts';

/** What shards are reached with. */
interface ShardAccessParts {
  readonly engines: Engines;
  readonly clock: Clock;
}

/** What the shard map does on shards, as `admin`. */
export function createShardAccess({ engines, clock }: ShardAccessParts, settings: Settings): ShardAccess & ShardDatabases {
  const databases = createShardDatabases(engines, settings);
  return {
    ...databases,
    install: async (shard, map) => {
      const engine = engineOf(engines, shard.address);
      const { contextProtection } = settings;
      const installation = { ...wantedPolicies(settings, shard, map), contextProtection, probing: probingWith(engine, settings, clock) };
      const admin = databases.open(shard);
      const { warnings } = await installShard(admin, engine, installation);
      const { numbers: latest } = await signedOn(admin, settings, shard);
      return { warnings, latest };
    },
    isAccepted: (shard) =>
      databases.open(shard).transaction(async (session) => {
        await lockPolicies(session);
        return (await signedOn(session, settings, shard)).numbers.accepted > 0;
      }),
    purge: (session, shard, { keyType }, keys, limit) =>
      purgeRows(session, engineOf(engines, shard.address), {
        tables: routedTables(settings),
        keyType,
        keys,
        limit,
      }),
  };
}
