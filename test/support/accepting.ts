import { fleetKeyFromBase64 } from '../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import type { ShardSigner } from '../../src/core/shard-signer.ts';
import type { Accepting } from '../../src/policy/acceptance.ts';

const fleetKey = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'TENANTRY_FLEET_KEY');

/** Signs for a shard of the tests, by the fleet key that all of them have. */
export function signerOfTests(shardId: string): ShardSigner {
  return createShardSigner({ current: fleetKey }, shardId);
}

/** Who accepts what tests apply to a shard; without its id, where no connection looks at what was accepted. */
export function accepting(shardId = '00000000-0000-4000-8000-000000000000'): Accepting {
  return { signer: signerOfTests(shardId), acceptedBy: 'tests' };
}
