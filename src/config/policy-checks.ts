import type { ContextValueType } from '../core/context-values.ts';
import { partOf, type PolicyParts } from './row-policies.ts';
import { policyParts, type PolicySetting, type PredicateSetting } from './policy-schema.ts';
import type { TableSettings } from './settings.ts';
import { suggest } from './suggest.ts';

type Path = readonly PropertyKey[];
type Report = (path: Path, message: string) => void;

/** Reports what policies say that the tables and values of the configuration cannot keep. */
export function checkPolicies(parts: PolicyParts, report: Report): void {
  const checker = new Checker(parts, report);
  checker.parents();
  checker.names();
  for (const [name, policy] of Object.entries(parts.policies)) checker.policy(name, policy);
}

class Checker {
  readonly #parts: PolicyParts;
  readonly #report: Report;
  readonly #tables: ReadonlyMap<string, TableSettings>;
  readonly #values: ReadonlyMap<string, ContextValueType>;

  constructor(parts: PolicyParts, report: Report) {
    this.#parts = parts;
    this.#report = report;
    this.#tables = new Map(parts.tables.map((table) => [table.name, table]));
    this.#values = new Map(parts.context.map(({ name, type }) => [name, type]));
  }

  /** A row that belonged to itself, over however many parents, would be seen by no rule. */
  parents(): void {
    for (const { name, parent } of this.#parts.tables) {
      if (parent === undefined) continue;
      const path = ['tables', name, 'parent', 'table'];
      const table = this.#tenants(parent.table, path);
      if (table !== undefined && this.#isItsOwnAncestor(name)) this.#report(path, 'leads back to the table itself; parents form no circle');
    }
  }

  /** Names become those of objects of a database, and not every one tells letters by their case. */
  names(): void {
    const names = Object.keys(this.#parts.policies);
    names.forEach((name, index) => {
      const other = names.slice(0, index).find((before) => before.toLowerCase() === name.toLowerCase());
      if (other !== undefined) this.#report(['policies', name], `has the name of ${other} but for the case of its letters`);
    });
  }

  policy(name: string, policy: PolicySetting): void {
    const path = ['policies', name];
    policy.on.forEach((on, index) => {
      const at = [...path, 'on', ...(policy.on.length > 1 ? [index] : [])];
      if (policy.on.indexOf(on) < index) this.#report(at, 'names a table twice');
      else if (this.#tenants(on, at) !== undefined) for (const part of policyParts) this.#part(policy[part], on, [...path, part]);
    });
  }

  #part(predicate: PredicateSetting | undefined, table: string, path: Path): void {
    if (predicate !== undefined) this.#predicate(predicate, table, path);
  }

  #predicate(predicate: PredicateSetting, table: string, path: Path): void {
    if ('owner' in predicate) this.#single(predicate.is, [...path, 'is']);
    else if ('permission' in predicate || 'lookup' in predicate) this.#membership(predicate, path);
    else if ('role' in predicate) this.#value(predicate.in, [...path, 'in'], ['string', 'strings']);
    else if ('parent' in predicate) this.#parent(predicate.parent, table, [...path, 'parent']);
    else if ('all' in predicate) predicate.all.forEach((each, index) => this.#predicate(each, table, [...path, 'all', index]));
    else if ('any' in predicate) predicate.any.forEach((each, index) => this.#predicate(each, table, [...path, 'any', index]));
    else if (Object.values(predicate.raw).every((text) => text === undefined))
      this.#report([...path, 'raw'], 'needs a file for the engine of each shard');
  }

  /** Engines differ in whether the policies of a table bind a policy that reads it: it may have none on reading. */
  #membership(predicate: Extract<PredicateSetting, { readonly permission: string } | { readonly lookup: string }>, path: Path): void {
    const [form, name] = 'permission' in predicate ? ['permission', predicate.permission] : ['lookup', predicate.lookup];
    this.#single(predicate.is, [...path, 'is']);
    if (this.#table(name, [...path, form]) === undefined) return;
    const other = Object.entries(this.#parts.policies).find(
      ([, policy]) => policy.on.includes(name) && partOf(policy, 'select') !== undefined,
    );
    if (other !== undefined)
      this.#report(
        [...path, form],
        `is a table that the policy ${other[0]} hides rows of; what policies read may have policies on writing alone`,
      );
  }

  #parent(predicate: 'visible' | PredicateSetting, name: string, path: Path): void {
    const parent = this.#tables.get(name)?.parent;
    if (parent === undefined) return this.#report(path, `is for tables with a parent; tables.${name} names none`);
    if (predicate !== 'visible' && !this.#isItsOwnAncestor(name)) this.#predicate(predicate, parent.table, path);
  }

  #single(name: string, path: Path): void {
    this.#value(name, path, ['string', 'int', 'bigint', 'uuid']);
  }

  #value(name: string, path: Path, types: readonly ContextValueType[]): void {
    const type = this.#values.get(name);
    if (type === undefined) return this.#report(path, `names no value of 'context'${this.#near(name, [...this.#values.keys()])}`);
    if (!types.includes(type)) this.#report(path, `names a value of type ${type}; here it must be of ${types.join(' or ')}`);
  }

  #tenants(name: string, path: Path): TableSettings | undefined {
    const table = this.#table(name, path);
    if (table === undefined || table.tenantColumn !== undefined) return table;
    this.#report(path, 'names a reference table, whose rows are every tenant’s');
    return undefined;
  }

  #table(name: string, path: Path): TableSettings | undefined {
    const table = this.#tables.get(name);
    if (table === undefined) this.#report(path, `names no table of 'tables'${this.#near(name, [...this.#tables.keys()])}`);
    return table;
  }

  #near(name: string, allowed: readonly string[]): string {
    const near = suggest(name, allowed);
    const list = allowed.length === 0 ? 'there is none' : `there are ${allowed.join(', ')}`;
    return near === undefined ? `; ${list}` : `; did you mean ${near}?`;
  }

  #isItsOwnAncestor(name: string): boolean {
    const seen = new Set<string>();
    let above = this.#tables.get(name)?.parent?.table;
    while (above !== undefined && above !== name && !seen.has(above)) {
      seen.add(above);
      above = this.#tables.get(above)?.parent?.table;
    }
    return above === name;
  }
}
