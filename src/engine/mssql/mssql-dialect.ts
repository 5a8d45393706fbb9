import { MssqlAdapter, MssqlIntrospector } from 'kysely';
import type { KeyType } from '../../core/key-type.ts';
import { sql, sqlText } from '../../core/sql.ts';
import type { EngineDialect } from '../engine.ts';
import { BracketQueryCompiler } from './kysely-compiler.ts';

/** The entered tenant exactly as the predicate of the policies has it (sql/mssql/schema/shard/020-tenant-*.sql). */
const enteredTenant: Readonly<Record<KeyType, string>> = {
  int: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)`,
  bigint: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS bigint)`,
  uuid: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS uniqueidentifier)`,
  string: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS nvarchar(128)) COLLATE Latin1_General_100_BIN2`,
  bytes: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS varbinary(128))`,
};

/** SQL Server's way of writing names and parameters, and kysely's compiler for it. */
export const mssqlDialect: EngineDialect = {
  defaultSchema: 'dbo',
  quote: (identifier) => `[${identifier.replaceAll(']', ']]')}]`,
  placeholder: (position) => `@p${position}`,
  // Style 126 is ISO 8601 for every kind of time, and all four digits of money; a plain cast has neither.
  asText: (value, form) =>
    sql`replace(convert(varchar(64), ${form === 'in UTC' ? sql`${value} at time zone 'UTC'` : value}, 126), 'T', ' ')`,
  // The predicate is a range, behind which no further column of an index can be sought (docs/decisions/012-key-reads.md).
  isEntered: (column, keyType) => sql`${column} = ${sqlText(enteredTenant[keyType])}`,
  answerBefore: (row) => sql` output ${row((name) => sql`inserted.${sql.id(name)}`)}`,
  answerAfter: () => sql``,
  kysely: {
    createAdapter: () => new MssqlAdapter(),
    createIntrospector: (db) => new MssqlIntrospector(db),
    createQueryCompiler: () => new BracketQueryCompiler(),
  },
};

/** A text as a literal of a statement that takes no parameters, such as a definition. */
export function textLiteral(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}
