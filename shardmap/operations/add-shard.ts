import * as z from 'zod';
import { TenantryError } from '../../src/core/errors.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import type { LatestNumbers } from '../../src/core/shard-signer.ts';
import { tlsModes } from '../../src/core/tls-mode.ts';
import type { LocalMap, ShardIdentity } from '../local-map.ts';
import { HeldByOperation, type OperationKind, type StepContext } from '../operation-steps.ts';
import type { CatalogReader } from '../store.ts';
import { inUseElsewhere } from '../own-shard.ts';
import { readPayload } from './logged-mapping.ts';

/** A database that has Tenantry's schema already. */
export interface AddShardRequest {
  /** A fresh uuid. */
  readonly shardId: string;
  readonly name: string;
  readonly address: ShardAddress;
  /** Who its server is now. */
  readonly incarnation: string;
  /** What is signed there: the catalog knows it from the moment it knows the shard, so that nothing older is believed. */
  readonly latest: LatestNumbers;
}

/** Makes a database a shard of the map: it is told whose it is, then the catalog knows who it is. */
export const addShard: OperationKind<AddShardRequest> = {
  name: 'add-shard',

  async plan(_catalog, map, request) {
    const { name, address } = request;
    return {
      ...request,
      mapId: map.mapId,
      description: `Add shard ${name} of map ${map.name}: database ${address.database} on ${address.host}:${address.port}`,
    };
  },

  bind(payload) {
    const { shardId, mapId, name, address, incarnation, latest, description } = readPayload(payloadSchema, addShard.name, payload);
    let signed = latest;
    return {
      description,
      shardIds: [shardId],
      mappingIds: [],
      changes: [],
      async claim(catalog, operationId) {
        const numbers = { acceptedNumber: latest.accepted, overrideNumber: latest.overridden };
        if (!(await catalog.addShard({ shardId, mapId, name, address, state: 'ADDING', ...numbers, operationId })))
          throw await refusal(catalog, name, address);
      },
      phases: [
        {
          state: 'PREPARING',
          undoable: true,
          async work(step) {
            await step.onShard(shardId, ({ local }) => claimDatabase(local, { shardId, map: step.map.name, keyType: step.map.keyType }));
            signed = await acceptedAsOwn(step, shardId, latest);
          },
          async advance(catalog, operationId) {
            const changed = await catalog.changeShard(shardId, operationId, {
              state: 'ONLINE',
              incarnation,
              latest: signed,
              release: false,
            });
            if (!changed) throw new TenantryError('INTERNAL', `Shard ${name} is no longer held by the operation that adds it.`);
          },
        },
        {
          state: 'COMMITTED',
          undoable: false,
          work: (step) => step.onShard(shardId, ({ forget }) => forget()),
          advance: async (catalog, operationId) =>
            void (await catalog.changeShard(shardId, operationId, { state: 'ONLINE', release: true })),
        },
      ],
      undo: (step) =>
        step.onShard(shardId, async ({ local, forget }) => {
          await requireUnused(local, shardId, name);
          await local.releaseIdentity(shardId);
          await forget();
        }),
      abandon: async (catalog, operationId) => void (await catalog.deleteShard(shardId, operationId)),
    };
  },
};

const payloadSchema = z.object({
  shardId: z.string(),
  mapId: z.int(),
  name: z.string(),
  address: z.object({
    engine: z.string(),
    host: z.string(),
    port: z.int(),
    database: z.string(),
    tls: z.enum(tlsModes),
  }),
  incarnation: z.string().min(1),
  latest: z.object({ accepted: z.int(), overridden: z.int() }),
  description: z.string(),
});

async function claimDatabase(local: LocalMap, identity: ShardIdentity): Promise<void> {
  await local.claimIdentity(identity);
  const now = (await local.description())?.identity;
  if (now?.shardId !== identity.shardId) throw inUseElsewhere('database', now);
  const [left] = await local.list(0, 1);
  if (left !== undefined) {
    throw new TenantryError(
      'CONFLICT',
      `The database's local map is not empty: it has mapping ${left.mappingId}, of a shard map that it was part of before.`,
    );
  }
}

/**
 * What is signed on a shard whose database has been claimed. Until then, whoever adds the same database at once may have accepted it as his;
 * afterwards nobody does but for the shard that it is.
 */
async function acceptedAsOwn(step: StepContext, shardId: string, latest: LatestNumbers): Promise<LatestNumbers> {
  const shard = await step.shard(shardId);
  return (await step.access.isAccepted(shard)) ? latest : (await step.access.install(shard, step.map)).latest;
}

/** With mappings the shard was added in the end: the catalog that has it as left is an old one, restored. */
async function requireUnused(local: LocalMap, shardId: string, name: string): Promise<void> {
  if ((await local.description())?.identity?.shardId !== shardId) return;
  const [used] = await local.list(0, 1);
  if (used === undefined) return;
  const detail = `Shard ${name} has mapping ${used.mappingId}, so that adding it cannot be undone.`;
  throw new TenantryError('CONFLICT', detail);
}

async function refusal(catalog: CatalogReader, name: string, address: ShardAddress): Promise<Error> {
  const shards = await catalog.listShards();
  const same = shards.find((shard) => shard.name === name);
  const other =
    same ??
    shards.find(({ address: used }) => used.host === address.host && used.port === address.port && used.database === address.database);
  if (other?.operationId !== undefined) return new HeldByOperation(other.operationId);
  if (same !== undefined) return new TenantryError('CONFLICT', `There is a shard ${name} already.`);
  return new TenantryError(
    'CONFLICT',
    other === undefined ? 'The shard was added at the same time.' : `The database is shard ${other.name} already.`,
  );
}
