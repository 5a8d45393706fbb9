import { Kysely } from 'kysely';
import { describe, expect, test } from 'vitest';
import { compileSql } from '../../../../src/core/compile-sql.ts';
import { sql, sqlCompared, type ChangedTable } from '../../../../src/core/sql.ts';
import { mssqlDialect, textLiteral } from '../../../../src/engine/mssql/mssql-dialect.ts';

describe('how SQL Server writes statements', () => {
  test('names stand in brackets, and no name can end its own', () => {
    expect(compileSql(sql`select ${1}, ${'x'} from ${sql.id('dbo', 'a]; drop table b --')}`, mssqlDialect)).toEqual({
      text: 'select @p1, @p2 from [dbo].[a]]; drop table b --]',
      values: [1, 'x'],
    });
  });

  test('texts stand in quotes, and no text can end its own', () => {
    expect(textLiteral("a'; drop table b --")).toBe("N'a''; drop table b --'");
  });

  test.each<[storedAs: string, compared: string]>([
    ['int', '@p1'],
    ['nvarchar(40) COLLATE Polish_CI_AS', '@p1'],
    ['varbinary(16)', '@p1'],
    ['float', '@p1'],
    ['smallint', 'try_cast(@p1 as smallint)'],
    ['bigint', 'try_cast(@p1 as bigint)'],
    ['real', 'try_cast(@p1 as real)'],
    ['decimal(10,2)', 'try_cast(@p1 as decimal(10,2))'],
    ['money', 'try_cast(@p1 as money)'],
    ['uniqueidentifier', 'try_cast(@p1 as uniqueidentifier)'],
    ['date', 'try_cast(@p1 as date)'],
    [
      'datetime',
      'case when cast(try_cast(@p1 as datetime) as datetime2(3)) = try_cast(@p1 as datetime2(3)) then try_cast(@p1 as datetime) end',
    ],
    [
      'smalldatetime',
      'case when cast(try_cast(@p1 as smalldatetime) as datetime2(0)) = try_cast(@p1 as datetime2(0)) then try_cast(@p1 as smalldatetime) end',
    ],
    ['datetime2(7)', 'try_cast(@p1 as datetime2(7))'],
    ['datetimeoffset(0)', 'try_cast(@p1 as datetimeoffset(0))'],
    [
      'varchar(40) COLLATE Polish_CI_AS',
      'case when cast(cast(@p1 collate Polish_CI_AS as varchar(40)) as nvarchar(4000)) collate Latin1_General_100_BIN2 = @p1 collate Latin1_General_100_BIN2 then cast(@p1 collate Polish_CI_AS as varchar(40)) end',
    ],
    ['int; drop table b --', '@p1'],
    ['varchar(40) COLLATE x) or 1 = 1 --', '@p1'],
    ['character varying(5)', '@p1'],
  ])('a value that is compared with a column of type %s is said as %s', (storedAs, compared) => {
    expect(compileSql(sql`${sqlCompared(1, storedAs)}, ${sqlCompared(2, null)}`, mssqlDialect)).toEqual({
      text: `${compared}, @p2`,
      values: [1, 2],
    });
  });

  const row: ChangedTable['row'] = (column) => sql.join([column('a'), column('b')]);
  const table: ChangedTable = {
    name: sql.id('dbo', 't'),
    tenantColumn: 'TenantId',
    keyType: 'int',
    key: [
      { name: 'a', storedAs: 'int' },
      { name: 'c]', storedAs: 'varchar(40) COLLATE Polish_CI_AS' },
    ],
    hasTriggers: false,
    row,
  };
  const answering = (change: 'insert' | 'update' | 'delete', changed: ChangedTable): string[] => {
    const { first, amid, last } = mssqlDialect.answering(change, changed);
    return [first, amid, last].map((clause) => compileSql(clause, mssqlDialect).text);
  };

  test('a changed row is answered by OUTPUT alone, where no trigger stands against it or none is known of', () => {
    for (const hasTriggers of [false, null]) {
      for (const change of ['insert', 'update'] as const)
        expect(answering(change, { ...table, hasTriggers })).toEqual(['', ' output inserted.[a], inserted.[b]', '']);
      expect(answering('delete', { ...table, hasTriggers })).toEqual(['', '', '']);
    }
    const unknown = { ...table, hasTriggers: true, key: [{ name: 'a', storedAs: null }] };
    expect(answering('insert', unknown)[0]).toBe('');
  });

  test('of a table with triggers the row is read by its key, behind the change', () => {
    const first = 'declare @changed table ([changed] bit, [key1] int, [key2] varchar(40) COLLATE Polish_CI_AS);\n';
    const last =
      ";\nselect [t].[a], [t].[b] from @changed as [c] join [dbo].[t] as [t] on [t].[TenantId] = CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int) and [t].[a] = [c].[key1] and [t].[c]]] = [c].[key2];\nupdate @changed set [changed] = 1";
    for (const change of ['insert', 'update'] as const)
      expect(answering(change, { ...table, hasTriggers: true })).toEqual([
        first,
        ' output 1, inserted.[a], inserted.[c]]] into @changed',
        last,
      ]);
    expect(answering('delete', { ...table, hasTriggers: true })).toEqual([
      first,
      ' output 1, deleted.[a], deleted.[c]]] into @changed',
      ';\nselect [changed] from @changed',
    ]);
    const oneRow = answering('insert', { ...table, hasTriggers: true, key: [] });
    expect(oneRow).toEqual([
      'declare @changed table ([changed] bit);\n',
      ' output 1 into @changed',
      ";\nselect [t].[a], [t].[b] from @changed as [c] join [dbo].[t] as [t] on [t].[TenantId] = CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int);\nupdate @changed set [changed] = 1",
    ]);
  });

  test("kysely's statements name parameters and columns in the same way", () => {
    const db = new Kysely<Record<string, Record<string, unknown>>>({
      dialect: { ...mssqlDialect.kysely, createDriver: () => ({}) as never },
    });
    const { sql: text, parameters } = db.selectFrom('a]b').select('c').where('c', '=', 5).where('d', '=', 'x').compile();
    expect(text).toBe('select [c] from [a]]b] where [c] = @p1 and [d] = @p2');
    expect(parameters).toEqual([5, 'x']);
  });
});
