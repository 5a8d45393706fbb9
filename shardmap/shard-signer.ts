import { timingSafeEqual } from 'node:crypto';
import type { ShardSigner, ShardStatement } from '../src/core/shard-signer.ts';
import { fleetMac, type FleetKey } from './mapping-token.ts';

/** The keys of a fleet; two while the key is rotated. */
export interface FleetKeys {
  readonly current: FleetKey;
  readonly previous?: FleetKey;
}

/** Signs for one shard by the fleet key: what is said of one shard says nothing of another one. */
export function createShardSigner({ current, previous }: FleetKeys, shardId: string): ShardSigner {
  const keys = previous === undefined ? [current] : [current, previous];
  return {
    sign: (statement) => signature(current, shardId, statement),
    isSigned: (statement, signed) =>
      keys.some((key) => {
        const expected = signature(key, shardId, statement);
        return signed.length === expected.length && timingSafeEqual(signed, expected);
      }),
  };
}

/** What begins with a line of words is nothing that a mapping's token is made of: a map's name has no line breaks. */
function signature(key: FleetKey, shardId: string, statement: ShardStatement): Uint8Array {
  return fleetMac(key, ['tenantry', statement.says, shardId, ...wordsOf(statement)].join('\n'));
}

function wordsOf(statement: ShardStatement): readonly (string | number)[] {
  switch (statement.says) {
    case 'accepted':
      return [statement.format, statement.fingerprint, statement.validUntilMs ?? 'for good'];
    case 'overridden':
      return [statement.untilMs];
    case 'verified':
      return [statement.atMs, statement.fingerprint, statement.found];
  }
}
