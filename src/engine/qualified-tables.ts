import { TenantryError } from '../core/errors.ts';
import type { SqlDialect } from '../core/sql.ts';

/** A table as a configuration names it. */
interface NamedTable {
  readonly schema?: string;
  readonly table: string;
}

/** `schema.table`. */
export function nameOf({ schema, table }: Required<NamedTable>): string {
  return `${schema}.${table}`;
}

/** What a configuration calls a table of a database: in the engine's default schema by its name alone. */
export function configuredName({ schema, table }: Required<NamedTable>, { defaultSchema }: Pick<SqlDialect, 'defaultSchema'>): string {
  return schema === defaultSchema ? table : `${schema}.${table}`;
}

/**
 * Configured tables as an engine knows them: where no schema is named, in its default one. Throws INVALID_CONFIGURATION
 * for a table that is named with its schema and again without.
 */
export function qualifiedTables<T extends NamedTable>(
  tables: readonly T[],
  { defaultSchema }: Pick<SqlDialect, 'defaultSchema'>,
): (T & { readonly schema: string })[] {
  const seen = new Set<string>();
  return tables.map((named) => {
    const { schema = defaultSchema, table } = named;
    const place = JSON.stringify([schema, table]);
    if (seen.has(place))
      throw new TenantryError('INVALID_CONFIGURATION', `Table ${schema}.${table} is configured twice: with its schema and without.`);
    seen.add(place);
    return { ...named, schema };
  });
}
