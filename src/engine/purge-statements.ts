import type { KeyType } from '../core/key-type.ts';
import type { Sql, SqlValue } from '../core/sql.ts';

/** How an engine deletes the rows of a range of tenants, a few at a time. */
export interface PurgeStatements {
  /**
   * Whether a tenant column is in `[low, high)` by the order of encoded keys; a missing bound is none. Bounds are canonical texts, or
   * bytes.
   */
  within(column: Sql, keyType: KeyType, bounds: { readonly low: SqlValue | undefined; readonly high: SqlValue | undefined }): Sql;
  /** Deletes at most `limit` of the rows of a table that meet a condition. */
  deleteSome(table: Sql, condition: Sql, limit: number): Sql;
}
