import type { TenantKey } from '../../../shardmap/key.ts';
import { sql, type Sql } from '../../core/sql.ts';
import { nameOf } from '../../engine/qualified-tables.ts';
import type { SampledColumn, SampledValue } from '../../engine/sample-words.ts';
import type { LocatedTable } from '../model.ts';
import type { Stage } from './rehearse.ts';
import { leadsBack, refusedBy, saySample, UnfitSample } from './unfit-sample.ts';

/** A foreign key: the columns here, and those of the other table that they equal. */
interface Reference {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly { readonly child: string; readonly parent: string }[];
}

/** A table as `rehearsal/sample-tables` finds it. */
export interface SampledTable extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly SampledColumn[];
  readonly references: readonly Reference[];
  readonly primaryKey: readonly string[];
}

/** A row as it is written. */
export interface SampleRow {
  readonly table: SampledTable;
  readonly values: readonly SampledValue[];
}

/** What a row is to be. */
export interface SampleWish {
  /** Undefined: the rows are nobody's. */
  readonly tenant?: TenantKey | undefined;
  /** Rows of one tenant with other numbers have other keys. */
  readonly number: number;
  /** Instead of the sample's own, by column. */
  readonly given?: Readonly<Record<string, Sql>>;
}

/**
 * Rows of a shard's tables that are made up: every column that must have a value has one, the same every time, and what the row refers to
 * is there. The configuration's `sample` has the last word.
 */
export class SampleRows {
  readonly #stage: Stage;
  readonly #tables: ReadonlyMap<string, SampledTable>;
  readonly #configured: ReadonlyMap<string, LocatedTable>;
  readonly #kept = new Map<string, Promise<SampleRow>>();
  /** Those of them that wait for what they refer to. */
  readonly #keeping = new Set<string>();

  private constructor(stage: Stage, tables: readonly SampledTable[], configured: readonly LocatedTable[]) {
    this.#stage = stage;
    this.#tables = new Map(tables.map((table) => [nameOf(table), table]));
    this.#configured = new Map(configured.map((table) => [nameOf(table), table]));
  }

  static async of(stage: Stage, configured: readonly LocatedTable[]): Promise<SampleRows> {
    const places = JSON.stringify(configured.map(({ schema, table }) => ({ schema, table })));
    const { rows } = await stage.session.run<SampledTable>('rehearsal/sample-tables', { tables: places });
    return new SampleRows(stage, rows, configured);
  }

  /** Puts a row there, once for each table, tenant and number, and what it refers to before it. Throws UnfitSample. */
  async keep(table: string, wish: SampleWish): Promise<SampleRow> {
    const name = [table, wish.tenant?.text, wish.number, ...Object.keys(wish.given ?? {})].join('\n');
    if (this.#keeping.has(name)) throw new UnfitSample(table, leadsBack);
    const kept = this.#kept.get(name);
    if (kept !== undefined) return await kept;
    this.#keeping.add(name);
    const present = this.#keep(table, wish).finally(() => this.#keeping.delete(name));
    this.#kept.set(name, present);
    return await present;
  }

  /** A row that is not there; what it refers to is put there. Throws UnfitSample. */
  async compose(table: string, { tenant, number, given = {} }: SampleWish): Promise<SampleRow> {
    const found = this.#table(table);
    const values = new Map<string, Sql>(Object.entries(given));
    const configured = this.#configured.get(table);
    const whose = this.#tenantOf(found, tenant);
    if (whose !== undefined) values.set(whose.column.name, whose.value);
    for (const [name, text] of Object.entries(configured?.sample ?? {})) {
      if (!values.has(name)) values.set(name, text === null ? sql`null` : this.#stage.samples.given(columnOf(found, name), String(text)));
    }
    await this.#refer(found, values, { tenant, number });
    for (const column of found.columns) {
      if (values.has(column.name) || column.generated || !(column.needed || (column.key && column.required))) continue;
      const value = this.#stage.samples.value(column, this.#numberOf(tenant, number));
      if (value !== undefined) values.set(column.name, value);
      else if (column.needed)
        throw new UnfitSample(table, `no value of type ${column.type} is known for its column ${column.name}: ${saySample(column.name)}`);
    }
    const byName = new Map(found.columns.map((column) => [column.name, column]));
    return { table: found, values: [...values].flatMap(([name, value]) => valueFor(byName.get(name), value)) };
  }

  /**
   * Statements that take away what a tenant of the rehearsal has in a table, and before it what refers to that: nobody has rows of such a
   * tenant but those that were made up.
   */
  takeAway(table: string, tenant: TenantKey): Sql {
    const referring = (name: string): string[] => [...this.#tables.values()].filter((each) => this.#refers(each, name)).map(nameOf);
    const deletes = behindAll(table, referring).flatMap((name) => {
      const found = this.#table(name);
      const whose = this.#tenantOf(found, tenant);
      if (whose === undefined) return [];
      return [sql`delete from ${sql.id(found.schema, found.table)} where ${sql.id(whose.column.name)} = ${whose.value}`];
    });
    return sql.join(deletes, sql`; `);
  }

  /** What a row must refer to: a row of the same tenant, where the other table has tenants. */
  async #refer(table: SampledTable, values: Map<string, Sql>, { tenant, number }: SampleWish): Promise<void> {
    for (const { schema, table: other, columns } of table.references) {
      const open = columns.filter(({ child }) => !values.has(child));
      const isNeeded = columns.every(({ child }) => columnOf(table, child).required || values.has(child));
      if (!isNeeded) continue;
      const parent = nameOf({ schema, table: other });
      if (open.length === 0) {
        // What somebody has said refers to what is there, or to nothing, as he wants it.
        const { tenantColumn } = this.#configured.get(nameOf(table)) ?? {};
        if (columns.every(({ child }) => child === tenantColumn) && parent !== nameOf(table))
          await this.#keepTenant(parent, { tenant, number: 1, given: this.#givenBy(parent, columns, values) });
        continue;
      }
      if (parent === nameOf(table)) {
        this.#referToItself(table, columns, values, this.#numberOf(tenant, number));
        continue;
      }
      const isTenants = this.#configured.get(parent)?.tenantColumn !== undefined;
      const row = await this.keep(parent, { number: 1, ...(isTenants ? { tenant } : {}) });
      for (const { child, parent: key } of open) {
        const value = row.values.find(({ column }) => column.name === key)?.value;
        if (value === undefined) throw new UnfitSample(nameOf(table), `nothing is known of ${key} of ${parent}, to which ${child} refers`);
        values.set(child, value);
      }
    }
  }

  /** The row of the tenant itself, to which those of a table refer. */
  async #keepTenant(parent: string, wish: SampleWish): Promise<void> {
    try {
      await this.keep(parent, wish);
    } catch (error) {
      // The row that refers to it tells whether it is missed.
      if (!(error instanceof UnfitSample)) throw error;
    }
  }

  #referToItself(table: SampledTable, columns: Reference['columns'], values: Map<string, Sql>, number: number): void {
    for (const { child, parent } of columns) {
      const value = values.get(parent) ?? values.get(child) ?? this.#stage.samples.value(columnOf(table, parent), number);
      if (value === undefined) continue;
      values.set(child, value);
      values.set(parent, value);
    }
  }

  async #keep(name: string, wish: SampleWish): Promise<SampleRow> {
    const row = await this.compose(name, wish);
    const attempt = await this.#stage.keep(this.#stage.samples.insert(sql.id(row.table.schema, row.table.table), row.values));
    if (attempt.outcome === 'refused') throw new UnfitSample(name, refusedBy(attempt.error, this.#stage.tenants));
    return row;
  }

  /** What a row is to have, where others have it already; its tenant it has anyway. */
  #givenBy(table: string, columns: Reference['columns'], values: ReadonlyMap<string, Sql>): Record<string, Sql> {
    return Object.fromEntries(
      columns.flatMap(({ child, parent }) => {
        const value = values.get(child);
        return value === undefined || parent === this.#configured.get(table)?.tenantColumn ? [] : [[parent, value]];
      }),
    );
  }

  /** The column that says whose a row is, and its value; undefined where rows are nobody's. */
  #tenantOf(table: SampledTable, tenant: TenantKey | undefined): SampledValue | undefined {
    const { tenantColumn } = this.#configured.get(nameOf(table)) ?? {};
    if (tenantColumn === undefined || tenant === undefined) return undefined;
    const column = columnOf(table, tenantColumn);
    return { column, value: this.#stage.samples.tenant(column, tenant.type, tenant.text) };
  }

  /** Whether each row of a table refers to one of another. */
  #refers(table: SampledTable, other: string): boolean {
    const { tenantColumn, sample = {} } = this.#configured.get(nameOf(table)) ?? {};
    const has = (name: string): boolean => columnOf(table, name).required || name === tenantColumn || Object.hasOwn(sample, name);
    return table.references.some((reference) => nameOf(reference) === other && reference.columns.every(({ child }) => has(child)));
  }

  /** The two tenants share no value. */
  #numberOf(tenant: TenantKey | undefined, number: number): number {
    if (tenant === undefined) return number;
    return number + (tenant.text === this.#stage.tenants.a.text ? 10 : 20);
  }

  #table(name: string): SampledTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new UnfitSample(name, 'it is not there');
    return table;
  }
}

/** A name behind all that come before it, which are those of `before`, and what comes before these. */
function behindAll(name: string, before: (name: string) => readonly string[], seen = new Set<string>()): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  return [...before(name).flatMap((each) => behindAll(each, before, seen)), name];
}

/** A condition that this row alone meets. */
export function rowKey({ table, values }: SampleRow, tenantColumn?: string): Sql {
  const key = values.filter(({ column }) => column.name === tenantColumn || table.primaryKey.includes(column.name));
  const conditions = (key.length > 0 ? key : values).map(({ column, value }) => sql`${sql.id(column.name)} = ${value}`);
  return conditions.length === 0 ? sql`1 = 1` : sql.join(conditions, sql` and `);
}

function valueFor(column: SampledColumn | undefined, value: Sql): SampledValue[] {
  return column === undefined ? [] : [{ column, value }];
}

function columnOf(table: SampledTable, name: string): SampledColumn {
  const column = table.columns.find((each) => each.name === name);
  if (column === undefined)
    throw new UnfitSample(nameOf(table), `it has no column ${name}; it has ${table.columns.map((each) => each.name).join(', ')}`);
  return column;
}
