import { TenantryError } from '../src/core/errors.ts';
import type { Operation } from './operation.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import { bindOperation, isKnownOperation } from './operations/index.ts';
import type { Retention } from './store.ts';

const pageRows = 200;

/**
 * Forgets operations that ended long ago: their generations on the shards, then their rows in the catalog. What is on a
 * shard that is away stays, with its row, for another time. Gives how many were forgotten.
 *
 * A runner of such an operation that wakes up after all is refused as before, wherever it stopped. Every local change is
 * made in a transaction that first finds the runner's own generation on the shard (`local-map/lock-generation`), and
 * taking a generation away only makes that fail. All that its presence refuses besides is a stamp by an older runner;
 * and a stamp alone changes nothing: after it, and before the first local change, the runner must renew its lease in
 * the catalog, which refuses once the operation has ended, and as well when its row is gone. What stays then is one row
 * of a generation that nobody asks for. Operations that have not ended are not looked at, however old.
 */
export async function pruneOperations({ store, access }: OperationDependencies, retention: Retention): Promise<number> {
  const shards = new Map((await store.listShards()).map((shard) => [shard.shardId, shard]));
  const away = new Set<string>();
  const removeGenerations = async (shardId: string, operationIds: readonly string[]): Promise<void> => {
    const shard = shards.get(shardId);
    if (shard === undefined || away.has(shardId)) return;
    try {
      await access.open(shard).run('local-map/remove-generations', { operationIds: JSON.stringify(operationIds) });
    } catch (error) {
      if (!(error instanceof TenantryError)) throw error;
      away.add(shardId);
    }
  };
  let pruned = 0;
  let page: Operation[];
  let afterId: string | undefined;
  do {
    page = await store.listEnded(retention, afterId, pageRows);
    // What only another version of the program can read is left to it.
    const ended = page.filter(isKnownOperation).map((operation) => ({
      operationId: operation.operationId,
      shardIds: bindOperation(operation).shardIds,
    }));
    for (const shardId of new Set(ended.flatMap(({ shardIds }) => shardIds)))
      await removeGenerations(shardId, idsOf(ended.filter(({ shardIds }) => shardIds.includes(shardId))));
    const forgotten = idsOf(ended.filter(({ shardIds }) => !shardIds.some((shardId) => away.has(shardId))));
    if (forgotten.length > 0) await store.deleteEnded(forgotten);
    pruned += forgotten.length;
    afterId = page.at(-1)?.operationId;
  } while (page.length === pageRows);
  return pruned;
}

function idsOf(operations: readonly Pick<Operation, 'operationId'>[]): string[] {
  return operations.map(({ operationId }) => operationId);
}
