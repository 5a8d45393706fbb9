import * as z from 'zod';
import { TenantryError } from '../../src/core/errors.ts';
import { describeKeys } from '../describe-keys.ts';
import type { MappingKeys } from '../mapping.ts';
import type { LockPatience, OperationKind } from '../operation-steps.ts';
import { claim, findFree, requireHeld } from './held-mappings.ts';
import { loggedMappingSchema, logMapping, readPayload } from './logged-mapping.ts';

/** Lets nobody into an ONLINE mapping any more: DRAINING until everyone has left, then OFFLINE. No other is touched. */
export const takeOffline: OperationKind<{ readonly keys: MappingKeys; readonly patience: LockPatience }> = {
  name: 'take-offline',

  async plan(catalog, map, { keys, patience }) {
    const mapping = await findFree(catalog, map, keys);
    const what = describeKeys(map, keys);
    if (mapping.state !== 'ONLINE') throw new TenantryError('CONFLICT', `The ${what} is ${mapping.state} already.`);
    return {
      mapping: logMapping(mapping),
      patience,
      description: `Take ${what} offline: mapping ${mapping.mappingId}, epoch ${mapping.epoch} to ${mapping.epoch + 1}`,
    };
  },

  bind(payload) {
    const { mapping, patience, description } = readPayload(payloadSchema, takeOffline.name, payload);
    const { mappingId, shardId, epoch } = mapping;
    const [online, draining] = [
      { state: 'ONLINE', epoch },
      { state: 'DRAINING', epoch },
    ] as const;
    const offline = { state: 'OFFLINE', epoch: epoch + 1 } as const;
    return {
      description,
      shardIds: [shardId],
      mappingIds: [mappingId],
      changes: [{ keys: mapping, route: { mappingId, shardId, epoch: offline.epoch } }],
      claim: (catalog, operationId) => claim(catalog, operationId, mapping),
      phases: [
        {
          state: 'PREPARING',
          undoable: true,
          async work(step) {
            // Committed before the lock is tried: from then on only those who are inside already hold it for long.
            await step.onShard(shardId, ({ local }) => local.change(mappingId, online, draining, step.token(mappingId, epoch)));
            await step.onceDrained(shardId, [mappingId], patience, ({ local }) => local.expect(mappingId, draining));
          },
          async advance(catalog, operationId) {
            await catalog.raiseMapVersion(mapping.mapId);
            requireHeld(await catalog.changeMapping(mappingId, operationId, offline), mappingId);
          },
        },
        {
          state: 'COMMITTED',
          undoable: false,
          work: (step) =>
            step.onShard(shardId, async ({ local, forget }) => {
              await local.change(mappingId, draining, offline, step.token(mappingId, offline.epoch));
              await forget();
            }),
          advance: (catalog, operationId) => catalog.releaseMappings(operationId),
        },
      ],
      undo: (step) =>
        step.onShard(shardId, async ({ local, forget }) => {
          await local.takeBack(mappingId, draining, { ...online, token: step.token(mappingId, epoch) });
          await forget();
        }),
      abandon: (catalog, operationId) => catalog.releaseMappings(operationId),
    };
  },
};

const payloadSchema = z.object({
  mapping: loggedMappingSchema,
  patience: z.object({ limitMs: z.number(), force: z.boolean() }),
  description: z.string(),
});
