import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { encodeInt } from '../../../shardmap/key-encoding.ts';
import type { ContextProtection } from '../../../src/core/context-protection.ts';
import { sqlText } from '../../../src/core/sql.ts';
import type { Entry } from '../../../src/engine/entry.ts';
import { clientConfig } from '../../../src/engine/postgres/client-config.ts';
import type { ConfiguredTable, PolicyChange } from '../../../src/policy/model.ts';
import { accepting } from '../../support/accepting.ts';
import { applyDespiteLeaks } from '../../support/apply-despite-leaks.ts';
import { addPoint } from '../../support/add-point.ts';
import { enterByHand, shownFor } from '../../support/enter-by-hand.ts';
import { postgresPolicies } from '../../support/policy-shard.ts';
import { createTestShard, shardLogins, type TestShard } from '../../support/postgres-shard.ts';
import type { PostgresServer } from '../../support/servers/postgres.ts';

const captureTables: readonly ConfiguredTable[] = ['Blogs', 'Posts', 'Events', 'Notes', 'Drafts'].map((table) => ({
  table,
  tenantColumn: 'TenantId',
}));

const tables = `
  create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "BlogId" integer not null,
    primary key ("PostId", "TenantId") include ("BlogId"),
    foreign key ("TenantId", "BlogId") references "Blogs" ("TenantId", "BlogId") on update cascade on delete cascade deferrable initially deferred);
  create index on "Posts" ("TenantId", "BlogId");
  create table "Events" ("TenantId" integer not null, "Region" text not null, "At" timestamptz not null, "Size" double precision not null,
    "Twice" double precision generated always as ("Size" * 2) stored, primary key ("TenantId", "Region", "At", "Size")) partition by list ("Region");
  create table "EventsEu" partition of "Events" for values in ('eu');
  create table "EventsUs" partition of "Events" for values in ('us');
  create table "Notes" ("TenantId" integer not null, "Text" text not null);
  create index on "Notes" ("TenantId");
  create table "Drafts" ("TenantId" integer not null, "DraftId" integer not null, primary key ("TenantId", "DraftId"));
  create table "OldDrafts" ("Kept" text, primary key ("TenantId", "DraftId")) inherits ("Drafts");
  -- Of admin's, with his rights: what a service may have for its tenants.
  create function rename_everywhere(id integer, name text) returns void language sql security definer set search_path = public, pg_temp
    as $$ update "Blogs" set "Name" = name where "BlogId" = id $$;
  grant execute on function rename_everywhere(integer, text) to tenantry_app;`;

/** A row of the log, as whoever reads it gets it. */
export interface Captured {
  readonly table: string;
  readonly key: Readonly<Record<string, unknown>> | null;
}

/** A shard with tables of every kind, tenants 1 and 2 under points, and 100 to 199 under a range. */
export class CaptureWorld {
  readonly shard: TestShard;

  private constructor(shard: TestShard) {
    this.shard = shard;
  }

  static async create(server: PostgresServer, name: string, protection: ContextProtection = 'guarded'): Promise<CaptureWorld> {
    const world = new CaptureWorld(await createTestShard(server, name, { protection }));
    await world.shard.admin.query(sqlText(tables));
    await world.apply();
    for (const tenant of [1, 2]) await addPoint(world.shard.admin, entryOf(tenant));
    const { mappingId, epoch, token } = entryOf(100);
    await world.shard.admin.run('local-map/add-mapping', {
      mappingId,
      kind: 'range',
      low: encodeInt(100),
      high: encodeInt(200),
      state: 'ONLINE',
      epoch,
      token,
    });
    return world;
  }

  /** The differences from what protects the tables, which are gone afterwards. */
  async apply({ dryRun = false } = {}): Promise<readonly PolicyChange[]> {
    const { admin, shardId } = this.shard;
    const { changes } = await applyDespiteLeaks(admin, postgresPolicies, {
      tables: captureTables,
      procedures: [],
      keyType: 'int',
      accepting: accepting(shardId),
      dryRun,
    });
    return changes.filter(({ of }) => of !== 'shard');
  }

  async asAdmin(statement: string): Promise<void> {
    await this.shard.admin.query(sqlText(statement));
  }

  async asRoot(statement: string): Promise<void> {
    await this.shard.root.query(sqlText(statement));
  }

  async capture(mapping = 1): Promise<void> {
    await this.asAdmin(`select tenantry.begin_capture(${mapping})`);
  }

  async end(mapping = 1): Promise<void> {
    await this.asAdmin(`select tenantry.end_capture(${mapping})`);
  }

  /** A session of app; the caller ends it. */
  async connect(): Promise<pg.Client> {
    const client = new pg.Client(clientConfig(this.shard.address, shardLogins.app));
    await client.connect();
    return client;
  }

  /** A session of app in an open transaction of a tenant; the caller ends it. */
  async enter(tenant: number, isolation = 'read committed'): Promise<pg.Client> {
    const client = await this.connect();
    await client.query(`begin isolation level ${isolation}`);
    await enterByHand(client, entryOf(tenant), entryOf(tenant).mappingId, shownFor(entryOf(tenant)));
    return client;
  }

  /** What a tenant says in one transaction, each with its own; the transaction's number. */
  async asTenant(tenant: number, ...statements: readonly string[]): Promise<string> {
    const client = await this.enter(tenant);
    try {
      const { rows } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
      for (const statement of statements) await client.query(statement);
      await client.query('commit');
      return rows[0]!.id;
    } finally {
      await client.end();
    }
  }

  /** What was captured of a mapping, table by table. */
  async captured(mapping = 1): Promise<Captured[]> {
    const { rows } = await this.shard.admin.query<Record<string, unknown> & Captured>(
      sqlText(`select table_name as "table", key from tenantry.captured_keys(${mapping}) order by 1, key::text`),
    );
    return rows;
  }

  async close(): Promise<void> {
    await this.shard.close();
  }
}

const token = randomBytes(16);

/** What a router shows for a tenant; those from 100 on are under a range. */
function entryOf(tenant: number): Entry & { readonly isPoint: boolean } {
  const isPoint = tenant < 100;
  return { mappingId: isPoint ? tenant : 100, key: encodeInt(tenant), epoch: 1, token, isPoint };
}
