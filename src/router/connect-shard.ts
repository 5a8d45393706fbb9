import { TenantryError } from '../core/errors.ts';
import type { Login } from '../core/principal.ts';
import type { ShardVerifier } from '../core/shard-signer.ts';
import type { ConnectionExpectations, Engine, EngineConnection } from '../engine/engine.ts';
import type { ShardDirectory } from './shard-directory.ts';

/** What it takes to open a connection for tenant traffic. */
export interface ConnectShardDependencies {
  readonly directory: ShardDirectory;
  /** By name, as shard addresses have it. */
  readonly engines: ReadonlyMap<string, Engine>;
  /** The login of `app`. */
  readonly login: Login;
  /** What a shard must be like, whichever it is, and what its tenants are held to. */
  readonly expectations: Pick<ConnectionExpectations, 'tables' | 'contextProtection' | 'capabilities' | 'limits'>;
  /** Of each shard, by its id. */
  readonly signerOf: (shardId: string) => ShardVerifier;
}

/** Opens a checked connection to a shard by its id. Throws as `RouterDependencies.connect` says; INVALID_CONFIGURATION for an engine that is not built in. */
export async function connectShard(
  { directory, engines, login, expectations, signerOf }: ConnectShardDependencies,
  shardId: string,
  signal: AbortSignal,
): Promise<EngineConnection> {
  const { address, incarnation } = await directory.find(shardId);
  const engine = engines.get(address.engine);
  if (engine === undefined)
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      `Shard ${shardId} is of the engine ${address.engine}; this program has ${[...engines.keys()].join(', ')}.`,
    );
  try {
    return await engine.connect(address, login, { shardId, incarnation, signer: signerOf(shardId), ...expectations }, signal);
  } catch (error) {
    directory.doubt(shardId);
    throw error;
  }
}
