import type { CapabilitySettings } from '../core/capability-settings.ts';
import type { KeyType } from '../core/key-type.ts';
import type { SqlDatabase } from '../core/session.ts';
import { requireCapabilities } from '../engine/capabilities.ts';
import { nameOf, qualifiedTables } from '../engine/qualified-tables.ts';
import { compare, type Comparison, type Difference } from './diff.ts';
import { problemsOf } from './findings.ts';
import type { ConfiguredTable, ShardTables } from './model.ts';
import type { PolicyEngine } from './policy-engine.ts';

/** How something on a shard stands to the model. */
type State = 'missing' | 'different' | 'extra';

/** An item of a table that is not as the model has it. */
export interface ItemComparison {
  /** `policy tenantry_tenant`, `rights of tenantry_app`... */
  readonly item: string;
  readonly state: State;
  /** What the shard has; null: nothing. */
  readonly before: string | null;
  /** What the model has; null: nothing. */
  readonly after: string | null;
}

/** A table of a shard, beside the model. */
export interface TableComparison {
  /** `schema.table`. */
  readonly table: string;
  /** `missing`, `extra`: all that is not the same lacks on the shard, or in the model. */
  readonly state: 'same' | State;
  readonly items: readonly ItemComparison[];
  /** Why it could not be what the model says, or what makes it look routed. */
  readonly reasons: readonly string[];
}

/** What a shard is compared with. */
export interface ComparisonRequest {
  readonly tables: readonly ConfiguredTable[];
  /** Key type of the shard map. */
  readonly keyType: KeyType;
  /** What the configuration says that the server can do, instead of what is found. */
  readonly capabilities?: CapabilitySettings;
}

interface ExtraTable extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
  readonly hasPolicies: boolean;
  readonly tenantColumn: string | null;
}

/** Compares a shard with the model, table by table, by name; changes nothing and waits for no table. `shard` is the database as admin. */
export async function compareTables(shard: SqlDatabase, engine: PolicyEngine, request: ComparisonRequest): Promise<TableComparison[]> {
  await requireCapabilities(shard, engine.capabilitiesOf, request.capabilities ?? {}, 'INVALID_CONFIGURATION');
  const configured: ShardTables = { tables: qualifiedTables(request.tables, engine.dialect), keyType: request.keyType };
  return await shard.transaction(async (session) => {
    const found = await compare(session, engine.renderer, configured);
    const problems = await problemsOf(session, configured.tables, configured.keyType);
    const known = JSON.stringify(
      [...configured.tables, ...found.tables].map(({ schema, table, tenantColumn }) => ({ schema, table, tenantColumn })),
    );
    const extra = (await session.run<ExtraTable>('policy/extra-tables', { tables: known })).rows;
    const reasonsOf = (table: string): string[] => problems.filter(({ object }) => object === table).map(({ text }) => `It ${text}.`);
    const present = new Set(found.tables.map(nameOf));
    return [
      ...found.tables.map((table) => compared(nameOf(table), found, reasonsOf(nameOf(table)))),
      ...configured.tables
        .map(nameOf)
        .filter((table) => !present.has(table))
        .map((table): TableComparison => ({ table, state: 'missing', items: [], reasons: reasonsOf(table) })),
      ...extra.map(asExtra),
    ].toSorted((one, other) => (one.table < other.table ? -1 : 1));
  });
}

function compared(table: string, { pending }: Comparison, reasons: readonly string[]): TableComparison {
  const items = pending.filter((difference) => difference.table === table).map(itemOf);
  const states = new Set(items.map(({ state }) => state));
  const [only] = states;
  if (reasons.length > 0 || states.size > 1) return { table, state: 'different', items, reasons };
  return { table, state: only ?? 'same', items, reasons };
}

function itemOf({ item, before, after }: Difference): ItemComparison {
  return { item, state: before === null ? 'missing' : after === null ? 'extra' : 'different', before, after };
}

function asExtra({ schema, table, hasPolicies, tenantColumn }: ExtraTable): TableComparison {
  const reasons = [
    ...(hasPolicies ? ["It has policies of Tenantry's, and is not in the configuration."] : []),
    ...(tenantColumn === null ? [] : [`It has a column ${tenantColumn}, and is not in the configuration.`]),
  ];
  return { table: nameOf({ schema, table }), state: 'extra', items: [], reasons };
}
