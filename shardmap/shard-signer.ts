import { timingSafeEqual } from 'node:crypto';
import { couldBeMade, type ShardSigner, type ShardStatement } from '../src/core/shard-signer.ts';
import { LatestStatements } from './latest-statements.ts';
import type { Shard } from './shard.ts';
import { fleetMac, type FleetKey } from './mapping-token.ts';

/** The keys of a fleet; two while the key is rotated. */
export interface FleetKeys {
  readonly current: FleetKey;
  readonly previous?: FleetKey;
}

/**
 * Signs for one shard by the fleet key: what is said of one shard says nothing of another one. `latest` is what is known of shards, and
 * learns.
 */
export function createShardSigner({ current, previous }: FleetKeys, shardId: string, latest = new LatestStatements()): ShardSigner {
  const keys = previous === undefined ? [current] : [current, previous];
  const isSigned: ShardSigner['isSigned'] = (statement, signed) =>
    keys.some((key) => {
      const expected = signature(key, shardId, statement);
      return signed.length === expected.length && timingSafeEqual(signed, expected);
    });
  return {
    sign: (statement) => signature(current, shardId, statement),
    isSigned,
    check: (statement, signed, nowMs) => {
      if (!isSigned(statement, signed)) return 'unsigned';
      if (!couldBeMade(statement, nowMs)) return 'unbelievable';
      const { says, number } = statement;
      latest.note(shardId, says, number, nowMs);
      return number < latest.at(shardId, nowMs)[says] ? 'outdated' : 'signed';
    },
    numberAt: (says, nowMs) => Math.max(Math.trunc(nowMs), latest.at(shardId, nowMs)[says] + 1),
  };
}

/** The same for a shard of the catalog, which knows the latest of what was signed for it. */
export function signerOfShard(
  keys: FleetKeys,
  shard: Pick<Shard, 'shardId' | 'acceptedNumber' | 'overrideNumber'>,
  latest = new LatestStatements(),
): ShardSigner {
  latest.hear(shard);
  return createShardSigner(keys, shard.shardId, latest);
}

/** What begins with a line of words is nothing that a mapping's token is made of: a map's name has no line breaks. */
function signature(key: FleetKey, shardId: string, statement: ShardStatement): Uint8Array {
  return fleetMac(key, ['tenantry', statement.says, shardId, ...wordsOf(statement)].join('\n'));
}

function wordsOf(statement: ShardStatement): readonly (string | number)[] {
  switch (statement.says) {
    case 'accepted':
      return [statement.format, statement.number, statement.fingerprint, statement.validUntilMs ?? 'for good'];
    case 'overridden':
      return [statement.number, statement.untilMs];
    case 'verified':
      return [statement.atMs, statement.fingerprint, statement.found];
  }
}
