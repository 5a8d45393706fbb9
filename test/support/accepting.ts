import { fleetKeyFromBase64 } from '../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import { longestOverrideMs, type ShardSigner } from '../../src/core/shard-signer.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sqlText } from '../../src/core/sql.ts';
import type { Accepting } from '../../src/policy/acceptance.ts';
import { overrideGate } from '../../src/policy/override.ts';

const fleetKey = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'TENANTRY_FLEET_KEY');

/** Signs for a shard of the tests, by the fleet key that all of them have. */
export function signerOfTests(shardId: string): ShardSigner {
  return createShardSigner({ current: fleetKey }, shardId);
}

/** Who accepts what tests apply to a shard; without its id, where the database is none yet. */
export function accepting(shardId = '00000000-0000-4000-8000-000000000000'): Accepting {
  return { shardId, signer: signerOfTests(shardId), acceptedBy: 'tests' };
}

/**
 * Lets tenants in for a day, whatever they take away of the shard's protection: it is to be seen to leak. By the override
 * that an operator has; nobody watches what is changed any more. `root` is a superuser of the server, in the shard's database.
 */
export async function letInAnyway(root: SqlDatabase, shardId: string): Promise<void> {
  await overrideGate(root, signerOfTests(shardId), { forMs: longestOverrideMs, reason: 'tests', decidedBy: 'tests' });
  await root.query(
    sqlText(
      'alter event trigger tenantry_changed disable; alter event trigger tenantry_dropped disable; alter event trigger tenantry_made disable',
    ),
  );
}
