import type { Settings } from '../config.ts';
import type { KeyType } from '../core/key-type.ts';
import type { Accepting } from '../policy/acceptance.ts';
import type { Shard } from '../../shardmap/shard.ts';
import { acceptingOn } from './accepting.ts';

/** What the policies of a shard are set to, and compared with. */
interface WantedPolicies extends Pick<Settings, 'tables' | 'procedures' | 'capabilities'> {
  readonly keyType: KeyType;
  readonly accepting: Accepting;
}

/** As the configuration has it, and by whom it is accepted: the program, where nobody is named. */
export function wantedPolicies(
  settings: Settings,
  shard: Pick<Shard, 'shardId' | 'name'>,
  { keyType }: { readonly keyType: KeyType },
  acceptedBy?: string,
): WantedPolicies {
  const { tables, procedures, capabilities } = settings;
  return { tables, procedures, capabilities, keyType, accepting: acceptingOn(settings, shard, acceptedBy) };
}
