import { fleetKeyFromBase64 } from '../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../shardmap/shard-signer.ts';
import type { ShardSigner } from '../../src/core/shard-signer.ts';
import type { SqlSession } from '../../src/core/session.ts';
import { sqlText } from '../../src/core/sql.ts';
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

const untilMs = Date.UTC(9000, 0, 1);
const number = 1;

/**
 * Lets tenants in until long after the tests, whatever they take away of the shard's protection: it is to be seen to leak. By the override
 * that an operator has; nobody watches what is changed any more. `root` is a superuser of the server, in the shard's database.
 */
export async function letInAnyway(root: SqlSession, shardId: string): Promise<void> {
  const signature = signerOfTests(shardId).sign({ says: 'overridden', number, untilMs });
  await root.run('policy/override', { number, untilMs, reason: 'tests', decidedBy: 'tests', signature });
  await root.query(
    sqlText(
      'alter event trigger tenantry_changed disable; alter event trigger tenantry_dropped disable; alter event trigger tenantry_made disable',
    ),
  );
}
