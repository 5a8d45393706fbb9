import type { KeyType } from '../../core/key-type.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';

/** The entered tenant exactly as the predicate of the policies has it (sql/mssql/schema/shard/020-tenant-*.sql). */
const enteredTenant: Readonly<Record<KeyType, string>> = {
  int: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS int)`,
  bigint: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS bigint)`,
  uuid: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS uniqueidentifier)`,
  string: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS nvarchar(128)) COLLATE Latin1_General_100_BIN2`,
  bytes: `CAST(SESSION_CONTEXT(N'tenantry.tenant') AS varbinary(128))`,
};

/**
 * Says that a tenant column is the entered tenant's. The predicate is a range, behind which no further column of an index can
 * be sought (docs/decisions/012-key-reads.md).
 */
export function isEntered(column: Sql, keyType: KeyType): Sql {
  return sql`${column} = ${sqlText(enteredTenant[keyType])}`;
}
