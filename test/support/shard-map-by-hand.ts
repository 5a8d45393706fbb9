import { sql, sqlText, type Sql, type SqlValue } from '../../src/core/sql.ts';
import { bytes, fourBytesOfN, hoursFromNow, now, numbers, perEngine } from './grounds/words.ts';

/* What suites do to a catalog and to local maps behind the program's back, on whatever engine. Microsoft's compiler sees all of it. */

/** A row of a local map. */
export interface LocalRow {
  readonly mappingId: number;
  readonly low: Uint8Array;
  readonly state: string;
  readonly epoch: number;
  readonly token: Uint8Array;
}

const nothing = sqlText('');
/** On SQL Server the lock of a mapping is a row of its own. */
const withFences = (where: string): Sql =>
  perEngine(
    nothing,
    sqlText(`;
    INSERT INTO [tenantry].[mapping_fence] ([mapping_id]) SELECT m.[mapping_id] FROM [tenantry].[local_mapping] AS m WHERE ${where}`),
  );

/** Statements for a shard's database. */
export const localByHand = {
  rows: () => sql`select mapping_id as "mappingId", kind, low, high, state, epoch, token from tenantry.local_mapping order by mapping_id`,
  tokenOf: (mappingId: number) => sql`select token, epoch from tenantry.local_mapping where mapping_id = ${mappingId}`,
  add: ({ mappingId, low, state, epoch, token }: LocalRow) =>
    sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
      values (${mappingId}, 'point', ${low}, ${state}, ${epoch}, ${token})${withFences(`m.[mapping_id] = ${mappingId}`)}`,
  /** Points of the keys and the ids from 100,001 on. */
  addMany: (count: number) =>
    sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
      select n, 'point', ${fourBytesOfN}, 'ONLINE', 1, ${bytes('00'.repeat(16))} from ${numbers(100_001, 100_000 + count)}${withFences('m.[mapping_id] > 100000')}`,
  deleteMany: () => sql`delete from tenantry.local_mapping where mapping_id > 100000`,
  deleteAll: () => sql`delete from tenantry.local_mapping`,
  delete: (mappingId: number) => sql`delete from tenantry.local_mapping where mapping_id = ${mappingId}`,
  setState: (mappingId: number, state: string) => sql`update tenantry.local_mapping set state = ${state} where mapping_id = ${mappingId}`,
  setLow: (mappingId: number, low: Uint8Array) => sql`update tenantry.local_mapping set low = ${low} where mapping_id = ${mappingId}`,
  setToken: (mappingId: number, token: Uint8Array) =>
    sql`update tenantry.local_mapping set token = ${token} where mapping_id = ${mappingId}`,
  setOffline: (mappingId: number, epochs: number) =>
    sql`update tenantry.local_mapping set state = 'OFFLINE', epoch = epoch + ${epochs} where mapping_id = ${mappingId}`,
  reopen: () => sql`update tenantry.local_mapping set state = 'ONLINE' where state = 'DRAINING'`,
  raiseEpochs: (by: number) => sql`update tenantry.local_mapping set epoch = epoch + ${by}`,
  identities: () => sql`select shard_id as id from tenantry.shard_identity`,
  fences: () => sql`select operation_id as id from tenantry.operation_fence`,
  identify: (shardId: string, map: string) =>
    sql`insert into tenantry.shard_identity (shard_id, map, key_type) values (${shardId}, ${map}, 'int')`,
  setIdentity: (shardId: string) => sql`update tenantry.shard_identity set shard_id = ${shardId}`,
  forgetIdentity: () => sql`delete from tenantry.shard_identity`,
  setSchemaVersion: (version: number) => sql`update tenantry.schema_version set version = ${version}`,
  isInstalled: () =>
    perEngine(
      sqlText(`select case when to_regclass('tenantry.shard_identity') is null then 0 else 1 end as installed`),
      sqlText(`SELECT CASE WHEN OBJECT_ID(N'tenantry.shard_identity') IS NULL THEN 0 ELSE 1 END AS installed`),
    ),
  /** In a transaction: nobody reads or changes the local map until it ends, where rows have versions neither. */
  lockAll: () =>
    perEngine(
      sqlText('lock table tenantry.local_mapping'),
      sqlText('ALTER TABLE [tenantry].[local_mapping] SET (LOCK_ESCALATION = TABLE)'),
    ),
  blogsOf: (tenant: number) => sql`select "BlogId" from "Blogs" where "TenantId" = ${tenant}`,
  addBlog: (tenant: number, name: string) => sql`insert into "Blogs" ("TenantId", "BlogId", "Name") values (${tenant}, 1, ${name})`,
  /** So many blogs of tenants 3 and 4, each with a post. */
  addBlogs: (count: number) => sql`insert into "Blogs" ("TenantId", "BlogId", "Name") select t, n, 'x'
    from (select 3 as t union all select 4) as tenants cross join ${numbers(1, count)}`,
  addPosts: (count: number) => sql`insert into "Posts" ("TenantId", "PostId", "BlogId") select t, n, n
    from (select 3 as t union all select 4) as tenants cross join ${numbers(1, count)}`,
  changeBlogs: (tenant: number) => sql`update "Blogs" set "Name" = 'changed' where "TenantId" = ${tenant}`,
  changePosts: (tenant: number) => sql`update "Posts" set "BlogId" = "BlogId" where "TenantId" = ${tenant}`,
  postsByTenant: () =>
    sql`select "TenantId" as tenant, count(*) as posts, (select count(*) from "Blogs") as blogs from "Posts" group by "TenantId"`,
} as const;

/** Statements for the catalog's database. */
export const catalogByHand = {
  mappings: () => sql`select m.mapping_id as "mappingId", m.low as low, m.high as high, s.name as shard, m.state as state, m.epoch as epoch,
    m.operation_id as holder from tenantry.mapping as m join tenantry.shard as s on s.shard_id = m.shard_id order by m.low`,
  unfinished: () => sql`select kind from tenantry.operation where state not in ('DONE', 'UNDONE')`,
  heldShards: () => sql`select name from tenantry.shard where operation_id is not null`,
  version: () => sql`select version from tenantry.shard_map where name = 'customers'`,
  all: (table: 'mapping' | 'shard' | 'operation' | 'shard_map') => sqlText(`select * from tenantry.${table} order by 1`),
  /** A range by plain insert: what the catalog itself refuses where it overlaps. */
  addRange: (mapId: number, shardId: string, low: Uint8Array, high: Uint8Array | null) =>
    sql`insert into tenantry.mapping (mapping_id, map_id, kind, low, ${perEngine(nothing, sqlText('low_length,'))} high, shard_id, state, epoch)
      values (9999, ${mapId}, 'range', ${low}, ${perEngine(nothing, sqlText(`${low.length},`))} ${high === null ? sqlText('null') : sql`${high}`},
        ${shardId}, 'ONLINE', 1)`,
  /** A mapping as `all('mapping')` had it. */
  addAgain: (row: Readonly<Record<string, SqlValue>>) => {
    const columns = Object.keys(row).filter((name) => row[name] !== null);
    const names = sql.join(columns.map((name) => sql.id(name)));
    return sql`insert into tenantry.mapping (${names}) values (${sql.join(columns.map((name) => sql`${row[name] ?? null}`))})`;
  },
  deleteAdding: () => sql`delete from tenantry.mapping where state = 'ADDING'`,
  deleteShard: (name: string) => sql`delete from tenantry.shard where name = ${name}`,
  free: () => sql`update tenantry.mapping set operation_id = null`,
  freeShard: (name: string) => sql`update tenantry.shard set operation_id = null where name = ${name}`,
  hold: (mappingId: number, operationId: string) =>
    sql`update tenantry.mapping set operation_id = ${operationId} where mapping_id = ${mappingId}`,
  holdRemoving: (operationId: string) => sql`update tenantry.mapping set operation_id = ${operationId} where state = 'REMOVING'`,
  holdShard: (name: string, operationId: string) => sql`update tenantry.shard set operation_id = ${operationId} where name = ${name}`,
  holdOffline: (mappingId: number, operationId: string) =>
    sql`update tenantry.mapping set state = 'OFFLINE', operation_id = ${operationId} where mapping_id = ${mappingId}`,
  freeOnline: (mappingId: number) => sql`update tenantry.mapping set state = 'ONLINE', operation_id = null where mapping_id = ${mappingId}`,
  operationsIn: (state: string) => sql`select operation_id as id from tenantry.operation where state = ${state}`,
  unfinishedIds: () => sql`select operation_id as id from tenantry.operation where state not in ('DONE', 'UNDONE')`,
  loggedIds: () => sql`select operation_id as id from tenantry.operation order by changed_at`,
  generationOf: (operationId: string) => sql`select generation from tenantry.operation where operation_id = ${operationId}`,
  addOperation: (operationId: string, mapId: number, kind: string, state: string) =>
    sql`insert into tenantry.operation (operation_id, map_id, kind, payload, state, lease_until)
      values (${operationId}, ${mapId}, ${kind}, '{}', ${state}, ${now})`,
  deleteOperation: (operationId: string) => sql`delete from tenantry.operation where operation_id = ${operationId}`,
  endLease: (operationId: string) => sql`update tenantry.operation set lease_until = ${now} where operation_id = ${operationId}`,
  endLeases: () => sql`update tenantry.operation set lease_until = ${now} where state not in ('DONE', 'UNDONE')`,
  lease: (operationId: string) => sql`update tenantry.operation set lease_until = ${hoursFromNow(1)} where operation_id = ${operationId}`,
  /** Makes an operation one of another program's, a year old and leased. */
  makeForeign: (operationId: string) =>
    sql`update tenantry.operation set kind = 'another', changed_at = ${hoursFromNow(-365 * 24)}, lease_until = ${hoursFromNow(1)}
      where operation_id = ${operationId}`,
  makeOwnAgain: (operationId: string) =>
    sql`update tenantry.operation set kind = 'add-mapping', lease_until = ${now} where operation_id = ${operationId}`,
  /** Every operation ended so many days earlier, in the order they have. */
  age: (days: number) =>
    sql`update tenantry.operation set changed_at = ${perEngine(
      sqlText(`changed_at - interval '${days} days'`),
      sqlText(`DATEADD(day, ${-days}, changed_at)`),
    )}`,
  setIncarnation: (shard: string, incarnation: string) => sql`update tenantry.shard set incarnation = ${incarnation} where name = ${shard}`,
  setSchemaVersion: (version: number) => sql`update tenantry.schema_version set version = ${version}`,
  nextMappingId: () =>
    perEngine(
      sqlText('select last_value::integer + 1 as id from tenantry.mapping_id'),
      sqlText(
        `SELECT CAST(s.current_value AS int) + 1 AS id FROM sys.sequences AS s WHERE s.object_id = OBJECT_ID(N'tenantry.mapping_id')`,
      ),
    ),
} as const;
