import * as z from 'zod';
import type { LocalStand } from '../local-map.ts';
import type { OperationKindName } from '../operation.ts';
import type { LockPatience, OperationSteps, ShardStep, StepContext } from '../operation-steps.ts';
import { claim, requireHeld } from './held-mappings.ts';
import { loggedMappingSchema, logMapping, readPayload, type LoggedMapping } from './logged-mapping.ts';

/** Ranges of one shard, all ONLINE or all OFFLINE, to be replaced by others that cover the same keys. */
export interface Replacement {
  /** In order of their ids, the order in which they are taken. */
  readonly before: readonly LoggedMapping[];
  readonly after: readonly LoggedMapping[];
  readonly patience: LockPatience;
  readonly description: string;
}

/** A replacement in the form in which the log keeps it. */
export function logReplacement({ before, after, patience, description }: Replacement): unknown {
  return { before: before.map(logMapping), after: after.map(logMapping), patience, description };
}

/** The steps of a logged split or merge: the old ranges drained, replaced in the catalog, then on the shard in one transaction. */
export function replacementSteps(kind: OperationKindName, payload: unknown): OperationSteps {
  const { before, after, patience, description } = readPayload(payloadSchema, kind, payload);
  const [{ shardId, mapId }] = before;
  const oldIds = before.map(({ mappingId }) => mappingId);
  return {
    description,
    shardIds: [shardId],
    mappingIds: [...before, ...after].map(({ mappingId }) => mappingId),
    changes: after.map((mapping) => ({ keys: mapping, route: mapping })),
    async claim(catalog, operationId) {
      for (const mapping of before) await claim(catalog, operationId, mapping);
    },
    phases: [
      {
        state: 'PREPARING',
        undoable: true,
        async work(step) {
          await step.onShard(shardId, ({ local }) =>
            eachOf(before, (old) => local.change(old.mappingId, open(old), drained(old), step.token(old.mappingId, old.epoch))),
          );
          await step.onceDrained(shardId, oldIds, patience, ({ local }) =>
            eachOf(before, (old) => local.expect(old.mappingId, drained(old))),
          );
        },
        async advance(catalog, operationId) {
          await catalog.raiseMapVersion(mapId);
          for (const { mappingId } of before) requireHeld(await catalog.deleteMapping(mappingId, operationId), mappingId);
          for (const mapping of after) requireHeld(await catalog.addMapping({ ...mapping, operationId }), mapping.mappingId);
        },
      },
      {
        state: 'COMMITTED',
        undoable: false,
        work: (step) => step.onceDrained(shardId, oldIds, patience, (shard) => replaceLocally(step, shard, before, after)),
        advance: (catalog, operationId) => catalog.releaseMappings(operationId),
      },
    ],
    undo: (step) =>
      step.onShard(shardId, async ({ local, forget }) => {
        await eachOf(before, (old) =>
          local.takeBack(old.mappingId, drained(old), { ...open(old), token: step.token(old.mappingId, old.epoch) }),
        );
        await forget();
      }),
    abandon: (catalog, operationId) => catalog.releaseMappings(operationId),
  };
}

const nonEmpty = z.tuple([loggedMappingSchema], loggedMappingSchema);
const payloadSchema = z.object({
  before: nonEmpty,
  after: nonEmpty,
  patience: z.object({ limitMs: z.number(), force: z.boolean() }),
  description: z.string(),
});

/** How the shard has a range that no operation is changing. */
function open({ state, epoch }: LoggedMapping): LocalStand {
  return { state: state === 'OFFLINE' ? 'OFFLINE' : 'ONLINE', epoch };
}

/** How the shard has a range while nobody may enter it: an OFFLINE one stays so. */
function drained({ state, epoch }: LoggedMapping): LocalStand {
  return { state: state === 'OFFLINE' ? 'OFFLINE' : 'DRAINING', epoch };
}

/**
 * One transaction replaces them, so that where the first is gone all are, and the new ones must be there. They may have been
 * removed since: a catalog that was restored may have an operation as left that ended long ago.
 */
async function replaceLocally(
  step: StepContext,
  { local, forget }: ShardStep,
  before: readonly [LoggedMapping, ...LoggedMapping[]],
  after: readonly LoggedMapping[],
): Promise<void> {
  if ((await local.get(before[0].mappingId)) !== undefined) {
    await eachOf(before, (old) => local.expect(old.mappingId, drained(old)));
    await eachOf(before, (old) => local.delete(old.mappingId, drained(old)));
    await eachOf(after, (mapping) => local.add({ ...mapping, ...open(mapping), token: step.token(mapping.mappingId, mapping.epoch) }));
  }
  await eachOf(after, (mapping) => local.expect(mapping.mappingId, open(mapping)));
  await forget();
}

async function eachOf(mappings: readonly LoggedMapping[], work: (mapping: LoggedMapping) => Promise<void>): Promise<void> {
  for (const mapping of mappings) await work(mapping);
}
