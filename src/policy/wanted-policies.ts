import type { CapabilitySettings } from '../core/capability-settings.ts';
import type { KeyType } from '../core/key-type.ts';
import type { Procedure } from '../core/procedure.ts';
import type { Accepting } from './acceptance.ts';
import type { ConfiguredTable } from './model.ts';

/** Which policies a shard must have. */
export interface WantedPolicies {
  readonly tables: readonly ConfiguredTable[];
  /** What app may call. */
  readonly procedures: readonly Procedure[];
  /** Key type of the shard map. */
  readonly keyType: KeyType;
  /** What the configuration says that the server can do, instead of what is found. */
  readonly capabilities?: CapabilitySettings;
  /** By whom what protects the shard is accepted, and what may stay as it is, until its time is over by the shard's clock. */
  readonly accepting: Accepting;
}
