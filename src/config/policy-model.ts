import type { ContextValueType } from '../core/context-values.ts';
import { policiesOn, type PolicyParts } from './policy-parts.ts';
import { policyParts, type PolicySetting, type PredicateSetting } from './policy-schema.ts';
import type { TableSettings } from './settings.ts';
import type { PolicyConfig, PredicateConfig } from './policy-config.ts';
import type { TenantTableConfig } from './tenantry-config.ts';

/** A part of a configuration that says all that policies are made of, as it may stand in a file in JSON. */
export interface PolicyModel {
  readonly context: Readonly<Record<string, { readonly type: ContextValueType }>>;
  readonly tables: Readonly<Record<string, TenantTableConfig | 'reference'>>;
  readonly policies: Readonly<Record<string, PolicyConfig>>;
}

/** The policies on one table, with every table and value that they name. */
export function policyModel({ tables, context, policies }: PolicyParts, table: string): PolicyModel {
  const own = policiesOn(policies, table);
  const named = new NamedByPredicates(tables);
  for (const [, policy] of own) for (const part of policyParts) named.predicate(policy[part], table);
  return {
    context: Object.fromEntries(byName(context.filter(({ name }) => named.values.has(name))).map(({ name, type }) => [name, { type }])),
    tables: Object.fromEntries(
      byName(tables.filter(({ name }) => name === table || named.tables.has(name))).map((each) => [
        each.name,
        tableConfig(each, named.tables),
      ]),
    ),
    policies: Object.fromEntries(own.map(([name, policy]) => [name, policyConfig(policy, table)])),
  };
}

/** The order in which a configuration has them makes no difference. */
function byName<Named extends { readonly name: string }>(named: readonly Named[]): Named[] {
  return named.toSorted(({ name: one }, { name: other }) => (one < other ? -1 : 1));
}

/** What predicates name. */
class NamedByPredicates {
  readonly values = new Set<string>();
  readonly tables = new Set<string>();
  readonly #parents: ReadonlyMap<string, string | undefined>;

  constructor(tables: readonly TableSettings[]) {
    this.#parents = new Map(tables.map(({ name, parent }) => [name, parent?.table]));
  }

  /** `table` is the one whose rows the predicate is asked of. */
  predicate(said: PredicateSetting | undefined, table: string): void {
    if (said === undefined) return;
    if ('is' in said) this.values.add(said.is);
    if ('in' in said) this.values.add(said.in);
    if ('permission' in said) this.tables.add(said.permission);
    if ('lookup' in said) this.tables.add(said.lookup);
    if ('all' in said) for (const each of said.all) this.predicate(each, table);
    if ('any' in said) for (const each of said.any) this.predicate(each, table);
    const parent = 'parent' in said ? this.#parents.get(table) : undefined;
    if (parent === undefined || !('parent' in said)) return;
    this.tables.add(parent);
    if (said.parent !== 'visible') this.predicate(said.parent, parent);
  }
}

/** A parent that no predicate asks for is left out. */
function tableConfig({ tenantColumn, parent }: TableSettings, named: ReadonlySet<string>): TenantTableConfig | 'reference' {
  if (tenantColumn === undefined) return 'reference';
  if (parent === undefined || !named.has(parent.table)) return { tenant: tenantColumn };
  const columns = Object.fromEntries(parent.columns.map((pair) => [pair.child, pair.parent]));
  return { tenant: tenantColumn, parent: { table: parent.table, columns } };
}

function policyConfig(policy: PolicySetting, table: string): PolicyConfig {
  const parts = policyParts.flatMap((part) => {
    const said = policy[part];
    return said === undefined ? [] : [[part, predicateConfig(said)] as const];
  });
  return { on: table, ...Object.fromEntries(parts) };
}

/** As it was written, but for what stood in files. */
function predicateConfig(said: PredicateSetting): PredicateConfig {
  if ('raw' in said) {
    const texts = Object.entries(said.raw).flatMap(([engine, text]) => (text === undefined ? [] : [[engine, { sql: text }] as const]));
    return { raw: Object.fromEntries(texts), columns: said.columns };
  }
  if ('all' in said) return { all: said.all.map(predicateConfig) };
  if ('any' in said) return { any: said.any.map(predicateConfig) };
  if ('parent' in said) return { ...said, parent: said.parent === 'visible' ? said.parent : predicateConfig(said.parent) };
  return said;
}
