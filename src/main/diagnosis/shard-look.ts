import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Help } from '../../core/help.ts';
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

/** What helps where a login lacks a right, or is not let in. */
export function rightsHelp({ name }: Shard): Help {
  return { remedy: `tenantry shard provision ${name}`, advice: 'with --bootstrap it runs the SQL that it prints' };
}

/**
 * What a look that failed calls for: another program, a look at another server, a right or a login that is missing, a server that answers.
 */
export function helpWith(error: unknown, shard: Shard): Help {
  if (error instanceof OtherSchema) return { advice: error.advice };
  const code = error instanceof TenantryError ? error.code : undefined;
  if (code === 'SHARD_UNVERIFIED') return { remedy: 'tenantry recover' };
  if (code === 'FORBIDDEN') return rightsHelp(shard);
  const isRefused = error instanceof TenantryError && error.cause instanceof SqlFailure && error.cause.loginRefused;
  return isRefused ? rightsHelp(shard) : unreached(`tenantry shard show ${shard.name}`);
}
