import { TenantryError } from '../core/errors.ts';
import type { SqlSession } from '../core/session.ts';
import { sql, type Sql, type SqlDialect, type SqlValue } from '../core/sql.ts';
import { tenantKeyFromBytes, type KeyType } from '../../shardmap/key.ts';
import type { MappingKeys } from '../../shardmap/mapping.ts';
import type { PurgeStatements } from '../engine/purge-statements.ts';
import { qualifiedTables } from '../engine/qualified-tables.ts';
import type { ConfiguredTable } from './model.ts';

/** How an engine deletes rows. */
export interface PurgeEngine {
  readonly purging: PurgeStatements;
  readonly dialect: SqlDialect;
}

/** Whose rows to delete, and how many at most. */
export interface Purge {
  readonly tables: readonly ConfiguredTable[];
  readonly keyType: KeyType;
  readonly keys: MappingKeys;
  readonly limit: number;
}

/** How often rows may be changed under a deletion, which then passes over them. */
const mostPasses = 10;

/**
 * Deletes at most `limit` rows of a mapping's keys from the routed tables, referring tables first; how many it were. 0: none are left.
 * Throws CONFLICT where there are some that cannot be deleted, as by a trigger.
 */
export async function purgeRows(
  session: SqlSession,
  { purging, dialect }: PurgeEngine,
  { tables, keyType, keys, limit }: Purge,
): Promise<number> {
  const bounds = {
    low: keys.low.length === 0 ? undefined : bound(keyType, keys.low),
    high: keys.high === undefined ? undefined : bound(keyType, keys.high),
  };
  const ordered = await session.run<{ schema: string; table: string; tenantColumn: string }>('policy/purge-order', {
    tables: JSON.stringify(qualifiedTables(tables, dialect)),
  });
  let deleted = 0;
  for (const { schema, table, tenantColumn } of ordered.rows) {
    if (deleted >= limit) break;
    const column = sql.id(tenantColumn);
    const rows = keys.kind === 'point' ? sql`${column} = ${bound(keyType, keys.low)}` : purging.within(column, keyType, bounds);
    const relation = sql.id(schema, table);
    let isDone = false;
    for (let pass = 0; pass < mostPasses && deleted < limit && !isDone; pass += 1) {
      deleted += (await session.query(purging.deleteSome(relation, rows, limit - deleted))).rowCount;
      isDone = (await session.query(anyLeft(relation, rows))).rowCount === 0;
    }
    if (!isDone && deleted === 0)
      throw new TenantryError(
        'CONFLICT',
        `Rows of ${schema}.${table} cannot be deleted: a trigger, a policy of admin or somebody who changes them all the time keeps them.`,
      );
    if (!isDone) break;
  }
  return deleted;
}

/** Gives a row where there are such rows still: on PostgreSQL a deletion of some passes over those that changed while it waited for them. */
export function anyLeft(relation: Sql, rows: Sql): Sql {
  return sql`select 1 as found where exists (select 1 from ${relation} where ${rows})`;
}

/** A key as a parameter that the server reads as the tenant column's type. */
function bound(keyType: KeyType, bytes: Uint8Array): SqlValue {
  return keyType === 'bytes' ? bytes : tenantKeyFromBytes(keyType, bytes).text;
}
