import { sql } from '../../src/core/sql.ts';
import { startFleet, type RealFleet } from './real-fleet.ts';

const schema = `
  create table "Notes" ("TenantId" integer not null, "Text" text not null, primary key ("TenantId", "Text"));
  grant select, insert on "Notes" to tenantry_app`;

/** Two shards of one table, and calls that write and read a tenant's notes in it. Even tenants are on the first shard. */
export async function startNotesFleet(tenants: number) {
  const fleet: RealFleet = await startFleet({ shards: 2, tenants, schema, tables: ['Notes'], limits: { waitMs: 3_000 }, fsync: false });
  const { router } = fleet.tenantry;
  return {
    fleet,
    add: (tenant: number, text: string) => router.query(tenant, sql`insert into "Notes" ("Text") values (${text})`, { idempotent: true }),
    notes: async (tenant: number): Promise<unknown[]> =>
      (await router.query(tenant, sql`select "Text" from "Notes" order by 1`, { readOnly: true })).rows.map(({ Text }) => Text),
  };
}

export type NotesFleet = Awaited<ReturnType<typeof startNotesFleet>>;
