import { z } from 'zod';
import { columnName, placeOf, tableName } from './names.ts';
import { object, parsed } from './problems.ts';
import type { TableSettings } from './settings.ts';
import type { TenantryConfig } from './tenantry-config.ts';

const parent = object({
  table: tableName,
  columns: z
    .record(columnName, columnName)
    .refine((columns) => Object.keys(columns).length > 0, "needs at least one column: { ColumnHere: 'ColumnOfTheParent' }"),
}).transform(({ table, columns }) => ({ table, columns: Object.entries(columns).map(([child, key]) => ({ child, parent: key })) }));

const sample = z.record(columnName, z.union([z.string(), z.number(), z.boolean(), z.null()]));

const tenantTable = object({ tenant: columnName, parent: parent.optional(), sample: sample.optional() });

const tablesByName = z.record(
  tableName,
  z.unknown().transform((given, context): 'reference' | z.output<typeof tenantTable> => {
    if (given === 'reference') return given;
    if (typeof given === 'object' && given !== null) return parsed(tenantTable, given, context);
    context.addIssue({ code: 'custom', message: "must be { tenant: 'the tenant column' } or 'reference'" });
    return z.NEVER;
  }),
);
type TablesSchema = z.ZodType<TableSettings[], TenantryConfig['tables']>;

/** Tables by name, in the order in which they stand, whichever there are. */
export const anyTablesSchema = tablesByName.transform(inOrder) as TablesSchema;

/** The same of a whole configuration, which has tenants. */
export const tablesSchema = tablesByName
  .refine((tables) => Object.values(tables).some((table) => table !== 'reference'), 'needs at least one table with a tenant column')
  .transform(inOrder) as TablesSchema;

function inOrder(tables: z.output<typeof tablesByName>): TableSettings[] {
  return Object.entries(tables).map(([name, table]) => tableSettings(name, table));
}

function tableSettings(name: string, table: 'reference' | z.output<typeof tenantTable>): TableSettings {
  const { schema, name: called } = placeOf(name);
  const place = { name, ...(schema === undefined ? {} : { schema }), table: called };
  if (table === 'reference') return place;
  const { tenant, parent: of, sample: values } = table;
  return {
    ...place,
    tenantColumn: tenant,
    ...(of === undefined ? {} : { parent: of }),
    ...(values === undefined ? {} : { sample: values }),
  };
}
