import type { Finding } from '../../cli/services.ts';
import type { Settings } from '../../config.ts';
import type { PrincipalName } from '../../core/principal.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { TenantryError } from '../../core/errors.ts';
import type { EngineConnection } from '../../engine/engine.ts';
import { SqlFailure } from '../../engine/sql-failure.ts';
import { applyPolicies } from '../../policy/apply.ts';
import { OtherSchema, requireOwnShard } from '../../../shardmap/own-shard.ts';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { ShardMap } from '../../../shardmap/shard-map.ts';
import { engineOf } from '../engines.ts';
import { routedTables } from '../routed-tables.ts';
import { createShardAccess } from '../shard-access.ts';
import { diagnoseCapabilities } from './capabilities.ts';
import { failure, unreached, warning, type DiagnosisParts } from './finding.ts';

/** One shard to look at. */
export interface ShardDiagnosis extends DiagnosisParts {
  readonly settings: Settings;
  readonly shard: Shard;
  readonly map: ShardMap;
  readonly manager: Pick<ShardMapManager, 'disagreements'>;
}

/** Disagreements of one shard that are shown; `tenantry recover` shows all. */
const shownDisagreements = 10;

/** More than this between a server's clock and ours makes logs hard to compare and tokens seem early or late. */
const clockToleranceMs = 2_000;
const clockRemedy = 'timedatectl, on both machines: each must follow a time server';
const rightsRemedy = 'tenantry shard add (printed SQL shows the rights it needs)';
const otherPrincipals: readonly PrincipalName[] = ['superuser', 'mover', 'admin'];

/** Reachable, the shard that the catalog knows, logins with no more rights than theirs, context, policies, clock. */
export async function* diagnoseShard(look: ShardDiagnosis): AsyncGenerator<Finding, void, undefined> {
  let isRight = true;
  for await (const finding of findingsOf(look)) {
    isRight = false;
    yield finding;
  }
  const subject = `shard ${look.shard.name}`;
  if (isRight)
    yield { subject, level: 'ok', text: 'It answers, is the one that was added, and its logins, policies, clock and local map are right.' };
}

/** What is not right, as it is found. */
async function* findingsOf(look: ShardDiagnosis): AsyncGenerator<Finding, void, undefined> {
  const { engines, settings, shard } = look;
  const { logins, tables, contextProtection, capabilities, limits } = settings;
  const access = createShardAccess({ engines, admin: logins.admin, tables, contextProtection, capabilities, limits });
  const admin = access.open(shard);
  try {
    await requireOwnShard(access, shard);
    const app = await connectAsApp(look);
    try {
      yield* findingsBeside(look, admin, app);
    } finally {
      if (!(app instanceof Error)) await app.close();
    }
  } catch (error) {
    yield failure(`shard ${shard.name}`, error, remedyOf(error, shard));
  } finally {
    await access.close();
  }
}

/** While a connection of `app` is open, where one could be opened: what sessions of app are given, only admin can see. */
async function* findingsBeside(
  look: ShardDiagnosis,
  admin: SqlDatabase,
  app: EngineConnection | Error,
): AsyncGenerator<Finding, void, undefined> {
  const { engines, settings, shard } = look;
  const { capabilitiesOf } = engineOf(engines, shard.address);
  yield* await diagnoseServer(look, admin);
  const capabilities = await diagnoseCapabilities(`shard ${shard.name}`, admin, capabilitiesOf, settings.capabilities);
  yield* capabilities;
  // Without them nothing else is tried, neither by policy apply nor by a connection of app.
  const isAble = capabilities.every(({ level }) => level !== 'problem');
  if (isAble) yield* await diagnosePolicies(look, admin);
  for (const principal of otherPrincipals) yield* await diagnosePrincipal(look, principal);
  if (isAble && app instanceof Error) yield appFailure(look, app);
  yield* diagnoseLocalMap(look);
}

/** What a look that failed calls for: another program, a look at another server, a right or a login that is missing, a server that answers. */
function remedyOf(error: unknown, { name }: Shard): string {
  // Nothing changes a schema that is there: docs/decisions/013-schema-versions.md.
  if (error instanceof OtherSchema) return `go on with the version of Tenantry that made it${error.isNewer ? ', or a later one' : ''}`;
  const code = error instanceof TenantryError ? error.code : undefined;
  if (code === 'SHARD_UNVERIFIED') return 'tenantry recover';
  if (code === 'FORBIDDEN') return rightsRemedy;
  const isRefused = error instanceof TenantryError && error.cause instanceof SqlFailure && error.cause.loginRefused;
  return isRefused ? rightsRemedy : unreached(`tenantry shard show ${name}`);
}

async function diagnoseServer({ settings, shard, now }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const subject = `shard ${shard.name}`;
  const before = now().getTime();
  const [clock] = (await admin.run<{ timeMs: number }>('doctor/clock')).rows;
  const after = now().getTime();
  const [schema] = (await admin.run<{ contextProtection: string | null }>('policy/shard-schema')).rows;
  const { rows: dangers } = await admin.run<{ level: 'warning' | 'problem'; text: string; remedy: string }>('doctor/server');
  const findings = dangers.map(({ level, text, remedy }): Finding => ({ subject, level, text: `${text}.`, remedy }));
  if (clock === undefined || schema === undefined) return findings;
  const differenceMs = Math.max(before - clock.timeMs, clock.timeMs - after, 0);
  if (differenceMs > clockToleranceMs)
    findings.push({
      subject,
      level: 'warning',
      text: `Its clock differs from this machine's by ${Math.round(differenceMs / 1_000)} s.`,
      remedy: clockRemedy,
    });
  if (schema.contextProtection !== settings.contextProtection) {
    const text = `Its context protection is ${schema.contextProtection ?? 'missing'}; the configuration says ${settings.contextProtection}.`;
    findings.push({
      subject,
      level: 'problem',
      text,
      remedy: `set contextProtection: '${schema.contextProtection ?? 'guarded'}', or make the shard anew`,
    });
  }
  return findings;
}

async function diagnosePolicies({ engines, settings, shard, map }: ShardDiagnosis, admin: SqlDatabase): Promise<Finding[]> {
  const subject = `shard ${shard.name}`;
  const apply = `tenantry policy apply --shard ${shard.name}`;
  try {
    const { changes, warnings } = await applyPolicies(admin, engineOf(engines, shard.address), {
      tables: settings.tables,
      capabilities: settings.capabilities,
      keyType: map.keyType,
      dryRun: true,
    });
    const pending = [...new Set(changes.map(({ table }) => table))];
    return [
      ...(pending.length === 0
        ? []
        : [
            {
              subject,
              level: 'problem' as const,
              text: `The protection of ${pending.join(', ')} is not what the configuration says.`,
              remedy: apply,
            },
          ]),
      ...warnings.map(({ object, text, remedy = apply }): Finding => warning(subject, `${object}: ${text}`, remedy)),
    ];
  } catch (error) {
    // What keeps them from being applied says itself what to run first.
    return [failure(subject, error, apply)];
  }
}

/** The shard's local map beside the catalog; reading ends where enough was found. */
async function* diagnoseLocalMap({ manager, shard }: ShardDiagnosis): AsyncGenerator<Finding, void, undefined> {
  const problem = { subject: `shard ${shard.name}`, level: 'problem', remedy: 'tenantry recover' } as const;
  let shown = 0;
  for await (const { what, mappingId, inCatalog, onShard } of manager.disagreements(shard)) {
    if (shown === shownDisagreements) {
      yield { ...problem, text: `Its local map disagrees with the catalog in more than these ${shownDisagreements}.` };
      return;
    }
    shown += 1;
    const where = mappingId === undefined ? '' : ` of mapping ${mappingId}`;
    const text = `Its local map disagrees with the catalog, ${what}${where}: the catalog has ${inCatalog}, the shard ${onShard}.`;
    yield { ...problem, text };
  }
}

/** `app` is looked at as the router does it: by opening a connection. */
async function connectAsApp({ engines, settings, shard }: ShardDiagnosis): Promise<EngineConnection | Error> {
  const { shardId, incarnation, address } = shard;
  try {
    return await engineOf(engines, address).connect(address, settings.logins.app, {
      shardId,
      incarnation,
      tables: routedTables(settings),
      contextProtection: settings.contextProtection,
      capabilities: settings.capabilities,
    });
  } catch (error) {
    return error instanceof Error ? error : new TenantryError('INTERNAL', undefined, { cause: error });
  }
}

function appFailure({ shard }: ShardDiagnosis, error: Error): Finding {
  // Which server it is has been looked at before: what is left is what the login may do, and the rules of the tables.
  const isUnfit = error instanceof TenantryError && error.code === 'SHARD_UNVERIFIED';
  return failure(`shard ${shard.name}, login of app`, error, isUnfit ? rightsRemedy : remedyOf(error, shard));
}

async function diagnosePrincipal({ engines, settings, shard }: ShardDiagnosis, principal: PrincipalName): Promise<Finding[]> {
  const subject = `shard ${shard.name}, login of ${principal}`;
  const database = engineOf(engines, shard.address).open(shard.address, settings.logins[principal], {
    connections: 1,
    connectTimeoutMs: settings.limits.connectTimeoutMs,
  });
  try {
    const { rows } = await database.run<{ problem: string }>('doctor/principal');
    return rows.map(({ problem }) => ({
      subject,
      level: 'problem',
      text: `It ${problem}.`,
      remedy: rightsRemedy,
    }));
  } catch (error) {
    return [failure(subject, error, remedyOf(error, shard))];
  } finally {
    await database.close();
  }
}
