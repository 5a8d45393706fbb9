import { TenantryError } from '../core/errors.ts';
import type { SqlDatabase, SqlSession } from '../core/session.ts';
import { LocalMap } from '../../shardmap/local-map.ts';
import { schemaStateOf } from '../../shardmap/schema-state.ts';
import { formAsGoodAs, protectsAtLeast, type ContextProtection } from '../core/context-protection.ts';
import { otherVersion, schemaVersions } from '../core/schema-version.ts';
import { requireCapabilities } from '../engine/capabilities.ts';
import { shardSchemaFiles } from '../engine/schema-files.ts';
import { applyPolicies } from './apply.ts';
import { lockPolicies } from './lock.ts';
import type { PolicyResult } from './model.ts';
import type { Engine } from '../engine/engine.ts';
import type { PolicyEngine } from './policy-engine.ts';
import type { Probing } from './probes/change.ts';
import type { WantedPolicies } from './wanted-policies.ts';

/** How an engine makes shards. */
type InstallingEngine = PolicyEngine & Pick<Engine, 'contextForms' | 'watchesApart'>;

/** What makes a database a shard. */
export interface ShardInstallation extends WantedPolicies {
  /** The least that is wanted; a new shard gets the form of its engine that is nearest to it. */
  readonly contextProtection: ContextProtection;
  /** How the policies are tried before they count; undefined: they are not. */
  readonly probing?: Probing | undefined;
}

interface ShardSchema extends Record<string, unknown> {
  readonly prepared: boolean;
  readonly installed: boolean;
  readonly keyType: string | null;
  readonly contextProtection: ContextProtection | null;
}

/**
 * Makes a prepared database fit to be a shard: Tenantry's schema where there is none, then the policies. May be repeated.
 * `shard` is the database as admin. Throws INVALID_CONFIGURATION where the server was not provisioned, or the database is
 * a catalog, or a shard of another schema version, key type or context protection, and CONFLICT where what is tried leaks.
 */
export async function installShard(shard: SqlDatabase, engine: InstallingEngine, installation: ShardInstallation): Promise<PolicyResult> {
  await requireCapabilities(shard, engine.capabilitiesOf, installation.capabilities ?? {}, 'INVALID_CONFIGURATION');
  await shard.transaction((session) => installSchema(session, engine, installation));
  return applyPolicies(shard, engine, { ...installation, dryRun: false });
}

async function installSchema(
  session: SqlSession,
  { contextForms, watchesApart }: InstallingEngine,
  { keyType, contextProtection }: ShardInstallation,
): Promise<void> {
  const { prepared } = await shardSchema(session);
  if (!prepared) {
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      'The database was not prepared to be a shard: provision it with --bootstrap, or run the SQL printed without it.',
    );
  }
  await lockPolicies(session);
  const { installed, ...present } = await shardSchema(session);
  // After that: whatever it has found is looked at before it is read.
  const { isCatalog, isAdmins } = await schemaStateOf(session);
  if (isCatalog) throw new TenantryError('INVALID_CONFIGURATION', 'The database is a catalog; a catalog cannot be a shard.');
  if (!isAdmins) {
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      'The schema tenantry of the database, or something in it, belongs to a role that is neither tenantry_admin nor a superuser, and would run as tenantry_admin: see what it is and whose, and drop it.',
    );
  }
  if (!installed) {
    for (const file of shardSchemaFiles(keyType, formAsGoodAs(contextProtection, contextForms), watchesApart)) await session.script(file);
    return;
  }
  const found = (await new LocalMap(session).description())?.schemaVersion;
  if (found !== schemaVersions.shard) {
    throw new TenantryError('INVALID_CONFIGURATION', otherVersion('The database is a shard whose schema', 'shard', found));
  }
  if (present.keyType !== keyType) {
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      `The database is a shard for keys of type ${present.keyType ?? 'unknown'}; the map's are of type ${keyType}.`,
    );
  }
  if (!protectsAtLeast(present.contextProtection, contextProtection)) {
    throw new TenantryError(
      'INVALID_CONFIGURATION',
      `The database is a shard whose context protection is ${present.contextProtection ?? 'unknown'}; the configuration says ${contextProtection}.`,
    );
  }
}

async function shardSchema(session: SqlSession): Promise<ShardSchema> {
  const { rows } = await session.run<ShardSchema>('policy/shard-schema');
  const [state] = rows;
  if (state === undefined) throw new TenantryError('INTERNAL', 'policy/shard-schema gave no row.');
  return state;
}
