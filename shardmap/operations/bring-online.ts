import * as z from 'zod';
import { TenantryError } from '../../src/core/errors.ts';
import { describeKeys } from '../describe-keys.ts';
import type { MappingKeys } from '../mapping.ts';
import type { OperationKind } from '../operation-steps.ts';
import { claim, findFree, requireHeld } from './held-mappings.ts';
import { loggedMappingSchema, logMapping, readPayload } from './logged-mapping.ts';

/** Lets tenants into an OFFLINE mapping again. */
export const bringOnline: OperationKind<{ readonly keys: MappingKeys }> = {
  name: 'bring-online',

  async plan(catalog, map, { keys }) {
    const mapping = await findFree(catalog, map, keys);
    const what = describeKeys(map, keys);
    if (mapping.state !== 'OFFLINE') throw new TenantryError('CONFLICT', `The ${what} is ${mapping.state} already.`);
    return {
      mapping: logMapping(mapping),
      description: `Bring ${what} online: mapping ${mapping.mappingId}, epoch ${mapping.epoch} to ${mapping.epoch + 1}`,
    };
  },

  bind(payload) {
    const { mapping, description } = readPayload(payloadSchema, bringOnline.name, payload);
    const { mappingId, shardId, epoch } = mapping;
    const offline = { state: 'OFFLINE', epoch } as const;
    const online = { state: 'ONLINE', epoch: epoch + 1 } as const;
    return {
      description,
      shardIds: [shardId],
      mappingIds: [mappingId],
      changes: [{ keys: mapping, route: { mappingId, shardId, epoch: online.epoch } }],
      claim: (catalog, operationId) => claim(catalog, operationId, mapping),
      phases: [
        {
          state: 'PREPARING',
          undoable: true,
          work: (step) => step.onShard(shardId, ({ local }) => local.expect(mappingId, offline)),
          async advance(catalog, operationId) {
            await catalog.raiseMapVersion(mapping.mapId);
            requireHeld(await catalog.changeMapping(mappingId, operationId, online), mappingId);
          },
        },
        {
          state: 'COMMITTED',
          undoable: false,
          work: (step) =>
            step.onShard(shardId, async ({ local, forget }) => {
              await local.change(mappingId, offline, online, step.token(mappingId, online.epoch));
              await forget();
            }),
          advance: (catalog, operationId) => catalog.releaseMappings(operationId),
        },
      ],
      abandon: (catalog, operationId) => catalog.releaseMappings(operationId),
    };
  },
};

const payloadSchema = z.object({ mapping: loggedMappingSchema, description: z.string() });
