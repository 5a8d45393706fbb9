import type { ShardMapManager } from '../../shardmap/manager.ts';
import type { ShardAccess } from '../../shardmap/shard-access.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import type { ShardMapWorld } from './shard-map-world.ts';

/** Where the runner of a manager dies: before one of its transactions has begun, or after, when it is not told how it ended. */
export interface Death {
  /** Transactions are counted from 1, over catalog and shards; that a shard is installed counts as one. */
  readonly transaction: number;
  readonly when: 'before' | 'after';
}

/** A manager whose process seems to be gone from some transaction on: no later call of a database begins, not even to undo anything. */
export interface MortalManager {
  readonly manager: ShardMapManager;
  /** It lived to the end. */
  readonly lives: () => boolean;
}

/** On whatever engine: nothing of a wire is looked at. */
export function mortalManager(world: ShardMapWorld, death: Death): MortalManager {
  let transactions = 0;
  let isDead = false;
  const orGone = <T>(call: () => Promise<T>): Promise<T> => (isDead ? Promise.reject(new Error('The process is gone.')) : call());
  const durable = async <T>(call: () => Promise<T>): Promise<T> => {
    const isLast = ++transactions === death.transaction;
    if (isLast && death.when === 'before') isDead = true;
    const result = await orGone(call);
    if (isLast) isDead = true;
    return orGone(() => Promise.resolve(result));
  };
  const mortal = (database: SqlDatabase): SqlDatabase => ({
    query: (statement) => orGone(() => database.query(statement)),
    run: (file, parameters) => orGone(() => database.run(file, parameters)),
    script: (file) => orGone(() => database.script(file)),
    transaction: (work) => durable(() => database.transaction(work)),
    close: () => database.close(),
  });
  const access: ShardAccess = {
    open: (shard) => mortal(world.access.open(shard)),
    identify: (shard) => orGone(() => world.access.identify(shard)),
    install: (shard, map) => durable(() => world.access.install(shard, map)),
    isAccepted: (shard) => orGone(() => world.access.isAccepted(shard)),
    // Within a transaction, which is a call itself.
    purge: (...batch) => world.access.purge(...batch),
  };
  const manager = world.createManager({ store: world.createStore(mortal(world.catalog)), access });
  return { manager, lives: () => !isDead };
}
