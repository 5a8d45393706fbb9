import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import { SqlFailure } from '../../engine/sql-failure.ts';
import { OtherSchema } from '../../../shardmap/own-shard.ts';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { ShardMap } from '../../../shardmap/shard-map.ts';
import type { Verdicts } from '../../../shardmap/verdicts.ts';
import { unreached, type DiagnosisParts } from './finding.ts';

/** One shard to look at. */
export interface ShardDiagnosis extends DiagnosisParts {
  readonly settings: Settings;
  readonly shard: Shard;
  readonly map: ShardMap;
  readonly manager: Pick<ShardMapManager, 'disagreements'>;
  readonly verdicts: Pick<Verdicts, 'latest'>;
}

/** What to run where a login lacks a right, or is not let in. */
export function rightsRemedy({ name }: Shard): string {
  return `tenantry shard provision ${name} (--bootstrap runs the SQL that it prints)`;
}

/**
 * What a look that failed calls for: another program, a look at another server, a right or a login that is missing, a server that answers.
 */
export function remedyOf(error: unknown, shard: Shard): string {
  if (error instanceof OtherSchema) return error.remedy;
  const code = error instanceof TenantryError ? error.code : undefined;
  if (code === 'SHARD_UNVERIFIED') return 'tenantry recover';
  if (code === 'FORBIDDEN') return rightsRemedy(shard);
  const isRefused = error instanceof TenantryError && error.cause instanceof SqlFailure && error.cause.loginRefused;
  return isRefused ? rightsRemedy(shard) : unreached(`tenantry shard show ${shard.name}`);
}
