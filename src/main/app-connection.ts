import type { Settings } from '../config.ts';
import type { EngineConnection } from '../engine/engine.ts';
import { signerOfShard } from '../../shardmap/shard-signer.ts';
import type { Shard } from '../../shardmap/shard.ts';
import { engineOf, type Engines } from './engines.ts';
import { routedTables } from './routed-tables.ts';

/**
 * Opens a connection of `app` as the router does, so that it passes what tenants' connections pass. Throws SHARD_UNVERIFIED or
 * SHARD_UNAVAILABLE.
 */
export function openAppConnection(engines: Engines, settings: Settings, shard: Shard): Promise<EngineConnection> {
  const { shardId, incarnation, address } = shard;
  return engineOf(engines, address).connect(address, settings.logins.app, {
    shardId,
    incarnation,
    tables: routedTables(settings),
    contextProtection: settings.contextProtection,
    capabilities: settings.capabilities,
    signer: signerOfShard(settings.fleetKey, shard),
  });
}
