import { sql, type Sql } from '../../core/sql.ts';
import type { PurgeStatements } from '../purge-statements.ts';

/** Rows of a range of tenants, on PostgreSQL. */
export const postgresPurgeStatements: PurgeStatements = {
  within(column, keyType, { low, high }) {
    // PostgreSQL orders uuid by its text; mappings are ordered by its encoding.
    const [ordered, cast] = keyType === 'uuid' ? [encodedUuid(column), encodedUuid] : [column, (value: Sql) => value];
    const tests = [
      ...(low === undefined ? [] : [sql`${ordered} >= ${cast(sql`${low}`)}`]),
      ...(high === undefined ? [] : [sql`${ordered} < ${cast(sql`${high}`)}`]),
    ];
    return tests.length === 0 ? sql`true` : sql.join(tests, sql` and `);
  },
  deleteSome(table, condition, limit) {
    // A ctid is unique only within its partition.
    return sql`delete from ${table} where (tableoid, ctid) in (select tableoid, ctid from ${table} where ${condition} limit ${limit})`;
  },
};

/** The sixteen bytes of a uuid in the order of mappings (docs/key-encoding.md). */
function encodedUuid(value: Sql): Sql {
  const hex = sql`replace((${value})::uuid::text, '-', '')`;
  const backwards = sql`regexp_replace(left(${hex}, 16), '^(..)(..)(..)(..)(..)(..)(..)(..)$', '\\8\\7\\6\\5\\4\\3\\2\\1')`;
  return sql`decode(right(${hex}, 12) || substr(${hex}, 17, 4) || ${backwards}, 'hex')`;
}
