import { sql, sqlText, type SqlValue } from '../../src/core/sql.ts';
import { perEngine } from './grounds/words.ts';

/* What suites ask of shards of every key type, on whatever engine. Microsoft's compiler sees all of it. */

/** Statements over the table Blogs, as app or as admin. */
export const keyStatements = {
  identify: (shardId: string, keyType: string) =>
    sql`insert into tenantry.shard_identity (shard_id, map, key_type) values (${shardId}, 'customers', ${keyType})`,
  currentTenant: () => sql`select tenantry.current_tenant() as tenant`,
  /** The tenant column gets its default. */
  addOwn: (blog: number) => sql`insert into "Blogs" ("BlogId", "Name") values (${blog}, 'own')`,
  addFor: (tenant: SqlValue, blog: number) => sql`insert into "Blogs" ("TenantId", "BlogId", "Name") values (${tenant}, ${blog}, 'given')`,
  own: () => sql`select "TenantId" as tenant, "BlogId" as blog from "Blogs"`,
  of: (tenant: SqlValue) => sql`select "BlogId" as blog from "Blogs" where "TenantId" = ${tenant}`,
  blogs: () => sql`select "BlogId" as blog from "Blogs"`,
  /** Takes from Posts what keeps its tenants apart. */
  unprotect: () =>
    perEngine(
      sqlText('drop policy tenantry_tenant on "Posts"'),
      sqlText('ALTER SECURITY POLICY [tenantry].[policy_dbo] DROP FILTER PREDICATE ON [dbo].[Posts]'),
    ),
} as const;
