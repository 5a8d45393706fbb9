import type { ContextValueType } from '../core/context-values.ts';
import type { PolicyParts } from './policy-parts.ts';
import { partOf } from './row-policies.ts';
import { policyParts, type PolicySetting, type PredicateSetting } from './policy-schema.ts';
import type { TableSettings } from './settings.ts';
import { meantOrAllowed } from '../core/suggest.ts';

type Path = readonly PropertyKey[];
type MembershipSetting = Extract<PredicateSetting, { readonly permission: string } | { readonly lookup: string }>;

/** PostgreSQL refuses every statement on such a table (42P17), and Microsoft's page of "Row-Level Security" advises against it. */
const noSelf = 'to ask them it would have to be asked itself';
type Report = (path: Path, message: string) => void;

/** Reports what policies say that the tables and values of the configuration cannot keep. */
export function checkPolicies(parts: PolicyParts, report: Report): void {
  const checker = new Checker(parts, once(report));
  checker.parents();
  checker.names();
  for (const [name, policy] of Object.entries(parts.policies)) checker.policy(name, policy);
}

/** What is wrong with a policy on several tables may be so with each of them. */
function once(report: Report): Report {
  const told = new Set<string>();
  return (path, message) => {
    const problem = JSON.stringify([path, message]);
    if (!told.has(problem)) report(path, message);
    told.add(problem);
  };
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
    const known = policy.on.filter((on, index) => {
      const at = [...path, 'on', ...(policy.on.length > 1 ? [index] : [])];
      const isFirst = policy.on.indexOf(on) === index;
      if (!isFirst) this.#report(at, 'names a table twice');
      return isFirst && this.#tenants(on, at) !== undefined;
    });
    for (const rows of known.length > 0 ? known.map((on) => [on]) : [[]])
      for (const part of policyParts) this.#part(policy[part], rows, [...path, part]);
  }

  #part(predicate: PredicateSetting | undefined, rows: readonly string[], path: Path): void {
    if (predicate !== undefined) this.#predicate(predicate, rows, path);
  }

  /**
   * `rows` are the tables whose rows are asked: the policy's own first, then its parent and so on, as far as the predicate has come; none
   * where nobody knows which the policy's own is.
   */
  #predicate(predicate: PredicateSetting, rows: readonly string[], path: Path): void {
    if ('owner' in predicate) this.#single(predicate.is, [...path, 'is']);
    else if ('permission' in predicate || 'lookup' in predicate) this.#membership(predicate, rows, path);
    else if ('role' in predicate) this.#value(predicate.in, [...path, 'in'], ['string', 'strings']);
    else if ('parent' in predicate) this.#parent(predicate.parent, rows, [...path, 'parent']);
    else if ('all' in predicate) predicate.all.forEach((each, index) => this.#predicate(each, rows, [...path, 'all', index]));
    else if ('any' in predicate) predicate.any.forEach((each, index) => this.#predicate(each, rows, [...path, 'any', index]));
    else if (Object.values(predicate.raw).every((text) => text === undefined))
      this.#report([...path, 'raw'], 'needs a file for the engine of each shard');
  }

  /** Engines differ in whether the policies of a table bind a policy that reads it: it may have none on reading. */
  #membership(predicate: MembershipSetting, rows: readonly string[], path: Path): void {
    const form = 'permission' in predicate ? 'permission' : 'lookup';
    const name = tableReadBy(predicate);
    this.#single(predicate.is, [...path, 'is']);
    if (this.#table(name, [...path, form]) === undefined) return;
    if (rows.includes(name)) return this.#report([...path, form], `is the table whose rows are asked; ${noSelf}`);
    const [other] = this.#readingPolicies(name);
    if (other !== undefined)
      this.#report(
        [...path, form],
        `is a table that the policy ${other[0]} hides rows of; what policies read may have policies on writing alone`,
      );
  }

  #parent(predicate: 'visible' | PredicateSetting, rows: readonly string[], path: Path): void {
    const name = rows.at(-1);
    if (name === undefined) {
      if (predicate !== 'visible') this.#predicate(predicate, rows, path);
      return;
    }
    const parent = this.#tables.get(name)?.parent?.table;
    if (parent === undefined) return this.#report(path, `is for tables with a parent; tables.${name} names none`);
    if (this.#isItsOwnAncestor(name)) return;
    for (const [other, policy] of this.#readingPolicies(parent)) {
      const again = this.#tablesReadBy(partOf(policy, 'select'), parent).find((table) => rows.includes(table));
      if (again !== undefined) this.#report(path, `is seen by the policy ${other}, which reads ${again}, whose rows are asked; ${noSelf}`);
    }
    if (predicate !== 'visible') this.#predicate(predicate, [...rows, parent], path);
  }

  /** Every table that a predicate of a table's rows reads besides them and their parents, by what parents are seen by too. */
  #tablesReadBy(predicate: PredicateSetting | undefined, table: string): string[] {
    if (predicate === undefined) return [];
    if ('permission' in predicate || 'lookup' in predicate) return [tableReadBy(predicate)];
    if ('all' in predicate) return predicate.all.flatMap((each) => this.#tablesReadBy(each, table));
    if ('any' in predicate) return predicate.any.flatMap((each) => this.#tablesReadBy(each, table));
    const parent = 'parent' in predicate && !this.#isItsOwnAncestor(table) ? this.#tables.get(table)?.parent?.table : undefined;
    if (parent === undefined || !('parent' in predicate)) return [];
    return [
      ...this.#readingPolicies(parent).flatMap(([, policy]) => this.#tablesReadBy(partOf(policy, 'select'), parent)),
      ...(predicate.parent === 'visible' ? [] : this.#tablesReadBy(predicate.parent, parent)),
    ];
  }

  #readingPolicies(table: string): (readonly [name: string, policy: PolicySetting])[] {
    return Object.entries(this.#parts.policies).filter(([, policy]) => policy.on.includes(table) && partOf(policy, 'select') !== undefined);
  }

  #single(name: string, path: Path): void {
    this.#value(name, path, ['string', 'int', 'bigint', 'uuid']);
  }

  #value(name: string, path: Path, types: readonly ContextValueType[]): void {
    const type = this.#values.get(name);
    if (type === undefined) return this.#report(path, `names no value of 'context'${meantOrAllowed(name, [...this.#values.keys()])}`);
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
    if (table === undefined) this.#report(path, `names no table of 'tables'${meantOrAllowed(name, [...this.#tables.keys()])}`);
    return table;
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

function tableReadBy(predicate: MembershipSetting): string {
  return 'permission' in predicate ? predicate.permission : predicate.lookup;
}
