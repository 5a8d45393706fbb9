import type { Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { Help } from '../../core/help.ts';
import type { PrincipalName } from '../../core/principal.ts';
import { OtherSchema } from '../../../shardmap/own-shard.ts';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { ShardMap } from '../../../shardmap/shard-map.ts';
import type { Verdicts } from '../../../shardmap/verdicts.ts';
import { isRefusedLogin } from '../refused-login.ts';
import { unreached, type DiagnosisParts } from './finding.ts';

/** One shard to look at. */
export interface ShardDiagnosis extends DiagnosisParts {
  readonly settings: Settings;
  readonly shard: Shard;
  readonly map: ShardMap;
  readonly manager: Pick<ShardMapManager, 'disagreements'>;
  readonly verdicts: Pick<Verdicts, 'latest'>;
}

/** What helps where a login lacks a right. */
export function rightsHelp({ name }: Shard): Help {
  return { remedy: `tenantry shard provision ${name}`, advice: 'with --bootstrap it runs the SQL that it prints' };
}

/** What helps where a login is not let in: the server is given the password of this machine, right or wrong, by nobody who has not looked. */
function loginHelp({ name }: Shard, principal: PrincipalName): Help {
  return {
    advice:
      `see whether the user and password of logins.${principal}, as this machine has them, are right; only if they are, ` +
      `tenantry shard provision ${name} --bootstrap gives them to the server, which lets in nobody with others any more`,
  };
}

/**
 * What a look as a principal that failed calls for: another program, a look at another server, a right that is missing, a login that is
 * another, a server that answers.
 */
export function helpWith(error: unknown, shard: Shard, principal: PrincipalName): Help {
  if (error instanceof OtherSchema) return { advice: error.advice };
  const code = error instanceof TenantryError ? error.code : undefined;
  if (code === 'SHARD_UNVERIFIED') return { remedy: 'tenantry recover' };
  if (code === 'FORBIDDEN') return rightsHelp(shard);
  return isRefusedLogin(error) ? loginHelp(shard, principal) : unreached(`tenantry shard show ${shard.name}`);
}
