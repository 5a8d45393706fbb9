import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { SampledColumn, SampledValue, SampleWords } from '../sample-words.ts';
import { farBigint, farInteger, farSmall, sampleDate, sampleDecimal, sampleHex, sampleText, sampleUuid } from '../sample-value.ts';
import { literal } from './literal.ts';

/** PostgreSQL's sample rows. */
export const postgresSamples: SampleWords = {
  value: (column, number) => {
    const text = sampleOf(column, number);
    return text === undefined ? undefined : cast(column, text);
  },
  given: cast,
  tenant: (column, keyType, text) => cast(column, keyType === 'bytes' ? `\\x${text}` : text),
  insert,
  // By where it is, so that every partition is asked, which a cursor has to be able to tell it was not there.
  row: (table, condition) => {
    const found = (column: Sql): Sql => sql`${column} = (select ${column} from ${table} where ${condition})`;
    const query = sql`select from ${table} where ${found(sql`ctid`)} and ${found(sql`tableoid`)}`;
    return {
      before: sql`declare tenantry_row no scroll cursor for ${query}; move next from tenantry_row`,
      condition: sql`current of tenantry_row`,
    };
  },
  upserts: (table, row, key, set) => {
    const passing = { name: 'insert ... on conflict do nothing', statement: sql`${insert(table, row)} on conflict do nothing` };
    const [first] = key;
    if (first === undefined) return [passing];
    const changed = sql.join((set ?? [first]).map((name) => sql`${sql.id(name)} = excluded.${sql.id(name)}`));
    const same = sql`on conflict (${names(key)}) do update set ${changed}`;
    return [passing, { name: 'insert ... on conflict do update', statement: sql`${insert(table, row)} ${same}` }];
  },
  insertReturning: (table, row) => sql`${insert(table, row)} returning *`,
};

function insert(table: Sql, row: readonly SampledValue[]): Sql {
  const columns = names(row.map(({ column }) => column.name));
  const system = row.some(({ column }) => column.identity) ? sql` overriding system value` : sql``;
  return sql`insert into ${table} (${columns})${system} values (${sql.join(row.map(({ value }) => value))})`;
}

function names(columns: readonly string[]): Sql {
  return sql.join(columns.map((name) => sql.id(name)));
}

/** `type` is as the server writes it. */
function cast({ type }: SampledColumn, text: string): Sql {
  return sql`cast(${literal(text)} as ${sqlText(type)})`;
}

function sampleOf({ base, length, scale, labels }: SampledColumn, number: number): string | undefined {
  if (base.endsWith('multirange')) return '{}';
  if (base.endsWith('range')) return 'empty';
  switch (base) {
    case 'int2':
      return String(farSmall + number);
    case 'int4':
    case 'oid':
      return String(farInteger + number);
    case 'int8':
      return String(farBigint + BigInt(number));
    case 'numeric':
      return sampleDecimal(number, length, scale);
    case 'float4':
    case 'float8':
    case 'money':
    case 'tsvector':
    case 'tsquery':
      return String(number);
    case 'bool':
      return 'true';
    case 'text':
    case 'varchar':
    case 'bpchar':
    case 'citext':
    case 'name':
    case 'ltree':
      return sampleText(number, length);
    case 'char':
      return sampleText(number, 1);
    case 'uuid':
      return sampleUuid(number);
    case 'bytea':
      return `\\x${sampleHex(number)}`;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return sampleDate(number);
    case 'time':
    case 'timetz':
      return `00:${String(number % 60).padStart(2, '0')}`;
    case 'interval':
      return `${number} days`;
    case 'json':
    case 'jsonb':
      return JSON.stringify({ sample: number });
    case 'xml':
      return `<sample>${number}</sample>`;
    case 'inet':
    case 'cidr':
      return `10.0.0.${number % 256}`;
    case 'macaddr':
      return `00:00:00:00:00:${sampleHex(number, 1)}`;
    case 'macaddr8':
      return `00:00:00:00:00:00:00:${sampleHex(number, 1)}`;
    case 'bit':
      return number
        .toString(2)
        .padStart(length ?? 1, '0')
        .slice(-(length ?? 1));
    case 'varbit':
      return number.toString(2).slice(-(length ?? 32));
    case 'point':
      return `(${number},0)`;
    case 'line':
      return `{1,0,${number}}`;
    case 'lseg':
    case 'box':
      return `((0,0),(${number},1))`;
    case 'path':
    case 'polygon':
      return `((0,0),(${number},1),(1,0))`;
    case 'circle':
      return `<(0,0),${number}>`;
    case 'hstore':
    case 'array':
      return base === 'array' ? '{}' : '';
    case 'enum':
      return labels?.[0];
    default:
      return undefined;
  }
}
