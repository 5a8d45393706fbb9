import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileSql } from '../../../src/core/compile-sql.ts';
import { sql, type Sql, type SqlDialect, type SqlValue } from '../../../src/core/sql.ts';
import { postgresDialect } from '../../../src/engine/postgres/postgres-dialect.ts';
import { keyTypes, type KeyType } from '../../../src/core/key-type.ts';
import { mssqlDialect } from '../../../src/engine/mssql/mssql-dialect.ts';
import { buildTable } from '../../../src/http/tables/table.ts';
import { tableStatements } from '../../../src/http/tables/table-statements.ts';

const column = {
  nullable: false,
  hasDefault: false,
  generated: false,
  maximumLength: null,
  precision: null,
  scale: null,
  allowed: null,
  storedAs: null,
  hasTriggers: null,
};

function statementsOf(schema?: string, keyType: KeyType = 'int') {
  const built = buildTable({ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId', ...(schema === undefined ? {} : { schema }) }, [
    { ...column, name: 'TenantId', type: 'integer', kind: 'int32', keyPosition: 1 },
    { ...column, name: 'BlogId', type: 'integer', kind: 'int32', keyPosition: 2 },
    { ...column, name: 'At', type: 'timestamptz', kind: 'instant', keyPosition: null, scale: 6 },
  ]);
  if ('problem' in built) throw new Error(built.problem);
  return { statements: tableStatements(built, keyType), at: built.columns.get('At')! };
}

/** An engine that answers by OUTPUT, as SQL Server does. */
const bracketDialect: SqlDialect = {
  defaultSchema: 'dbo',
  columnKind: () => null,
  quote: (identifier) => `[${identifier}]`,
  placeholder: (position) => `@p${position}`,
  asText: (value, form) => sql`text(${value}${form === 'in UTC' ? sql` utc` : sql``})`,
  isEntered: () => undefined,
  answering: (_, { row }) => ({ first: sql``, amid: sql` output ${row((name) => sql.id('inserted', name))}`, last: sql`` }),
  calling: () => ({ first: sql``, argument: () => sql``, last: sql`` }),
  compared: (placeholder) => placeholder,
};

const text = (statement: Sql, dialect: SqlDialect = postgresDialect): string => compileSql(statement, dialect).text;

describe('the statements of a table', () => {
  it('write null for bytes, for which SQL Server takes no other type', () => {
    const built = buildTable({ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }, [
      { ...column, name: 'TenantId', type: 'int', kind: 'int32', keyPosition: 1 },
      { ...column, name: 'BlogId', type: 'int', kind: 'int32', keyPosition: 2 },
      { ...column, name: 'Icon', type: 'varbinary(max)', kind: 'bytes', keyPosition: null, nullable: true },
      { ...column, name: 'Note', type: 'nvarchar(40)', kind: 'text', keyPosition: null, nullable: true },
    ]);
    if ('problem' in built) throw new Error(built.problem);
    const statements = tableStatements(built, 'int');
    const [icon, note] = [built.columns.get('Icon')!, built.columns.get('Note')!];
    const bytes = new Uint8Array([1]);
    const changed = [
      statements.update(
        [7],
        new Map<typeof icon, SqlValue>([
          [icon, null],
          [note, null],
        ]),
      ),
      statements.update(
        [7],
        new Map<typeof icon, SqlValue>([
          [icon, bytes],
          [note, 'x'],
        ]),
      ),
      statements.insert(
        new Map<typeof icon, SqlValue>([
          [note, null],
          [icon, null],
        ]),
      ),
    ].map((statement) => compileSql(statement, bracketDialect));
    expect(changed.map(({ values }) => values)).toEqual([[null, 7], [bytes, 'x', 7], [null]]);
    expect(changed[0]!.text).toContain('set [Icon] = null, [Note] = @p1 ');
    expect(changed[1]!.text).toContain('set [Icon] = @p1, [Note] = @p2 ');
    expect(changed[2]!.text).toContain('values (@p1, null)');
  });

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

  it('name the tenant first where the engine cannot find it out of its policies, and nowhere else', () => {
    const { statements, at } = statementsOf();
    const values = new Map([[at, '2026-11-21 13:05:21']]);
    const tenant = "[TenantId] = CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)";
    const stored = "[BlogId], replace(convert(varchar(64), [At] at time zone 'UTC', 126), 'T', ' ') as [At]";
    const written = "inserted.[BlogId], replace(convert(varchar(64), inserted.[At] at time zone 'UTC', 126), 'T', ' ') as [At]";
    const page = 'order by [t].[TenantId], [t].[BlogId] offset 0 rows fetch next';
    const all: readonly (readonly [Sql, string])[] = [
      [statements.find([1]), `select ${stored} from [dbo].[Blogs] where ${tenant} and [BlogId] = @p1`],
      [statements.list(10, undefined), `select ${stored} from [dbo].[Blogs] as [t] where [t].${tenant} ${page} @p1 rows only`],
      [
        statements.list(10, [1]),
        `select ${stored} from [dbo].[Blogs] as [t] where [t].${tenant} and [t].[BlogId] > @p1 ${page} @p2 rows only`,
      ],
      [statements.update([1], values), `update [dbo].[Blogs] set [At] = @p1 output ${written} where ${tenant} and [BlogId] = @p2`],
      [statements.remove([1]), `delete from [dbo].[Blogs] where ${tenant} and [BlogId] = @p1`],
    ];
    for (const [statement, wanted] of all) {
      expect(text(statement, mssqlDialect)).toBe(wanted);
      expect(text(statement)).not.toContain('TenantId');
    }
  });

  it('of a table that has one row for each tenant name the tenant alone, and of a reference table never', () => {
    const one = { ...column, name: 'TenantId', type: 'int', kind: 'int32', keyPosition: 1 } as const;
    const theme = { ...column, name: 'Theme', type: 'nvarchar(40)', kind: 'text', keyPosition: null } as const;
    const listOf = (tenantColumn: string | undefined): string => {
      const built = buildTable({ name: 'Settings', table: 'Settings', ...(tenantColumn === undefined ? {} : { tenantColumn }) }, [
        one,
        theme,
      ]);
      if ('problem' in built) throw new Error(built.problem);
      return text(tableStatements(built, 'int').list(10, undefined), mssqlDialect);
    };
    expect(listOf('TenantId')).toBe(
      "select [Theme] from [dbo].[Settings] as [t] where [t].[TenantId] = CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)",
    );
    expect(listOf(undefined)).toBe(
      'select [TenantId], [Theme] from [dbo].[Settings] as [t] order by [t].[TenantId] offset 0 rows fetch next @p1 rows only',
    );
  });

  it.each(keyTypes)('say whose they are as the policies do, for keys of type %s', (keyType) => {
    const { statements } = statementsOf(undefined, keyType);
    const said = /\[TenantId\] = (CAST\(.*?\))(?: COLLATE (\w+))? and/.exec(text(statements.find([1]), mssqlDialect));
    const predicate = readFileSync(new URL(`../../../sql/mssql/schema/shard/020-tenant-${keyType}.sql`, import.meta.url), 'utf8')
      .split('CREATE FUNCTION')
      .find((part) => part.includes('[visible]'));
    expect(predicate?.match(/CAST\(SESSION_CONTEXT.*?\)(?= *\n)/g)).toEqual([said?.[1], said?.[1]]);
    expect([...new Set(predicate?.match(/(?<=COLLATE )\w+(?= [<>])/g) ?? [undefined])]).toEqual([said?.[2]]);
  });

  it('read a decimal with every digit, as text where the driver would round it', () => {
    const built = buildTable({ name: 'Prices', table: 'Prices' }, [
      { ...column, name: 'Id', type: 'int', kind: 'int32', keyPosition: 1 },
      { ...column, name: 'Price', type: 'decimal(38,4)', kind: 'decimal', keyPosition: null, precision: 38, scale: 4 },
    ]);
    if ('problem' in built) throw new Error(built.problem);
    const found = tableStatements(built, 'int').find([1]);
    expect(text(found)).toBe('select "Id", "Price" from "public"."Prices" where "Id" = $1');
    expect(text(found, mssqlDialect)).toBe('select [Id], convert(varchar(64), [Price], 2) as [Price] from [dbo].[Prices] where [Id] = @p1');
  });
});
