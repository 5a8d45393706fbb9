import type { CaseRow, PolicyCases } from '../../core/policy-case.ts';
import { sql, type Sql, type SqlValue } from '../../core/sql.ts';
import { typed } from './converted-values.ts';
import type { TestedColumn, TestedTable } from './tested-tables.ts';

/** Writes the statements of one file's cases: each is about the rows of the file alone, whatever else a table has. */
export class CaseStatements {
  readonly #file: PolicyCases;
  readonly #keyOf: (tenant: string) => SqlValue;

  /** `keyOf` gives the key of a tenant by the name that the file gives him. */
  constructor(file: PolicyCases, keyOf: (tenant: string) => SqlValue) {
    this.#file = file;
    this.#keyOf = keyOf;
  }

  /** Columns of the rows that meet a condition; a tenant column has the name that the file gives the tenant. */
  select(table: TestedTable, where: CaseRow, columns: readonly string[]): Sql {
    const shown = columns.map((column) => (column === table.tenantColumn ? this.#tenantName(table, column) : sql.id(column)));
    return sql`select ${sql.join(shown)} from ${nameOf(table)} where ${this.#meets(table, where)}`;
  }

  /** How many rows meet a condition: of everybody, or of one tenant. */
  count(table: TestedTable, where: CaseRow, tenant?: string): Sql {
    return sql`select count(*) as ${sql.id('rows')} from ${nameOf(table)} where ${this.#meets(table, where, tenant)}`;
  }

  update(table: TestedTable, set: CaseRow, where: CaseRow): Sql {
    const assigned = [...this.values(table, set)].map(([column, value]) => sql`${sql.id(column)} = ${value}`);
    return sql`update ${nameOf(table)} set ${sql.join(assigned)} where ${this.#meets(table, where)}`;
  }

  delete(table: TestedTable, where: CaseRow): Sql {
    return sql`delete from ${nameOf(table)} where ${this.#meets(table, where)}`;
  }

  /** What a file says of a row, as statements have it. */
  values(table: TestedTable, row: CaseRow): Map<string, Sql> {
    return new Map(Object.entries(row).map(([column, value]) => [column, this.#value(table, column, value)]));
  }

  #meets(table: TestedTable, where: CaseRow, tenant?: string): Sql {
    const named = Object.entries(where).map(([column, value]) => {
      return value === null ? sql`${sql.id(column)} is null` : sql`${sql.id(column)} = ${this.#value(table, column, value)}`;
    });
    return sql.join([...named, this.#isOfFile(table, tenant)], sql` and `);
  }

  #isOfFile(table: TestedTable, tenant: string | undefined): Sql {
    const { tenantColumn, key } = table;
    if (tenantColumn !== undefined) {
      const tenants = tenant === undefined ? this.#file.tenants : [tenant];
      return sql`${sql.id(tenantColumn)} in (${sql.join(tenants.map((name) => this.#value(table, tenantColumn, name)))})`;
    }
    const rows = this.#file.fixtures.flatMap((fixture) => (fixture.table.name === table.name ? fixture.rows : []));
    const each = rows.map((row) => {
      const equal = key.map((column) => sql`${sql.id(column)} = ${this.#value(table, column, row[column] ?? null)}`);
      return sql`(${sql.join(equal, sql` and `)})`;
    });
    return sql`(${sql.join(each, sql` or `)})`;
  }

  #tenantName(table: TestedTable, column: string): Sql {
    const names = this.#file.tenants.map((name) => sql` when ${this.#value(table, column, name)} then cast(${name} as varchar(64))`);
    return sql`case ${sql.id(column)}${sql.join(names, sql``)} end as ${sql.id(column)}`;
  }

  #value(table: TestedTable, column: string, value: SqlValue): Sql {
    const { type } = columnOf(table, column);
    return typed({ type, value: column === table.tenantColumn && typeof value === 'string' ? this.#keyOf(value) : value });
  }
}

/** A column that was looked for before. */
export function columnOf(table: TestedTable, column: string): TestedColumn {
  const found = table.columns.get(column);
  if (found === undefined) throw new TypeError('A case names a column that the database has not, and was not checked.');
  return found;
}

function nameOf({ schema, table }: TestedTable): Sql {
  return sql.id(schema, table);
}
