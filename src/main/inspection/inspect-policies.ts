import type { PolicyModel } from '../../config/policy-model.ts';
import { compileSql } from '../../core/compile-sql.ts';
import type { KeyType } from '../../core/key-type.ts';
import type { SqlDatabase } from '../../core/session.ts';
import { configuredName } from '../../engine/qualified-tables.ts';
import type { InspectedPolicies, InspectedTable, RawPolicy } from '../../policy/inspection.ts';
import { readLiveParts, type LivePart } from '../../policy/live-parts.ts';
import type { PolicyEngine } from '../../policy/policy-engine.ts';
import { nothingRecognised, recognise, type Recognised } from './recognise.ts';

interface FoundSchema extends Record<string, unknown> {
  readonly keyType: KeyType | null;
}

/** What protects the tables of a shard, `admin` being its admin login: as a configuration says it, where what is there is what that would make. */
export async function inspectShard(admin: SqlDatabase, engine: PolicyEngine, engineName: string): Promise<InspectedPolicies<PolicyModel>> {
  const parts = await readLiveParts(admin);
  const keyType = (await admin.run<FoundSchema>('policy/shard-schema')).rows[0]?.keyType ?? null;
  const recognised =
    keyType === null ? nothingRecognised : await admin.transaction((session) => recognise(session, engine, parts, keyType));
  return inspected(parts, recognised, engine, engineName);
}

/**
 * What protects the tables of any database, in its own words. The login may be its server's superuser, and what calls itself Tenantry's there
 * anybody's: so nothing is read but the server's own catalogs, and nothing of the database's runs.
 */
export async function inspectDatabase(
  database: SqlDatabase,
  engine: PolicyEngine,
  engineName: string,
): Promise<InspectedPolicies<PolicyModel>> {
  return inspected(await readLiveParts(database), nothingRecognised, engine, engineName);
}

function inspected(
  parts: readonly LivePart[],
  recognised: Recognised,
  engine: PolicyEngine,
  engineName: string,
): InspectedPolicies<PolicyModel> {
  const tables = parts.filter(({ part }) => part === 'table').map((table) => inspectedTable(table, parts, recognised, engine));
  return {
    inspection: { engine: engineName, model: recognised.model, tables },
    script: scriptOf(parts, recognised, engine),
  };
}

function inspectedTable(
  table: LivePart,
  parts: readonly LivePart[],
  { model, says }: Recognised,
  { dialect }: PolicyEngine,
): InspectedTable {
  const own = parts.filter((part) => part.schema === table.schema && part.table === table.table);
  const name = configuredName(table, dialect);
  return {
    table: `${table.schema}.${table.table}`,
    owner: textOf(table, 'owner'),
    rowSecurity: textOf(table, 'rowSecurity') ?? 'unknown',
    inModel: Object.hasOwn(model.tables, name) ? name : null,
    raw: own.filter((part) => (part.part === 'policy' || part.part === 'function') && !says(part)).map(rawPolicy),
    rights: own
      .filter(({ part }) => part === 'rights')
      .map((part) => ({ to: part.name, rights: textOf(part, 'rights') ?? 'unknown', state: textOf(part, 'state') ?? 'unknown' })),
  };
}

function rawPolicy(part: LivePart): RawPolicy {
  const roles = part.details['roles'];
  return {
    name: part.name,
    kind: textOf(part, 'kind') ?? part.part,
    command: textOf(part, 'command'),
    roles: typeof roles === 'object' ? roles : null,
    using: textOf(part, 'using'),
    check: textOf(part, 'check'),
    sql: part.statement,
  };
}

function textOf({ details }: LivePart, name: string): string | null {
  const value = details[name];
  return typeof value === 'string' ? value : null;
}

/** A function that several policies call is made once. */
function scriptOf(parts: readonly LivePart[], { wanted, says }: Recognised, { renderer, dialect }: PolicyEngine): string {
  const said = wanted.flatMap(({ statements }) => statements.map((statement) => compileSql(statement, dialect).text));
  const raw = parts.flatMap((part) => (part.statement === null || says(part) ? [] : [part.statement]));
  return [...new Set([...said, ...raw])].map((statement) => `${renderer.inScript(statement)}\n`).join('');
}
