import { buildTable, type Table } from '../../../../src/http/tables/table.ts';
import { tableStatements, type TableStatements } from '../../../../src/http/tables/table-statements.ts';

const column = { nullable: false, hasDefault: false, generated: false, maximumLength: null, precision: null, scale: null, allowed: null };

/** What the data API says for the blogs of the world. */
export function blogStatements(): { readonly table: Table; readonly statements: TableStatements } {
  const table = buildTable({ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }, [
    { ...column, name: 'TenantId', type: 'int', kind: 'int32', keyPosition: 1 },
    { ...column, name: 'BlogId', type: 'int', kind: 'int32', keyPosition: 2 },
    { ...column, name: 'Name', type: 'nvarchar(200)', kind: 'text', keyPosition: null, maximumLength: 200 },
  ]);
  if ('problem' in table) throw new Error(table.problem);
  return { table, statements: tableStatements(table, 'int') };
}
