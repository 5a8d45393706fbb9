import type { KeyType } from '../../core/key-type.ts';
import { sql, sqlText, type Sql } from '../../core/sql.ts';
import type { PurgeStatements } from '../purge-statements.ts';
import { atLeast, atMost } from './text-bounds.ts';

/** Rows of a range of tenants, on SQL Server. */
export const mssqlPurgeStatements: PurgeStatements = {
  within(column, keyType, { low, high }) {
    const { ordered, bound } = orders[keyType];
    const tests = [
      ...(typeof low === 'string' && keyType === 'string' ? [sql`${column} >= ${atLeast(low)}`] : []),
      ...(typeof high === 'string' && keyType === 'string' ? [sql`${column} <= ${atMost(high)}`] : []),
      ...(low === undefined ? [] : [sql`${ordered(column)} >= ${bound(sql`${low}`)}`]),
      ...(high === undefined ? [] : [sql`${ordered(column)} < ${bound(sql`${high}`)}`]),
    ];
    return tests.length === 0 ? sql`1 = 1` : sql.join(tests, sql` AND `);
  },
  deleteSome(table, condition, limit) {
    // A deadlock costs this statement, which is begun again, not another tenant's.
    return sql`SET DEADLOCK_PRIORITY LOW;
DELETE TOP (${limit}) FROM ${table} WHERE ${condition}`;
  },
};

/** How a tenant column is compared in the order of mappings (docs/key-encoding.md). */
interface KeyOrder {
  readonly ordered: (column: Sql) => Sql;
  readonly bound: (value: Sql) => Sql;
}

/**
 * Text by its UTF-8 bytes: a binary collation of UTF-16 puts U+E000 to U+FFFF behind what is above them. The collation stands on what
 * is cast, whose code page counts: behind the cast, what another code page lacks would be gone by then. No index answers it,
 * so a range says text-bounds.ts beside it.
 */
const utf8 = (value: Sql): Sql => sql`CAST(CAST(${value} COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(512)) AS varbinary(512))`;
const asItIs = (value: Sql): Sql => value;
const as =
  (type: string) =>
  (value: Sql): Sql =>
    sql`CAST(${value} AS ${sqlText(type)})`;

const orders: Readonly<Record<KeyType, KeyOrder>> = {
  int: { ordered: asItIs, bound: as('int') },
  bigint: { ordered: asItIs, bound: as('bigint') },
  // This server orders uniqueidentifier as mappings are ordered.
  uuid: { ordered: asItIs, bound: as('uniqueidentifier') },
  string: { ordered: utf8, bound: utf8 },
  bytes: { ordered: asItIs, bound: as('varbinary(128)') },
};
