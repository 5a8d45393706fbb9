import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../src/core/sql.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import { postgresPurgeStatements } from '../../src/engine/postgres/purge-statements.ts';
import { purgeRows } from '../../src/policy/purge.ts';
import { tenantKey, type KeyType, type TenantId } from '../../shardmap/key.ts';
import type { MappingKeys } from '../../shardmap/mapping.ts';
import { createTestShard, type TestShard } from '../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../support/servers/postgres.ts';

const tables = [{ table: 'Blogs', tenantColumn: 'TenantId' }, { table: 'Posts', tenantColumn: 'TenantId' }, { table: 'Countries' }];

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function shardWith(keyType: KeyType, name: string, tenants: readonly string[]): Promise<TestShard> {
  const shard = await createTestShard(server, name, { keyType });
  const type = { int: 'integer', bigint: 'bigint', uuid: 'uuid', string: 'text', bytes: 'bytea' }[keyType];
  const values = tenants.map((tenant) => `('${tenant}'::${type})`).join(', ');
  await shard.admin.query(
    sqlText(`insert into "Blogs" select t, n, 'x' from (values ${values}) v (t), generate_series(1, 2) n;
      create table "Posts" ("TenantId" ${type} not null, "PostId" integer, "BlogId" integer not null, primary key ("TenantId", "PostId"),
        foreign key ("TenantId", "BlogId") references "Blogs");
      insert into "Posts" select "TenantId", "BlogId", "BlogId" from "Blogs";
      create table "Countries" (code text primary key); insert into "Countries" values ('NL')`),
  );
  return shard;
}

async function left(shard: TestShard): Promise<string[]> {
  const { rows } = await shard.root.query<{ tenant: string }>(
    sqlText(
      `select distinct "TenantId"::text as tenant from (select "TenantId" from "Blogs" union all select "TenantId" from "Posts") t order by 1`,
    ),
  );
  return rows.map(({ tenant }) => tenant);
}

const purge = (shard: TestShard, keyType: KeyType, keys: MappingKeys, limit = 1000): Promise<number> =>
  purgeRows(shard.admin, { purging: postgresPurgeStatements, dialect: postgresDialect }, { tables, keyType, keys, limit });

describe('purge', () => {
  it('deletes one tenant’s rows, children before parents, in batches of at most the limit', async () => {
    const shard = await shardWith('int', 'point', ['1', '2']);
    const keys: MappingKeys = { kind: 'point', low: tenantKey('int', 1).bytes };
    expect([await purge(shard, 'int', keys, 3), await purge(shard, 'int', keys, 3), await purge(shard, 'int', keys, 3)]).toEqual([3, 1, 0]);
    expect(await left(shard)).toEqual(['2']);
    await shard.close();
  });

  it('passes over no row that somebody else changes while it waits for it', async () => {
    const shard = await shardWith('int', 'changed', ['1', '2']);
    const waiting = sqlText('select 1 from pg_locks where not granted');
    let purged: Promise<number> | undefined;
    await shard.root.transaction(async (session) => {
      await session.query(sqlText('update "Blogs" set "Name" = \'y\'; update "Posts" set "BlogId" = "BlogId"'));
      purged = purge(shard, 'int', { kind: 'point', low: tenantKey('int', 1).bytes });
      await expect.poll(async () => (await session.query(waiting)).rowCount).toBe(1);
    });
    expect(await purged).toBe(4);
    expect(await left(shard)).toEqual(['2']);
    await shard.close();
  });

  it('says so where there are rows that cannot be deleted', async () => {
    const shard = await shardWith('int', 'kept', ['1', '2']);
    await shard.root.query(
      sqlText(`create function kept() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger kept before delete on "Posts" for each row execute function kept()`),
    );
    await expect(purge(shard, 'int', { kind: 'point', low: tenantKey('int', 1).bytes })).rejects.toMatchObject({
      code: 'CONFLICT',
      detail: expect.stringMatching(/^Rows of public\.Posts cannot be deleted: /) as string,
    });
    expect(await left(shard)).toEqual(['1', '2']);
    await shard.close();
  });

  // The last two uuids are in PostgreSQL's order, which is not that of mappings.
  it.each<[KeyType, tenants: readonly string[], low: TenantId | undefined, high: TenantId | undefined, remaining: readonly string[]]>([
    ['int', ['-5', '3', '10', '20'], 3, 20, ['-5', '20']],
    ['int', ['-5', '3', '10', '20'], undefined, 10, ['10', '20']],
    ['bigint', ['-5', '3', '9007199254740993'], 3n, undefined, ['-5']],
    ['string', ['B', 'a', 'ä', 'z'], 'a', 'z', ['B', 'z', 'ä']],
    ['bytes', ['\\x01', '\\x0101', '\\xff'], Uint8Array.of(1, 1), undefined, ['\\x01']],
    [
      'uuid',
      ['00000000-0000-0000-0000-000000000002', 'ffffffff-0000-0000-0000-000000000001'],
      '00000000-0000-0000-0000-000000000002',
      undefined,
      ['ffffffff-0000-0000-0000-000000000001'],
    ],
    [
      'uuid',
      ['01000000-0000-0000-0000-000000000001', '00000001-0000-0000-0000-000000000001'],
      undefined,
      '00000001-0000-0000-0000-000000000001',
      ['00000001-0000-0000-0000-000000000001'],
    ],
  ])('deletes the rows of a range of %s keys in the order of mappings: %j', async (keyType, tenants, low, high, remaining) => {
    const shard = await shardWith(keyType, `range_${keyType}_${String(low ?? 'start').slice(0, 3)}`.toLowerCase(), tenants);
    const bytes = (id: TenantId | undefined): Uint8Array | undefined => (id === undefined ? undefined : tenantKey(keyType, id).bytes);
    const upper = bytes(high);
    const keys: MappingKeys = { kind: 'range', low: bytes(low) ?? new Uint8Array(), ...(upper === undefined ? {} : { high: upper }) };
    expect(await purge(shard, keyType, keys)).toBe((tenants.length - remaining.length) * 4);
    expect((await left(shard)).toSorted()).toEqual([...remaining].toSorted());
    await shard.close();
  });
});
