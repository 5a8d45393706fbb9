import type { MapKeys } from '../../cli/services.ts';
import type { Settings } from '../../config.ts';
import type { WantedPolicies } from '../../policy/wanted-policies.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import { acceptingOn } from './accepting.ts';

/** As the configuration has it, and by whom it is accepted: the program, where nobody is named. */
export function wantedPolicies(
  settings: Settings,
  shard: Pick<Shard, 'shardId' | 'name'>,
  { keyType }: MapKeys,
  acceptedBy?: string,
): WantedPolicies {
  const { tables, procedures, capabilities, logins } = settings;
  return { tables, procedures, capabilities, logins, keyType, accepting: acceptingOn(settings, shard, acceptedBy) };
}
