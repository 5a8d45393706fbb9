import type { ShardAccess } from '../../shardmap/shard-access.ts';
import type { SqlDatabase } from '../../src/core/session.ts';

/** Access to shards that does something before one of the transactions there, given by its number from 1. */
export function interruptedAccess(access: ShardAccess, number: number, action: () => Promise<unknown>): ShardAccess {
  let begun = 0;
  const interrupted = (database: SqlDatabase): SqlDatabase => ({
    query: (statement) => database.query(statement),
    run: (file, parameters) => database.run(file, parameters),
    script: (file) => database.script(file),
    close: () => database.close(),
    async transaction(work) {
      if (++begun === number) await action();
      return database.transaction(work);
    },
  });
  return {
    open: (shard) => interrupted(access.open(shard)),
    identify: (shard) => access.identify(shard),
    install: (shard, map) => access.install(shard, map),
    isAccepted: (shard) => access.isAccepted(shard),
    purge: (...batch) => access.purge(...batch),
  };
}
