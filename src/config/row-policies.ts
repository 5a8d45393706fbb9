import {
  allOf,
  rowOperations,
  type ContextReference,
  type Predicate,
  type ReadTable,
  type RowOperation,
  type RowPolicy,
} from '../core/predicate.ts';
import { policyModel } from './policy-model.ts';
import { policiesOn, type PolicyParts } from './policy-parts.ts';
import type { policyParts, PolicySetting, PredicateSetting } from './policy-schema.ts';
import { pathText } from '../core/problem-list.ts';
import type { TableSettings } from './settings.ts';

/** Tables with the policies that are on them: every name resolved, and what an operation asks beside what is seen. */
export function withPolicies(parts: PolicyParts): TableSettings[] {
  const resolver = new Resolver(parts);
  return parts.tables.map((table) => {
    const policies = resolver.policiesOn(table.name);
    return policies.length === 0 ? table : { ...table, policies, model: JSON.stringify(policyModel(parts, table.name)) };
  });
}

/** What a policy says of an operation, before what is seen is asked beside it. */
export function partOf(policy: PolicySetting, operation: RowOperation): PredicateSetting | undefined {
  const name = partNameOf(policy, operation);
  return name === undefined ? undefined : policy[name];
}

function partNameOf(policy: PolicySetting, operation: RowOperation): (typeof policyParts)[number] | undefined {
  const names = operation === 'select' ? (['rows', 'read'] as const) : (['rows', operation, 'write'] as const);
  return names.find((name) => policy[name] !== undefined);
}

type Path = readonly PropertyKey[];

class Resolver {
  readonly #parts: PolicyParts;
  readonly #tables: ReadonlyMap<string, TableSettings>;

  constructor(parts: PolicyParts) {
    this.#parts = parts;
    this.#tables = new Map(parts.tables.map((table) => [table.name, table]));
  }

  policiesOn(table: string): RowPolicy[] {
    return policiesOn(this.#parts.policies, table).map(([name, policy]) => ({ name, conditions: this.#conditions(name, policy, table) }));
  }

  #conditions(name: string, policy: PolicySetting, table: string): RowPolicy['conditions'] {
    const conditions: { [Operation in RowOperation]?: Predicate } = {};
    const asked = (operation: RowOperation): Predicate | undefined => {
      const part = partNameOf(policy, operation);
      const said = part === undefined ? undefined : policy[part];
      return part === undefined || said === undefined ? undefined : this.#predicate(said, table, ['policies', name, part]);
    };
    const seen = asked('select');
    for (const operation of rowOperations) {
      const own = asked(operation);
      // What is not seen is neither changed nor deleted, and nothing is changed into what is not seen.
      const asksSeen = policy.rows === undefined && (operation === 'update' || operation === 'delete');
      const condition = asksSeen ? allOf([seen, own]) : own;
      if (condition !== undefined) conditions[operation] = condition;
    }
    return conditions;
  }

  #predicate(said: PredicateSetting, table: string, path: Path): Predicate {
    const at = (name: string): string => pathText([...path, name]);
    if ('owner' in said) return { kind: 'owner', column: said.owner, value: this.#value(said.is), at: { column: at('owner') } };
    if ('permission' in said) {
      const { user: key, resource: gives, of, access } = said;
      const member = {
        kind: 'member',
        of,
        table: this.#readTable(said.permission),
        gives,
        key,
        value: this.#value(said.is),
        at: { of: at('of'), gives: at('resource'), key: at('user'), access: at('access') },
      } as const;
      return { ...member, ...(access === undefined ? {} : { access }), ...fewOf(said.few ?? false) };
    }
    if ('lookup' in said) {
      const { key, gives, of } = said;
      const places = { of: at('of'), gives: at('gives'), key: at('key'), access: at('lookup') };
      const value = this.#value(said.is);
      // Somebody's organisations are few, unless the policy says otherwise.
      return { kind: 'member', of, table: this.#readTable(said.lookup), gives, key, value, ...fewOf(said.few ?? true), at: places };
    }
    if ('role' in said) return { kind: 'role', role: said.role, value: this.#value(said.in) };
    if ('parent' in said) return { ...this.#parent(said.parent, table, [...path, 'parent']), ...fewOf(said.few ?? false) };
    if ('all' in said) return { kind: 'all', of: said.all.map((part, index) => this.#predicate(part, table, [...path, 'all', index])) };
    if ('any' in said) return { kind: 'any', of: said.any.map((part, index) => this.#predicate(part, table, [...path, 'any', index])) };
    const text = Object.fromEntries(Object.entries(said.raw).filter((entry): entry is [string, string] => entry[1] !== undefined));
    return { kind: 'raw', text, columns: said.columns, at: { text: at('raw'), columns: at('columns') } };
  }

  #parent(said: 'visible' | PredicateSetting, table: string, path: Path): Predicate {
    const { parent } = found(this.#tables.get(table));
    const { table: name, columns } = found(parent);
    const visible = this.policiesOn(name).map(({ conditions }) => conditions.select);
    const rows = allOf([...visible, said === 'visible' ? undefined : this.#predicate(said, name, path)]);
    return {
      kind: 'parent',
      table: this.#readTable(name),
      columns,
      rows: rows ?? { kind: 'all', of: [] },
      at: { columns: pathText(['tables', table, 'parent', 'columns']) },
    };
  }

  #readTable(name: string): ReadTable {
    const { schema, table, tenantColumn } = found(this.#tables.get(name));
    return { ...(schema === undefined ? {} : { schema }), table, ...(tenantColumn === undefined ? {} : { tenantColumn }) };
  }

  #value(name: string): ContextReference {
    const { type } = found(this.#parts.context.find((setting) => setting.name === name));
    return { name, type };
  }
}

function fewOf(few: boolean): { readonly few?: true } {
  return few ? { few } : {};
}

/** What the checks before have made sure of. */
function found<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new TypeError('A policy names what the configuration lacks, and was not checked.');
  return part;
}
