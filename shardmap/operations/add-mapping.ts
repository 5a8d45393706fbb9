import * as z from 'zod';
import { TenantryError } from '../../src/core/errors.ts';
import { describeKeys } from '../describe-keys.ts';
import type { LocalStand } from '../local-map.ts';
import type { MappingKeys } from '../mapping.ts';
import { HeldByOperation, type OperationKind } from '../operation-steps.ts';
import type { CatalogReader } from '../store.ts';
import { requireFree, requireHeld } from './held-mappings.ts';
import { loggedMappingSchema, logMapping, readPayload, type LoggedMapping } from './logged-mapping.ts';

/** Gives keys a mapping: INCOMING on the shard, ONLINE in the catalog, ONLINE on the shard. */
export const addMapping: OperationKind<{ readonly keys: MappingKeys; readonly shardId: string }> = {
  name: 'add-mapping',

  async plan(catalog, map, { keys, shardId }) {
    // The map's row stays locked, so that the version read is above the epoch of every mapping that these keys ever had.
    const { version } = await catalog.lockMap(map.mapId);
    const mappingId = await catalog.nextMappingId();
    const mapping: LoggedMapping = { mappingId, mapId: map.mapId, ...keys, shardId, state: 'ADDING', epoch: version + 1 };
    return { mapping: logMapping(mapping), description: `Add ${describeKeys(map, keys)}: mapping ${mappingId}, epoch ${mapping.epoch}` };
  },

  bind(payload) {
    const { mapping, description } = readPayload(payloadSchema, addMapping.name, payload);
    const { mappingId, shardId, epoch } = mapping;
    const incoming: LocalStand = { state: 'INCOMING', epoch };
    return {
      description,
      shardIds: [shardId],
      mappingIds: [mappingId],
      changes: [{ keys: mapping, route: { mappingId, shardId, epoch } }],
      async claim(catalog, operationId) {
        if (!(await catalog.addMapping({ ...mapping, operationId }))) throw await refusal(catalog, mapping);
      },
      phases: [
        {
          state: 'PREPARING',
          undoable: true,
          work: (step) => step.onShard(shardId, ({ local }) => local.add({ ...mapping, ...incoming, token: step.token(mappingId, epoch) })),
          async advance(catalog, operationId) {
            await catalog.raiseMapVersion(mapping.mapId);
            requireHeld(await catalog.changeMapping(mappingId, operationId, { state: 'ONLINE', epoch }), mappingId);
          },
        },
        {
          state: 'COMMITTED',
          undoable: false,
          work: (step) =>
            step.onShard(shardId, async ({ local, forget }) => {
              await local.change(mappingId, incoming, { state: 'ONLINE', epoch }, step.token(mappingId, epoch));
              await forget();
            }),
          advance: (catalog, operationId) => catalog.releaseMappings(operationId),
        },
      ],
      undo: (step) =>
        step.onShard(shardId, async ({ local, forget }) => {
          await local.takeBack(mappingId, incoming);
          await forget();
        }),
      async abandon(catalog, operationId) {
        requireHeld(await catalog.deleteMapping(mappingId, operationId), mappingId);
      },
    };
  },
};

const payloadSchema = z.object({ mapping: loggedMappingSchema, description: z.string() });

async function refusal(catalog: CatalogReader, mapping: LoggedMapping): Promise<Error> {
  const map = await catalog.getMap(mapping.mapId);
  const shard = await catalog.getShard(mapping.shardId);
  if (shard === undefined || shard.mapId !== map.mapId) return new TenantryError('NOT_FOUND', `Map ${map.name} has no such shard.`);
  if (shard.operationId !== undefined) return new HeldByOperation(shard.operationId);
  const other = await catalog.findOverlappingMapping(map.mapId, mapping);
  if (other === undefined) return new TenantryError('CONFLICT', 'Keys of the mapping were changed at the same time.');
  const place = (await catalog.getShard(requireFree(other).shardId))?.name;
  return new TenantryError('CONFLICT', `The ${describeKeys(map, other)} is on shard ${place} already, as mapping ${other.mappingId}.`);
}
