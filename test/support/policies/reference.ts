import type { PolicySetting, PredicateSetting } from '../../../src/config/policy-schema.ts';
import { tableOf, type Caller, type Cell, type Row, type World } from './model.ts';

/** What raw predicates of the tests mean, by their words on PostgreSQL. */
export type RawMeanings = ReadonlyMap<string, (row: Row) => boolean>;

/** What a model says, worked out row by row in the plainest way: the measure of what engines make of it. */
export class Reference {
  readonly #world: World;
  readonly #caller: Caller;
  readonly #raw: RawMeanings;

  constructor(world: World, caller: Caller, raw: RawMeanings) {
    this.#world = world;
    this.#caller = caller;
    this.#raw = raw;
  }

  /** The rows of a table that the caller sees. */
  visible(table: string): Row[] {
    return this.#rowsOf(table).filter((row) => this.sees(table, row));
  }

  sees(table: string, row: Row): boolean {
    return this.#isOfTenant(table, row) && this.#policiesOn(table).every(({ rows, read }) => this.#holds(rows ?? read, table, row));
  }

  mayInsert(table: string, row: Row): boolean {
    return (
      this.#isOfTenant(table, row) &&
      this.#policiesOn(table).every(({ rows, insert, write }) => this.#holds(rows ?? insert ?? write, table, row))
    );
  }

  /** Asked of the row as it was and of the row as it will be. */
  mayUpdate(table: string, row: Row): boolean {
    return (
      this.sees(table, row) && this.#policiesOn(table).every(({ rows, update, write }) => this.#holds(rows ?? update ?? write, table, row))
    );
  }

  mayDelete(table: string, row: Row): boolean {
    return (
      this.sees(table, row) &&
      this.#policiesOn(table).every((policy) => this.#holds(policy.rows ?? policy.delete ?? policy.write, table, row))
    );
  }

  #policiesOn(table: string): PolicySetting[] {
    return Object.values(this.#world.policies).filter(({ on }) => on.includes(table));
  }

  #rowsOf(table: string): readonly Row[] {
    return this.#world.rows[table] ?? [];
  }

  #isOfTenant(table: string, row: Row): boolean {
    const { tenantColumn } = tableOf(this.#world.shape, table).settings;
    return tenantColumn === undefined || row[tenantColumn] === String(this.#caller.tenant);
  }

  /** What nothing is said of is allowed. */
  #holds(predicate: PredicateSetting | undefined, table: string, row: Row): boolean {
    if (predicate === undefined) return true;
    if ('all' in predicate) return predicate.all.every((part) => this.#holds(part, table, row));
    if ('any' in predicate) return predicate.any.some((part) => this.#holds(part, table, row));
    if ('owner' in predicate) return equal(row[predicate.owner], this.#value(predicate.is));
    if ('role' in predicate) return this.#list(predicate.in).includes(predicate.role);
    if ('parent' in predicate) return this.#parentHolds(predicate.parent, table, row);
    if ('raw' in predicate) return this.#rawHolds(predicate.raw.postgres, row);
    if ('lookup' in predicate)
      return this.#rowsOf(predicate.lookup).some(
        (entry) =>
          this.#isOfTenant(predicate.lookup, entry) &&
          equal(entry[predicate.key], this.#value(predicate.is)) &&
          equal(entry[predicate.gives], row[predicate.of]),
      );
    return this.#rowsOf(predicate.permission).some(
      (entry) =>
        this.#isOfTenant(predicate.permission, entry) &&
        equal(entry[predicate.user], this.#value(predicate.is)) &&
        equal(entry[predicate.resource], row[predicate.of]) &&
        (predicate.access === undefined || entry[predicate.access] === '1'),
    );
  }

  #parentHolds(predicate: 'visible' | PredicateSetting, table: string, row: Row): boolean {
    const { parent } = tableOf(this.#world.shape, table).settings;
    if (parent === undefined) throw new Error(`${table} has no parent.`);
    return this.visible(parent.table).some(
      (above) =>
        parent.columns.every((pair) => equal(above[pair.parent], row[pair.child])) &&
        (predicate === 'visible' || this.#holds(predicate, parent.table, above)),
    );
  }

  #rawHolds(text: string | undefined, row: Row): boolean {
    const meaning = this.#raw.get(text ?? '');
    if (meaning === undefined) throw new Error('A raw predicate of the tests has no meaning here.');
    return meaning(row);
  }

  #value(name: string): Cell {
    const value = this.#caller.values[name];
    return typeof value === 'string' ? value : null;
  }

  #list(name: string): readonly string[] {
    const value = this.#caller.values[name] ?? [];
    return typeof value === 'string' ? [value] : value;
  }
}

/** Nothing equals null, and null nothing. */
function equal(left: Cell | undefined, right: Cell | undefined): boolean {
  return left !== null && left !== undefined && left === right;
}
