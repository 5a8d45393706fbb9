import { TenantryError } from '../core/errors.ts';
import type { Login } from '../core/principal.ts';
import type { ShardVerifier } from '../core/shard-signer.ts';
import type { ConnectionExpectations, Engine, EngineConnection } from '../engine/engine.ts';
import type { Shard } from '../../shardmap/shard.ts';
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
  /** Of each shard, as the catalog knows it. */
  readonly signerOf: (shard: Shard) => ShardVerifier;
}

/** Opens a checked connection to a shard by its id. Throws as `RouterDependencies.connect` says; INVALID_CONFIGURATION for an engine that is not built in. */
export async function connectShard(
  { directory, engines, login, expectations, signerOf }: ConnectShardDependencies,
  shardId: string,
  signal: AbortSignal,
): Promise<EngineConnection> {
  const shard = await directory.find(shardId);
  const { address, incarnation } = shard;
  const engine = engineFor({ engines }, shard);
  try {
    return await engine.connect(address, login, { shardId, incarnation, signer: signerOf(shard), ...expectations }, signal);
  } catch (error) {
    directory.doubt(shardId);
    throw error;
  }
}

/** Throws INVALID_CONFIGURATION for one that is not built in. */
export function engineFor({ engines }: Pick<ConnectShardDependencies, 'engines'>, { shardId, address }: Shard): Engine {
  const engine = engines.get(address.engine);
  if (engine !== undefined) return engine;
  throw new TenantryError(
    'INVALID_CONFIGURATION',
    `Shard ${shardId} is of the engine ${address.engine}; this program has ${[...engines.keys()].join(', ')}.`,
  );
}
