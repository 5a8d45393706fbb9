import type { PolicyModel } from '../../src/config/policy-model.ts';
import { readPolicyModel } from '../../src/config/read-policy-model.ts';
import type { TableSettings } from '../../src/config.ts';

/** Policies with every kind of predicate, in the order in which an inspection tells them. */
export const everyPredicate: PolicyModel = {
  context: {
    objectId: { type: 'uuid' },
    roles: { type: 'strings' },
    userId: { type: 'string' },
  },
  tables: {
    Blogs: { tenant: 'TenantId' },
    Countries: 'reference',
    Members: { tenant: 'TenantId' },
    Permissions: { tenant: 'TenantId' },
    Projects: { tenant: 'TenantId' },
    Samples: { tenant: 'TenantId', parent: { table: 'Projects', columns: { ProjectId: 'Id' } } },
    'lab.Notes': { tenant: 'TenantId', parent: { table: 'Samples', columns: { SampleId: 'Id' } } },
  },
  policies: {
    granting: { on: ['Permissions'], write: { role: "o'admin", in: 'roles' } },
    joined: {
      on: ['Projects'],
      rows: { lookup: 'Members', key: 'ObjectId', is: 'objectId', gives: 'OrganizationId', of: 'OrganizationId', few: false },
    },
    loud: {
      on: ['Samples'],
      insert: { raw: { postgres: { sql: '"Samples"."Title" = upper("Samples"."Title") -- loud' } }, columns: ['Title'] },
    },
    mine: {
      on: ['Samples'],
      read: {
        any: [
          { role: 'admin', in: 'roles' },
          { all: [{ owner: 'Owner', is: 'userId' }, { parent: 'visible' }] },
          { permission: 'Permissions', user: 'UserId', is: 'userId', resource: 'SampleId', of: 'Id', access: 'HasAccess', few: true },
        ],
      },
      write: { owner: 'Owner', is: 'userId' },
      delete: { role: 'admin', in: 'roles' },
    },
    near: { on: ['lab.Notes'], rows: { parent: { parent: { owner: 'Owner', is: 'userId' } }, few: true } },
    seen: { on: ['lab.Notes'], read: { parent: 'visible' } },
  },
};

/** Its tables, as PostgreSQL makes them: all but Blogs, which shards of tests have. */
export const itsTables = `
  create table "Countries" ("Id" integer primary key);
  create table "Members" ("TenantId" integer not null, "ObjectId" uuid not null, "OrganizationId" integer not null,
    primary key ("TenantId", "ObjectId", "OrganizationId"));
  create table "Permissions" ("TenantId" integer not null, "UserId" text not null, "SampleId" integer not null, "HasAccess" boolean not null,
    primary key ("TenantId", "UserId", "SampleId"));
  create table "Projects" ("TenantId" integer not null, "Id" integer not null, "OrganizationId" integer not null, "Owner" text,
    primary key ("TenantId", "Id"));
  create table "Samples" ("TenantId" integer not null, "Id" serial, "ProjectId" integer not null, "Owner" text, "Title" text,
    primary key ("TenantId", "Id"));
  create schema lab;
  create table lab."Notes" ("TenantId" integer not null, "Id" integer not null, "SampleId" integer not null, primary key ("TenantId", "Id"));`;

/** The tables of a model as `policy apply` is given them. */
export function tablesOf(model: PolicyModel): readonly TableSettings[] {
  const read = readPolicyModel(model);
  if ('problems' in read) throw new Error(`The model has problems at ${JSON.stringify(read.problems)}.`);
  return read.tables;
}
