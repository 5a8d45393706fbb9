import { describe, expect, it } from 'vitest';
import { compileSql, sql, type Sql, type SqlDialect } from '../../../src/core/sql.ts';
import { postgresDialect } from '../../../src/engine/postgres/postgres-dialect.ts';
import { buildTable } from '../../../src/http/tables/table.ts';
import { tableStatements } from '../../../src/http/tables/table-statements.ts';

const column = { nullable: false, hasDefault: false, generated: false, maximumLength: null, precision: null, scale: null, allowed: null };

function statementsOf(schema?: string) {
  const built = buildTable({ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId', ...(schema === undefined ? {} : { schema }) }, [
    { ...column, name: 'TenantId', type: 'integer', kind: 'int32', keyPosition: 1 },
    { ...column, name: 'BlogId', type: 'integer', kind: 'int32', keyPosition: 2 },
    { ...column, name: 'At', type: 'timestamptz', kind: 'instant', keyPosition: null, scale: 6 },
  ]);
  if ('problem' in built) throw new Error(built.problem);
  return { statements: tableStatements(built), at: built.columns.get('At')! };
}

/** An engine that answers by OUTPUT, as SQL Server does. */
const bracketDialect: SqlDialect = {
  defaultSchema: 'dbo',
  quote: (identifier) => `[${identifier}]`,
  placeholder: (position) => `@p${position}`,
  asText: (value, form) => sql`text(${value}${form === 'in UTC' ? sql` utc` : sql``})`,
  answerBefore: (row) => sql` output ${row((name) => sql.id('inserted', name))}`,
  answerAfter: () => sql``,
};

const text = (statement: Sql, dialect: SqlDialect = postgresDialect): string => compileSql(statement, dialect).text;

describe('the statements of a table', () => {
  it('name its schema: the one configured, else the default one of the engine that is asked', () => {
    for (const [schema, dialect, name] of [
      [undefined, postgresDialect, '"public"."Blogs"'],
      [undefined, { ...postgresDialect, defaultSchema: 'dbo' }, '"dbo"."Blogs"'],
      ['crm', { ...postgresDialect, defaultSchema: 'dbo' }, '"crm"."Blogs"'],
    ] as const) {
      const { statements, at } = statementsOf(schema);
      const values = new Map([[at, '2026-11-21 13:05:21']]);
      const all = [
        statements.find([1]),
        statements.list(10, undefined),
        statements.list(10, [1]),
        statements.insert(values),
        statements.insert(new Map()),
        statements.update([1], values),
        statements.remove([1]),
      ];
      for (const statement of all)
        expect(text(statement, dialect)).toMatch(new RegExp(`^(select .* from|insert into|update|delete from) ${name} `));
    }
  });

  it('answer with the row as stored, by the clause that the engine has', () => {
    const { statements, at } = statementsOf();
    const values = new Map([[at, '2026-11-21 13:05:21']]);
    const pairs = [statements.insert(values), statements.insert(new Map()), statements.update([1], values)].map((statement) => [
      text(statement),
      text(statement, bracketDialect),
    ]);
    const stored = `"BlogId", cast("At" at time zone 'UTC' as varchar(64)) as "At"`;
    const inserted = '[inserted].[BlogId], text([inserted].[At] utc) as [At]';
    expect(pairs).toEqual([
      [
        `insert into "public"."Blogs" ("At") values ($1) returning ${stored}`,
        `insert into [dbo].[Blogs] ([At]) output ${inserted} values (@p1)`,
      ],
      [`insert into "public"."Blogs" default values returning ${stored}`, `insert into [dbo].[Blogs] output ${inserted} default values`],
      [
        `update "public"."Blogs" set "At" = $1 where "BlogId" = $2 returning ${stored}`,
        `update [dbo].[Blogs] set [At] = @p1 output ${inserted} where [BlogId] = @p2`,
      ],
    ]);
  });
});
