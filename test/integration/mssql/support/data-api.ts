import { mssqlDialect } from '../../../../src/engine/mssql/mssql-dialect.ts';
import { buildTable, type Table } from '../../../../src/http/tables/table.ts';
import { describeTables, joinTables } from '../../../../src/http/tables/table-catalog.ts';
import { tableStatements, type TableStatements } from '../../../../src/http/tables/table-statements.ts';
import type { World } from './world.ts';

/** A table, and what the data API says for it. */
export interface ServedTable {
  readonly table: Table;
  readonly statements: TableStatements;
}

const plain = { nullable: false, hasDefault: false, generated: false, maximumLength: null, precision: null, scale: null, allowed: null };
const column = { ...plain, hasTriggers: false };

/** The blogs of the world, without asking a server. */
export function servedBlogs(): ServedTable {
  const text = 'nvarchar(200) COLLATE Latin1_General_CI_AS';
  const table = buildTable({ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }, [
    { ...column, name: 'TenantId', type: 'int', kind: 'int32', keyPosition: 1, storedAs: 'int' },
    { ...column, name: 'BlogId', type: 'int', kind: 'int32', keyPosition: 2, storedAs: 'int' },
    { ...column, name: 'Name', type: 'nvarchar(200)', kind: 'text', keyPosition: null, maximumLength: 200, storedAs: text },
  ]);
  if ('problem' in table) throw new Error(table.problem);
  return { table, statements: tableStatements(table, 'int') };
}

/** A table as the server describes it. */
export async function served({ admin }: World, name: string): Promise<ServedTable> {
  const settings = [{ name, table: name, tenantColumn: 'TenantId' }];
  const table = joinTables(settings, [await describeTables(admin, mssqlDialect, settings)]).tables.get(name);
  if (table === undefined) throw new Error(`${name} was not described.`);
  return { table, statements: tableStatements(table, 'int') };
}
