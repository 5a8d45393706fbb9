import type { ConfiguredTable } from '../../../src/policy/model.ts';

/* Tables in which a tenant has one row, or as few as a constraint names keys. */

/** In an order in which rows that refer come before those that they refer to. */
export const loneTables: ConfiguredTable[] = [
  { table: 'Uses', tenantColumn: 'TenantId' },
  { table: 'Kinds', tenantColumn: 'TenantId', sample: { Kind: 'b' } },
  { table: 'Settings', tenantColumn: 'TenantId' },
  { table: 'Tenants', tenantColumn: 'TenantId' },
  { table: 'Halls', tenantColumn: 'TenantId' },
];

export const loneSchema = `
  create table "Tenants" ("TenantId" integer primary key, "Name" text not null);
  create table "Settings" ("TenantId" integer not null unique references "Tenants", "Id" serial,
    "Theme" text not null, primary key ("TenantId", "Id"));
  create table "Kinds" ("TenantId" integer not null references "Tenants", "Kind" text check ("Kind" in ('a', 'b')), primary key ("TenantId", "Kind"));
  create table "Uses" ("TenantId" integer not null, "Id" integer not null, "Kind" text not null, primary key ("TenantId", "Id"),
    foreign key ("TenantId", "Kind") references "Kinds");
  create table "Halls" ("TenantId" integer not null references "Tenants", "Id" integer not null,
    primary key ("TenantId", "Id"), exclude ("TenantId" with =));
  alter table "Tenants" add "Hall" integer, add foreign key ("TenantId", "Hall") references "Halls" ("TenantId", "Id")`;

/** What protects one of them, each without it, and what tells: an outcome and a probe. */
export const loneWeakened = [
  {
    defence: 'row-level security',
    without: (table: string): string => `alter table "${table}" disable row level security`,
    found: [
      'app without a tenant: select',
      'app without a tenant: insert',
      'app without a tenant: update',
      'app without a tenant: delete',
      "tenant: select of another tenant's row",
      'tenant: select of all that there is',
      'tenant: insert for another tenant',
      'tenant: insert for another tenant, whose row is asked back',
      "tenant: insert ... on conflict do nothing of another tenant's row",
      "tenant: insert ... on conflict do update of another tenant's row",
      "tenant: update of another tenant's row",
      'tenant: update of an own row into another tenant',
      'tenant: update into another tenant by a condition that reads no column',
      "tenant: delete of another tenant's row",
      'tenant: update by a condition that reads no column',
      'tenant: delete by a condition that reads no column',
    ].map((what) => `leaked ${what}`),
  },
  {
    defence: 'what a new row must be',
    without: (table: string): string => `alter policy tenantry_tenant on "${table}" with check (true)`,
    found: [
      'app without a tenant: insert',
      'tenant: insert for another tenant',
      "tenant: insert ... on conflict do nothing of another tenant's row",
      'tenant: update into another tenant by a condition that reads no column',
    ].map((what) => `leaked ${what}`),
  },
  {
    defence: "app's own branch",
    without: (table: string): string => `drop policy tenantry_base on "${table}"`,
    found: ['select', 'insert', 'update', 'delete'].map((what) => `blocked tenant: ${what} of an own row`),
  },
  {
    defence: 'reports only read',
    without: (table: string): string =>
      `drop policy tenantry_superuser on "${table}"; create policy tenantry_superuser on "${table}" to tenantry_superuser using (true); grant insert, update, delete on "${table}" to tenantry_superuser`,
    found: ['insert', 'update', 'delete'].map((what) => `leaked superuser: ${what}`),
  },
  {
    defence: 'moves reach every tenant',
    without: (table: string): string => `drop policy tenantry_mover on "${table}"`,
    found: ['select', 'insert', 'update', 'delete'].map((what) => `blocked mover: ${what}`),
  },
];
