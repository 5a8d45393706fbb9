import { Kysely } from 'kysely';
import { describe, expect, test } from 'vitest';
import { compileSql, sql } from '../../../../src/core/sql.ts';
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

  test('a written row is answered by OUTPUT, before the values', () => {
    const row = mssqlDialect.answerBefore((column) => sql.join([column('a'), column('b')]));
    expect(compileSql(row, mssqlDialect).text).toBe(' output inserted.[a], inserted.[b]');
    expect(
      compileSql(
        mssqlDialect.answerAfter(() => sql`x`),
        mssqlDialect,
      ).text,
    ).toBe('');
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
