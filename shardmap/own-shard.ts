import { TenantryError } from '../src/core/errors.ts';
import { otherVersion, otherVersionAdvice, schemaVersions } from '../src/core/schema-version.ts';
import { LocalMap, type ShardDescription, type ShardIdentity } from './local-map.ts';
import type { ShardAccess } from './shard-access.ts';
import type { Shard } from './shard.ts';

/** SHARD_UNVERIFIED: a shard's schema is of a version that this program does not work with. */
export class OtherSchema extends TenantryError {
  /** What to do. */
  readonly advice: string;

  constructor({ name }: Pick<Shard, 'name'>, found: number) {
    super('SHARD_UNVERIFIED', otherVersion(`The schema of shard ${name}`, 'shard', found), { retryable: false });
    this.advice = otherVersionAdvice('shard', found);
  }
}

/**
 * Throws where a shard's database is not the one that the catalog knows: CONFLICT for one that is no shard or another
 * one, SHARD_UNVERIFIED for another schema version or another server, such as a restored backup.
 */
export async function requireOwnShard(shards: Pick<ShardAccess, 'open' | 'identify'>, shard: Shard): Promise<void> {
  requireOwnDescription(await new LocalMap(shards.open(shard)).description(), shard);
  if (shard.incarnation === '' || (await shards.identify(shard)) === shard.incarnation) return;
  const detail = `The server of shard ${shard.name} is not the one that was added: it may be a restored backup. Run \`tenantry recover\`.`;
  throw new TenantryError('SHARD_UNVERIFIED', detail, { retryable: false });
}

/** The same of what a database says of itself alone, whichever server it is on. */
export function requireOwnDescription(found: ShardDescription | undefined, shard: Shard): void {
  if (found === undefined || (found.identity === undefined && shard.state !== 'ADDING')) {
    throw new TenantryError('CONFLICT', `The database at the address of shard ${shard.name} is not a shard.`);
  }
  if (found.schemaVersion !== schemaVersions.shard) throw new OtherSchema(shard, found.schemaVersion);
  if (found.identity !== undefined && found.identity.shardId !== shard.shardId)
    throw inUseElsewhere(`database at the address of shard ${shard.name}`, found.identity);
}

/** The error that a database belongs to another shard map, or is another shard of this one. */
export function inUseElsewhere(what: string, identity: ShardIdentity | undefined): TenantryError {
  const owner = identity === undefined ? 'claimed by another process' : `shard ${identity.shardId} of map ${identity.map}`;
  return new TenantryError('CONFLICT', `The ${what} is in use already: it is ${owner}. Use another, or remove it from there first.`);
}
