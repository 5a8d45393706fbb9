import * as z from 'zod';
import { TenantryError } from '../../src/core/errors.ts';
import { HeldByOperation, type OperationKind } from '../operation-steps.ts';
import { readPayload } from './logged-mapping.ts';

/** Takes a shard without mappings out of the map; its rows stay. `lost`: its server is gone for good, and is not asked. */
export const removeShard: OperationKind<{ readonly shardId: string; readonly name: string; readonly lost: boolean }> = {
  name: 'remove-shard',

  async plan(_catalog, map, request) {
    return { ...request, description: `Remove shard ${request.name} from map ${map.name}${request.lost ? ', without its server' : ''}` };
  },

  bind(payload) {
    const { shardId, name, lost, description } = readPayload(payloadSchema, removeShard.name, payload);
    return {
      description,
      shardIds: lost ? [] : [shardId],
      mappingIds: [],
      changes: [],
      async claim(catalog, operationId) {
        if (await catalog.claimEmptyShard(shardId, operationId)) return;
        const shard = await catalog.getShard(shardId);
        if (shard === undefined) throw new TenantryError('NOT_FOUND', `There is no shard ${name}.`);
        if (shard.operationId !== undefined) throw new HeldByOperation(shard.operationId);
        throw new TenantryError('CONFLICT', `Shard ${name} is in use: it has mappings. Move or remove them first.`);
      },
      phases: [
        {
          state: 'PREPARING',
          undoable: true,
          // Looks whether the shard answers: what could not be finished is better not committed.
          work: async (step) => {
            if (!lost) await step.onShard(shardId, async () => undefined);
          },
          async advance(catalog, operationId) {
            const changed = await catalog.changeShard(shardId, operationId, { state: 'REMOVING', release: false });
            if (!changed) throw new TenantryError('INTERNAL', `Shard ${name} is no longer held by the operation that removes it.`);
          },
        },
        {
          state: 'COMMITTED',
          undoable: false,
          async work(step) {
            if (lost) return;
            await step.onShard(shardId, async ({ local, forget }) => {
              await local.releaseIdentity(shardId);
              await forget();
            });
          },
          advance: async (catalog, operationId) => void (await catalog.deleteShard(shardId, operationId)),
        },
      ],
      abandon: async (catalog, operationId) => void (await catalog.changeShard(shardId, operationId, { state: 'ONLINE', release: true })),
    };
  },
};

const payloadSchema = z.object({ shardId: z.string(), name: z.string(), lost: z.boolean(), description: z.string() });
