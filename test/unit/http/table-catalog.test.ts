import { expect, it } from 'vitest';
import { joinTables, type TableDescriptions } from '../../../src/http/tables/table-catalog.ts';

const settings = [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }];
const plain = {
  table: 'Blogs',
  nullable: false,
  hasDefault: false,
  generated: false,
  maximumLength: null,
  precision: null,
  scale: null,
  allowed: null,
};

/** As an engine whose statements need to know nothing more describes them. */
const one: TableDescriptions = [
  { ...plain, name: 'TenantId', type: 'integer', kind: 'int32', keyPosition: 1, storedAs: null, hasTriggers: null },
  {
    ...plain,
    name: 'Code',
    type: 'character varying(9)',
    kind: 'text',
    maximumLength: 9,
    keyPosition: 2,
    storedAs: null,
    hasTriggers: null,
  },
];
/** As another engine describes them. */
const other: TableDescriptions = one.map((row) => ({
  ...row,
  kind: row.kind === 'text' ? 'bytes' : row.kind,
  storedAs: row.kind === 'text' ? 'varchar(9) COLLATE Polish_CI_AS' : 'int',
  hasTriggers: true,
}));

const found = (...descriptions: [TableDescriptions, ...TableDescriptions[]]): readonly unknown[] => {
  const table = joinTables(settings, descriptions).tables.get('Blogs');
  const code = table?.columns.get('Code');
  return [code?.kind, code?.storedAs, table?.hasTriggers];
};

it('tables of a map of two engines have the shape that the first describes, and what the other needs to know', () => {
  expect(found(one)).toEqual(['text', null, null]);
  expect(found(one, other)).toEqual(['text', 'varchar(9) COLLATE Polish_CI_AS', true]);
  expect(found(other, one)).toEqual(['bytes', 'varchar(9) COLLATE Polish_CI_AS', true]);
});

it('tables that only the other engine has are missing', () => {
  expect(() => joinTables(settings, [[], other])).toThrow(
    'Table Blogs is configured and does not exist on the shard; names are exact-case.',
  );
});
