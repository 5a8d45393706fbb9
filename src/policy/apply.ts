import { TenantryError } from '../core/errors.ts';
import type { CapabilitySettings } from '../core/capability-settings.ts';
import type { KeyType } from '../core/key-type.ts';
import type { SqlDatabase } from '../core/session.ts';
import { compileSql, type Sql, type SqlDialect } from '../core/sql.ts';
import { requireCapabilities, type CapabilitiesOf } from '../engine/capabilities.ts';
import type { PolicyRenderer } from '../engine/policy-renderer.ts';
import { qualifiedTables } from '../engine/qualified-tables.ts';
import { differences, type Difference } from './diff.ts';
import { refuseUnfit, warningsOf } from './findings.ts';
import { lockPolicies } from './lock.ts';
import type { ConfiguredTable, PolicyChange, PolicyResult } from './model.ts';

/** How an engine writes policies. */
export interface PolicyEngine {
  readonly renderer: PolicyRenderer;
  readonly dialect: SqlDialect;
  readonly capabilitiesOf: CapabilitiesOf;
}

/** Which policies a shard must have. */
export interface PolicyRequest {
  readonly tables: readonly ConfiguredTable[];
  /** Key type of the shard map. */
  readonly keyType: KeyType;
  /** What the configuration says that the server can do, instead of what is found. */
  readonly capabilities?: CapabilitySettings;
  /** Nothing is changed; the result says what would be. */
  readonly dryRun: boolean;
}

/**
 * Makes the policies of one shard what the configuration says, in one transaction; a second time changes nothing.
 * `shard` is the database as admin. Throws INVALID_CONFIGURATION where the tables or the server do not fit, before anything is changed.
 */
export async function applyPolicies(shard: SqlDatabase, engine: PolicyEngine, request: PolicyRequest): Promise<PolicyResult> {
  const tables = qualifiedTables(request.tables, engine.dialect);
  await requireCapabilities(shard, engine.capabilitiesOf, request.capabilities ?? {}, 'INVALID_CONFIGURATION');
  return shard.transaction(async (session) => {
    await lockPolicies(session);
    await refuseUnfit(session, tables, request.keyType);
    const pending = await differences(session, engine.renderer, tables);
    const warnings = await warningsOf(session, tables);
    const changes = pending.map((difference) => changeOf(difference, engine.dialect));
    if (request.dryRun) return { changes, warnings, applied: changes.length === 0 };
    for (const statement of pending.flatMap(({ statements }) => statements)) await session.query(statement);
    const left = await differences(session, engine.renderer, tables);
    if (left.length > 0) throw unmet(left, engine.dialect);
    return { changes, warnings, applied: true };
  });
}

function changeOf({ table, item, before, after, statements }: Difference, dialect: SqlDialect): PolicyChange {
  return { table, item, before, after, statements: textsOf(statements, dialect) };
}

function textsOf(statements: readonly Sql[], dialect: SqlDialect): string[] {
  return statements.map((statement) => compileSql(statement, dialect).text);
}

/** What stays as it was although every statement was accepted: a server may only warn of rights that are not the admin's to give. */
function unmet(left: readonly Difference[], dialect: SqlDialect): TenantryError {
  const list = left.map(({ table, item, byAdministrator }) => `${item} (${table}): ${textsOf(byAdministrator, dialect).join('; ')};`);
  return new TenantryError('INVALID_CONFIGURATION', `The admin login may not set these; an administrator must:\n- ${list.join('\n- ')}`);
}
