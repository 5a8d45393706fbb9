import { z } from 'zod';
import { columnName, tableName } from './names.ts';
import { object, parsed } from './problems.ts';
import type { TableSettings } from './settings.ts';
import type { TenantryConfig } from './tenantry-config.ts';

const parent = object({
  table: tableName,
  columns: z
    .record(columnName, columnName)
    .refine((columns) => Object.keys(columns).length > 0, "needs at least one column: { ColumnHere: 'ColumnOfTheParent' }"),
}).transform(({ table, columns }) => ({ table, columns: Object.entries(columns).map(([child, key]) => ({ child, parent: key })) }));

const tenantTable = object({ tenant: columnName, parent: parent.optional() });

/** Tables by name, in the order in which they stand. */
export const tablesSchema = z
  .record(
    tableName,
    z.unknown().transform((given, context): 'reference' | z.output<typeof tenantTable> => {
      if (given === 'reference') return given;
      if (typeof given === 'object' && given !== null) return parsed(tenantTable, given, context);
      context.addIssue({ code: 'custom', message: "must be { tenant: 'the tenant column' } or 'reference'" });
      return z.NEVER;
    }),
  )
  .refine((tables) => Object.values(tables).some((table) => table !== 'reference'), 'needs at least one table with a tenant column')
  .transform((tables) => Object.entries(tables).map(([name, table]) => tableSettings(name, table))) as z.ZodType<
  TableSettings[],
  TenantryConfig['tables']
>;

function tableSettings(name: string, table: 'reference' | z.output<typeof tenantTable>): TableSettings {
  const place = { name, ...placeOf(name) };
  if (table === 'reference') return place;
  return { ...place, tenantColumn: table.tenant, ...(table.parent === undefined ? {} : { parent: table.parent }) };
}

function placeOf(name: string): { readonly schema?: string; readonly table: string } {
  const [first = '', second] = name.split('.');
  return second === undefined ? { table: first } : { schema: first, table: second };
}
