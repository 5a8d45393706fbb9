import type { Finding } from '../../cli/services.ts';
import type { PrincipalName } from '../../core/principal.ts';
import { asError, TenantryError } from '../../core/errors.ts';
import type { EngineConnection } from '../../engine/engine.ts';
import { NotAccepted, UnfitForTenants } from '../../engine/verify-shard.ts';
import { openAppConnection } from '../app-connection.ts';
import { engineOf } from '../engines.ts';
import { failure, problem } from './finding.ts';
import { helpWith, rightsHelp, type ShardDiagnosis } from './shard-look.ts';

/** `app` is looked at as the router does it: by opening a connection. */
export async function connectAsApp({ engines, settings, shard }: ShardDiagnosis): Promise<EngineConnection | Error> {
  try {
    return await openAppConnection(engines, settings, shard);
  } catch (error) {
    return asError(error);
  }
}

/** Why `app` was let into no connection. */
export function appFailure({ shard }: ShardDiagnosis, error: Error): Finding {
  // Which server it is has been looked at before: what is left is what the login may do, and the rules of the tables.
  const isOfTables = error instanceof UnfitForTenants && error.isOfTables;
  if (isOfTables || error instanceof NotAccepted)
    return failure(`shard ${shard.name}`, error, { remedy: `tenantry policy apply --shard ${shard.name}` });
  const isUnfit = error instanceof TenantryError && error.code === 'SHARD_UNVERIFIED';
  return failure(`shard ${shard.name}, login of app`, error, isUnfit ? rightsHelp(shard) : helpWith(error, shard, 'app'));
}

/** The rights of another principal's login. */
export async function diagnosePrincipal({ engines, settings, shard }: ShardDiagnosis, principal: PrincipalName): Promise<Finding[]> {
  const subject = `shard ${shard.name}, login of ${principal}`;
  const database = engineOf(engines, shard.address).open(shard.address, settings.logins[principal], {
    connections: 1,
    connectTimeoutMs: settings.limits.connectTimeoutMs,
  });
  try {
    const { rows } = await database.run<{ problem: string }>('doctor/principal');
    return rows.map((row) => problem(subject, `It ${row.problem}.`, rightsHelp(shard)));
  } catch (error) {
    return [failure(subject, error, helpWith(error, shard, principal))];
  } finally {
    await database.close();
  }
}
