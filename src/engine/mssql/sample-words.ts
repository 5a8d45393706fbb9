import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { SampledColumn, SampleWords } from '../sample-words.ts';
import { farBigint, farInteger, farSmall, sampleDate, sampleDecimal, sampleHex, sampleText, sampleUuid } from '../sample-value.ts';
import { textLiteral } from './mssql-dialect.ts';

/** SQL Server's sample rows. */
export const mssqlSamples: SampleWords = {
  value: sampleOf,
  given: (column, text) => cast(column, textLiteral(text)),
  tenant: (column, keyType, text) => (keyType === 'bytes' ? cast(column, `0x${text}`) : cast(column, textLiteral(text))),
  insert: (table, row) => {
    const plain = sql`INSERT INTO ${table} (${names(row.map(({ column }) => column.name))}) VALUES (${sql.join(row.map(({ value }) => value))});`;
    return row.some(({ column }) => column.identity)
      ? sql`SET IDENTITY_INSERT ${table} ON; ${plain} SET IDENTITY_INSERT ${table} OFF;`
      : plain;
  },
  row: () => undefined,
  upserts: (table, row, key, set) => {
    const present = key.filter((name) => row.some(({ column }) => column.name === name));
    const [first] = present;
    if (first === undefined) return [];
    const columns = names(row.map(({ column }) => column.name));
    const same = sql.join(
      present.map((name) => sql`t.${sql.id(name)} = s.${sql.id(name)}`),
      sql` AND `,
    );
    const given = sql.join(row.map(({ column }) => sql`s.${sql.id(column.name)}`));
    const one = row.find(({ column }) => !column.identity && !present.includes(column.name))?.column.name ?? first;
    const changed = sql.join((set ?? [one]).map((name) => sql`${sql.id(name)} = s.${sql.id(name)}`));
    return [
      {
        name: 'merge',
        statement: sql`MERGE INTO ${table} AS t USING (VALUES (${sql.join(row.map(({ value }) => value))})) AS s (${columns}) ON ${same}
WHEN MATCHED THEN UPDATE SET ${changed}
WHEN NOT MATCHED THEN INSERT (${columns}) VALUES (${given});`,
      },
    ];
  },
  insertReturning: (table, row) =>
    sql`INSERT INTO ${table} (${names(row.map(({ column }) => column.name))}) OUTPUT inserted.* VALUES (${sql.join(row.map(({ value }) => value))});`,
};

function names(columns: readonly string[]): Sql {
  return sql.join(columns.map((name) => sql.id(name)));
}

function cast({ type }: SampledColumn, literal: string): Sql {
  return sqlText(`CAST(${literal} AS ${type})`);
}

function sampleOf(column: SampledColumn, number: number): Sql | undefined {
  const { base, length, scale } = column;
  switch (base) {
    case 'tinyint':
      return cast(column, String(number % 256));
    case 'smallint':
      return cast(column, String(farSmall + number));
    case 'int':
      return cast(column, String(farInteger + number));
    case 'bigint':
      return cast(column, String(farBigint + BigInt(number)));
    case 'decimal':
    case 'numeric':
      return cast(column, sampleDecimal(number, length, scale));
    case 'money':
    case 'smallmoney':
    case 'float':
    case 'real':
      return cast(column, String(number));
    case 'bit':
      return cast(column, '1');
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
    case 'text':
    case 'ntext':
    case 'sql_variant':
      return cast(column, textLiteral(sampleText(number, base === 'text' || base === 'ntext' ? undefined : length)));
    case 'uniqueidentifier':
      return cast(column, textLiteral(sampleUuid(number)));
    case 'binary':
    case 'varbinary':
    case 'image':
      return cast(column, `0x${sampleHex(number, base === 'image' ? undefined : length)}`);
    case 'date':
    case 'datetime':
    case 'datetime2':
    case 'smalldatetime':
    case 'datetimeoffset':
      return cast(column, textLiteral(`${sampleDate(number)}${base === 'date' ? '' : 'T00:00:00'}`));
    case 'time':
      return cast(column, textLiteral(`00:${String(number % 60).padStart(2, '0')}:00`));
    case 'xml':
      return cast(column, textLiteral(`<sample>${number}</sample>`));
    case 'hierarchyid':
      return cast(column, textLiteral(`/${number}/`));
    default:
      return undefined;
  }
}
