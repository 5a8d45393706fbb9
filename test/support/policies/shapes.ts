import type { ColumnPair } from '../../../src/core/predicate.ts';
import type { ColumnType, Shape, ShapeTable } from './model.ts';

type Columns = Readonly<Record<string, ColumnType>>;

/** What people look at has, on every level, columns of the same names: a predicate that took another level's would show. */
const shared: Columns = { Owner: 'text', Login: 'varchar', Number: 'int', Big: 'bigint', Code: 'uuid' };

function table(
  name: string,
  columns: Columns,
  more: { readonly tenant?: string | null; readonly key?: string; readonly parent?: string; readonly by?: readonly ColumnPair[] } = {},
): ShapeTable {
  const { tenant = 'TenantId', key = 'Id', parent, by = [] } = more;
  const [first = '', second] = name.split('.');
  const place = second === undefined ? { table: first } : { schema: first, table: second };
  return {
    settings: {
      name,
      ...place,
      ...(tenant === null ? {} : { tenantColumn: tenant }),
      ...(parent === undefined ? {} : { parent: { table: parent, columns: by } }),
    },
    columns,
    key,
    isMember: false,
  };
}

const member = (...given: Parameters<typeof table>): ShapeTable => ({ ...table(...given), isMember: true });

/** Projects, their samples and results, permissions by name and number, and a register that all tenants share. */
const laboratory: Shape = {
  name: 'laboratory',
  tables: [
    table('Projects', shared),
    table('Samples', { ...shared, ProjectId: 'int' }, { parent: 'Projects', by: [{ child: 'ProjectId', parent: 'Id' }] }),
    table(
      'Results',
      { ...shared, SampleId: 'int' },
      {
        parent: 'Samples',
        by: [
          { child: 'SampleId', parent: 'Number' },
          { child: 'Code', parent: 'Code' },
        ],
      },
    ),
    member('Permissions', { UserId: 'text', Number: 'int', Code: 'uuid', HasAccess: 'int', IsOpen: 'flag' }),
    member('Employees', { Code: 'uuid', Login: 'varchar', Big: 'bigint', Owner: 'text' }, { tenant: null }),
  ],
};

/** The same in names that must be quoted, and in those that a rendered predicate might take for its own. */
const oddNames: Shape = {
  name: 'odd names',
  tables: [
    table('Odd "Schema.member', { ...shared, parent1: 'text' }, { tenant: 'Tenant "Id"', key: 'select' }),
    table(
      'Odd "Schema.parent1',
      { ...shared, member: 'int' },
      { tenant: 'Tenant "Id"', key: 'select', parent: 'Odd "Schema.member', by: [{ child: 'member', parent: 'select' }] },
    ),
    table(
      'Odd "Schema.parent2',
      { ...shared, [`it's`]: 'bigint' },
      { tenant: 'member', key: 'select', parent: 'Odd "Schema.parent1', by: [{ child: `it's`, parent: 'Big' }] },
    ),
    member('Odd "Schema.order', { ...shared, 'has access': 'flag', granted: 'int' }, { tenant: 'Owner of it', key: 'select' }),
    member('Odd "Schema.parent3', { ...shared, parent1: 'int' }, { tenant: null, key: 'select' }),
  ],
};

/** What random models are made over. */
export const shapes: readonly Shape[] = [laboratory, oddNames];
