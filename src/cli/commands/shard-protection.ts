import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { CliWorld } from '../command.ts';
import type { ShardProtection } from '../services.ts';

/** What a shard says of how it is protected, or why it does not: one that does not answer is no failure of who asks. */
export async function protectionOf(
  { services }: Pick<CliWorld, 'services'>,
  settings: Settings,
  shard: Shard,
): Promise<ShardProtection & { readonly reason: string }> {
  try {
    return { ...(await services.policies.protection(settings, shard)), reason: 'it does not say' };
  } catch (error) {
    if (!(error instanceof TenantryError)) throw error;
    return { contextProtection: null, override: undefined, reason: error.reason };
  }
}
