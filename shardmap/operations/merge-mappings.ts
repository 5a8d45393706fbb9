import { TenantryError } from '../../src/core/errors.ts';
import { describeKeys } from '../describe-keys.ts';
import type { TenantKey } from '../key.ts';
import type { Mapping } from '../mapping.ts';
import type { LockPatience, OperationKind } from '../operation-steps.ts';
import type { ShardMap } from '../shard-map.ts';
import type { CatalogReader } from '../store.ts';
import { requireFree, requireSettledState } from './held-mappings.ts';
import type { LoggedMapping } from './logged-mapping.ts';
import { logReplacement, replacementSteps } from './replace-mappings.ts';

/** Makes one range of the two that meet at a key, on one shard and in one state. */
export const mergeMappings: OperationKind<{ readonly at: TenantKey; readonly patience: LockPatience }> = {
  name: 'merge-mappings',

  async plan(catalog, map, { at, patience }) {
    const [left, right] = await meetingAt(catalog, map, at);
    if (left.shardId !== right.shardId)
      throw new TenantryError('CONFLICT', `The ranges that meet at ${at.text} are on two shards: move one first.`);
    if (left.state !== right.state) {
      throw new TenantryError(
        'CONFLICT',
        `Of the ranges that meet at ${at.text}, one is ${left.state} and one ${right.state}: make them equal first.`,
      );
    }
    const { operationId: _, high: __, ...rest } = left;
    const merged: LoggedMapping = {
      ...rest,
      ...(right.high !== undefined && { high: right.high }),
      mappingId: await catalog.nextMappingId(),
      epoch: Math.max(left.epoch, right.epoch) + 1,
    };
    const before = [left, right].toSorted((one, other) => one.mappingId - other.mappingId);
    const description = `Merge mappings ${left.mappingId} and ${right.mappingId} into ${describeKeys(map, merged)}: mapping ${merged.mappingId}, epoch ${merged.epoch}`;
    return logReplacement({ before, after: [merged], patience, description });
  },

  bind: (payload) => replacementSteps(mergeMappings.name, payload),
};

async function meetingAt(catalog: CatalogReader, map: ShardMap, at: TenantKey): Promise<[Mapping, Mapping]> {
  const right = await catalog.findMappingAt(map.mapId, at.bytes);
  const left = await catalog.findMappingEndingAt(map.mapId, at.bytes);
  if (left === undefined || right === undefined) {
    const found = await catalog.findMapping(map.mapId, at.bytes);
    if (found !== undefined) requireFree(found);
    throw new TenantryError('NOT_FOUND', `Map ${map.name} has no two ranges that meet at ${at.text}.`);
  }
  return [requireSettledState(requireFree(left)), requireSettledState(requireFree(right))];
}
