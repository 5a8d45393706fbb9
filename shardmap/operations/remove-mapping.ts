import * as z from 'zod';
import { TenantryError } from '../../src/core/errors.ts';
import { describeKeys } from '../describe-keys.ts';
import type { LocalStand } from '../local-map.ts';
import type { MappingKeys } from '../mapping.ts';
import type { OperationKind, StepContext } from '../operation-steps.ts';
import { claim, findFree, requireHeld } from './held-mappings.ts';
import { loggedMappingSchema, logMapping, readPayload, type LoggedMapping } from './logged-mapping.ts';

/** Rows that one transaction deletes. */
const purgeBatchRows = 1000;

/**
 * Drops an OFFLINE mapping, and its rows where `purge` says so. From the commit on nobody is routed by it; its keys stay
 * taken until the rows are gone.
 */
export const removeMapping: OperationKind<{ readonly keys: MappingKeys; readonly purge: boolean }> = {
  name: 'remove-mapping',

  async plan(catalog, map, { keys, purge }) {
    const mapping = await findFree(catalog, map, keys);
    const what = describeKeys(map, keys);
    if (mapping.state !== 'OFFLINE') throw new TenantryError('CONFLICT', `The ${what} is ${mapping.state}: take it offline first.`);
    return {
      mapping: logMapping(mapping),
      purge,
      description: `Remove ${what}, mapping ${mapping.mappingId}${purge ? ', and delete its rows' : '; its rows stay'}`,
    };
  },

  bind(payload) {
    const { mapping, purge, description } = readPayload(payloadSchema, removeMapping.name, payload);
    const { mappingId, shardId, epoch } = mapping;
    const offline: LocalStand = { state: 'OFFLINE', epoch };
    return {
      description,
      shardIds: [shardId],
      mappingIds: [mappingId],
      changes: [{ keys: mapping }],
      claim: (catalog, operationId) => claim(catalog, operationId, mapping),
      phases: [
        {
          state: 'PREPARING',
          undoable: true,
          work: (step) => step.onShard(shardId, ({ local }) => local.expect(mappingId, offline)),
          async advance(catalog, operationId) {
            await catalog.raiseMapVersion(mapping.mapId);
            requireHeld(await catalog.changeMapping(mappingId, operationId, { state: 'REMOVING', epoch: epoch + 1 }), mappingId);
          },
        },
        {
          state: 'COMMITTED',
          undoable: false,
          async work(step) {
            if (purge) await purgeRows(step, mapping, offline);
            await step.onShard(shardId, async ({ local, forget }) => {
              await local.delete(mappingId, offline);
              await forget();
            });
          },
          async advance(catalog, operationId) {
            requireHeld(await catalog.deleteMapping(mappingId, operationId), mappingId);
          },
        },
      ],
      abandon: (catalog, operationId) => catalog.releaseMappings(operationId),
    };
  },
};

const payloadSchema = z.object({ mapping: loggedMappingSchema, purge: z.boolean(), description: z.string() });

/**
 * Deletes rows for as long as the shard has the mapping still. Where it has not, they are gone, or are another mapping's by now:
 * a catalog that was restored may have an operation as left that ended long ago.
 */
async function purgeRows(step: StepContext, mapping: LoggedMapping, offline: LocalStand): Promise<void> {
  const shard = await step.shard(mapping.shardId);
  let deleted: number;
  do {
    deleted = await step.onShard(mapping.shardId, async ({ local, session }) => {
      const found = await local.get(mapping.mappingId);
      if (found?.state !== offline.state || found.epoch !== offline.epoch) return 0;
      return step.access.purge(session, shard, step.map, mapping, purgeBatchRows);
    });
  } while (deleted > 0);
}
