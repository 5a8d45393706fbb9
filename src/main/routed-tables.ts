import type { Settings, TableSettings } from '../config.ts';

/** A configured table whose rows belong to tenants. */
type RoutedTable = TableSettings & { readonly tenantColumn: string };

/** The configured tables without the reference tables: what a connection is checked for, and what a purge empties. */
export function routedTables({ tables }: Pick<Settings, 'tables'>): RoutedTable[] {
  return tables.filter((table): table is RoutedTable => table.tenantColumn !== undefined);
}
