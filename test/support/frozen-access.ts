import type { ShardAccess } from '../../shardmap/shard-access.ts';
import type { SqlDatabase } from '../../src/core/session.ts';

/** A runner that stands still within one of its transactions on a shard. */
export interface FrozenAccess {
  readonly access: ShardAccess;
  /** Once it stands still, all its statements done and its COMMIT not sent. */
  readonly frozen: Promise<void>;
  readonly thaw: () => void;
}

/** Access to shards whose user is stopped at the end of its first transaction there. */
export function frozenAccess(access: ShardAccess): FrozenAccess {
  const frozen = Promise.withResolvers<void>();
  const thawed = Promise.withResolvers<void>();
  const freezing = (database: SqlDatabase): SqlDatabase => ({
    query: (statement) => database.query(statement),
    run: (file, parameters) => database.run(file, parameters),
    script: (file) => database.script(file),
    close: () => database.close(),
    transaction: (work) =>
      database.transaction(async (session) => {
        const result = await work(session);
        frozen.resolve();
        await thawed.promise;
        return result;
      }),
  });
  return {
    access: {
      open: (shard) => freezing(access.open(shard)),
      identify: (shard) => access.identify(shard),
      install: (shard, map) => access.install(shard, map),
      isAccepted: (shard) => access.isAccepted(shard),
      purge: (...batch) => access.purge(...batch),
    },
    frozen: frozen.promise,
    thaw: () => thawed.resolve(),
  };
}
