import { beforeEach, describe, expect, it } from 'vitest';
import { blogs, usePolicyShard } from '../../support/policy-shard.ts';

const shard = usePolicyShard();

describe('policy apply warns of', () => {
  beforeEach(() => shard.renew());

  const posts =
    'create table "Posts" ("TenantId" integer not null, "PostId" integer not null, "BlogId" integer, primary key ("TenantId", "PostId"));';
  it.each<[what: string, ddl: string, object: string, text: string, remedy: string | undefined]>([
    [
      'a primary key without the tenant',
      'alter table "Blogs" drop constraint "Blogs_pkey", add primary key ("BlogId"); create index on "Blogs" ("TenantId")',
      'public.Blogs',
      'primary key that does not begin with the tenant column',
      undefined,
    ],
    [
      'no primary key',
      'alter table "Blogs" drop constraint "Blogs_pkey"; create index on "Blogs" ("TenantId")',
      'public.Blogs',
      'has no primary key',
      undefined,
    ],
    [
      'a unique key without the tenant',
      'create unique index by_name on "Blogs" ("Name")',
      'public.Blogs',
      'has a unique index by_name',
      undefined,
    ],
    [
      'a unique key that only stores the tenant',
      'create unique index by_name on "Blogs" ("Name") include ("TenantId")',
      'public.Blogs',
      'has a unique index by_name without the tenant column',
      undefined,
    ],
    [
      'a foreign key without the tenant',
      `${posts} create unique index by_id on "Posts" ("PostId"); alter table "Blogs" add constraint to_post foreign key ("BlogId") references "Posts" ("PostId")`,
      'public.Blogs',
      'has a foreign key to_post',
      undefined,
    ],
    [
      'a view that runs as its owner',
      'create view all_blogs as select * from "Blogs"; grant select on all_blogs to tenantry_app',
      'public.all_blogs',
      'reads as tenantry_admin',
      'alter view public.all_blogs set (security_invoker = true)',
    ],
    [
      'a view over such a view',
      'create view inner_view as select * from "Blogs"; create view outer_view as select * from inner_view; grant select on outer_view to public',
      'public.outer_view',
      'reads as tenantry_admin',
      'alter view public.outer_view set (security_invoker = true)',
    ],
    [
      'a materialized view',
      'create materialized view stored as select * from "Blogs"; grant select on stored to tenantry_app',
      'public.stored',
      'materialized view over routed tables',
      'revoke select on public.stored from tenantry_app, public',
    ],
    [
      'a definer function',
      `create function every() returns bigint security definer language sql as 'select count(*) from "Blogs"'; grant execute on function every() to public`,
      'public.every',
      'runs as tenantry_admin',
      'alter function every() security invoker',
    ],
    [
      'a table that the configuration does not name',
      'create table shared (x integer); grant insert on shared to tenantry_app',
      'public.shared',
      'every tenant shares its rows',
      'revoke all on public.shared from tenantry_app, public',
    ],
  ])('%s', async (_, ddl, object, text, remedy) => {
    await shard.asAdmin(ddl);
    const { warnings } = await shard.apply([blogs, ...(ddl.includes('"Posts"') ? [{ table: 'Posts', tenantColumn: 'TenantId' }] : [])]);
    const warning = warnings.find((one) => one.object === object);
    expect(warning?.text).toContain(text);
    if (remedy === undefined) return expect(warning?.remedy).toContain('the tenant column');
    expect(warning?.remedy).toBe(remedy);
    await shard.asAdmin(remedy);
    expect((await shard.apply()).warnings.filter((one) => one.object === object)).toEqual([]);
  });

  it('nothing where the tenant stands behind other columns of a unique key', async () => {
    await shard.asAdmin('create unique index by_name on "Blogs" ("Name", "TenantId") include ("BlogId")');
    expect((await shard.apply()).warnings).toEqual([]);
  });

  it('nothing where views run as the invoker and functions are nobody’s', async () => {
    await shard.asAdmin(`create view all_blogs with (security_invoker = true) as select * from "Blogs"; grant select on all_blogs to tenantry_app;
      create view hidden as select * from "Blogs"; create materialized view stored as select * from "Blogs";
      create function every() returns bigint security definer language sql as 'select count(*) from "Blogs"'`);
    expect((await shard.apply()).warnings).toEqual([]);
  });
});
