import type { EngineName } from '../../config/database-url.ts';
import type { KeyType } from '../../../shardmap/key.ts';
import type { ShardMapKind } from '../../../shardmap/shard-map.ts';

/** What a new configuration says. */
export interface InitPlan {
  readonly engine: EngineName;
  readonly map: { readonly name: string; readonly kind: ShardMapKind; readonly key: KeyType; readonly context: string };
  readonly tenantColumn: string;
  /** Tables with the tenant column, as the configuration names them. */
  readonly tables: readonly string[];
  readonly references: readonly string[];
  /** Tables that were seen and have no tenant column: written as a comment, for a person to decide. */
  readonly undecided: readonly string[];
}
