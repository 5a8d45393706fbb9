import { beforeAll, describe, expect, it } from 'vitest';
import type { ConfiguredTable } from '../../../src/policy/model.ts';
import { blogs, usePolicyShard } from '../../support/policy-shard.ts';
import { shardLogins } from '../../support/postgres-shard.ts';

const shard = usePolicyShard();

describe('policy apply refuses', () => {
  beforeAll(() => shard.renew());

  it.each<[what: string, ddl: string, table: ConfiguredTable, message: string]>([
    [
      'a table that does not exist',
      'select 1',
      { table: 'Nothing', tenantColumn: 'TenantId' },
      'public.Nothing does not exist in the shard',
    ],
    ['a name of other case', 'select 1', { table: 'blogs', tenantColumn: 'TenantId' }, 'public.blogs does not exist'],
    ['a view', 'create view a_view as select 1 as "T"', { table: 'a_view', tenantColumn: 'T' }, 'public.a_view is not a table'],
    [
      'an unknown column',
      'select 1',
      { table: 'Blogs', tenantColumn: 'tenantid' },
      'public.Blogs has no column tenantid (names are exact-case)',
    ],
    [
      'a column of another type',
      'create table t_type (t bigint not null primary key)',
      { table: 't_type', tenantColumn: 't' },
      'public.t_type has a tenant column of type bigint, which is not that of the key type int (integer)',
    ],
    [
      'a column of a domain',
      'create domain tenant as integer; create table t_domain (t tenant not null primary key)',
      { table: 't_domain', tenantColumn: 't' },
      'of type public.tenant',
    ],
    [
      'a column that may be null',
      'create table t_null (t integer); create index on t_null (t)',
      { table: 't_null', tenantColumn: 't' },
      'run: alter table public.t_null alter column t set not null;',
    ],
    [
      'a computed column',
      'create table t_gen (a integer, t integer not null generated always as (a) stored, primary key (t))',
      { table: 't_gen', tenantColumn: 't' },
      'public.t_gen computes its tenant column t',
    ],
    [
      'an identity column',
      'create table t_identity (t integer generated always as identity primary key)',
      { table: 't_identity', tenantColumn: 't' },
      'public.t_identity computes its tenant column t',
    ],
    [
      'no index',
      'create table t_bare (t integer not null)',
      { table: 't_bare', tenantColumn: 't' },
      'run: create index on public.t_bare (t);',
    ],
    [
      'an index that begins with another column',
      'create table t_second (a integer, t integer not null, primary key (a, t))',
      { table: 't_second', tenantColumn: 't' },
      'run: create index on public.t_second (t);',
    ],
    [
      'an index over some rows',
      'create table t_some (t integer not null); create index on t_some (t) where t > 5',
      { table: 't_some', tenantColumn: 't' },
      'run: create index on public.t_some (t);',
    ],
    [
      'an index that is no tree',
      'create table t_hash (t integer not null); create index on t_hash using hash (t)',
      { table: 't_hash', tenantColumn: 't' },
      'run: create index on public.t_hash (t);',
    ],
  ])('%s', async (_, ddl, table, message) => {
    await shard.asAdmin(ddl);
    await expect(shard.apply([table])).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining(message) as string,
    });
  });

  it('a table of app', async () => {
    await shard.asRoot(`create table owned (t integer not null primary key); alter table owned owner to ${shardLogins.app.user}`);
    await expect(shard.apply([{ table: 'owned', tenantColumn: 't' }])).rejects.toThrow(
      `public.owned belongs to ${shardLogins.app.user}, a login of tenant traffic, which must own nothing`,
    );
  });

  it('a table of another owner, and says how it changes hands', async () => {
    await shard.asRoot('create table foreign_owner (t integer not null primary key)');
    await expect(shard.apply([{ table: 'foreign_owner', tenantColumn: 't' }])).rejects.toThrow(
      'run: alter table public.foreign_owner owner to tenantry_admin;',
    );
  });

  it('a part of a table that is of another owner, as what a superuser added to it is', async () => {
    await shard.asRoot(`
      create table parted (t integer not null primary key) partition by list (t);
      create table parted_one partition of parted for values in (1);
      create table inherited (t integer not null primary key); create table heir () inherits (inherited);
      alter table parted owner to tenantry_admin; alter table inherited owner to tenantry_admin`);
    const tables = [blogs, ...['parted', 'inherited'].map((table) => ({ table, tenantColumn: 't' }))];
    const refused = await shard.apply(tables).catch((error: Error) => error.message.split('\n').slice(1));
    expect(refused).toEqual(
      ['heir', 'parted_one'].map(
        (part) =>
          `- public.${part} belongs to ${shard.server.user}, and the admin login may not put policies on it; run: alter table public.${part} owner to tenantry_admin;`,
      ),
    );
    await shard.asRoot('alter table parted_one owner to tenantry_admin; alter table heir owner to tenantry_admin');
    await shard.apply(tables);
    await shard.asRoot('drop table parted, inherited cascade');
  });

  it('what the server refuses to have changed, by its name', async () => {
    await shard.asRoot(`create table refused (t integer not null primary key); alter table refused owner to tenantry_admin;
      create function refuse() returns event_trigger language plpgsql as $$ begin raise insufficient_privilege; end $$;
      create event trigger refuse on ddl_command_start when tag in ('CREATE POLICY') execute function refuse()`);
    try {
      await expect(shard.apply([blogs, { table: 'refused', tenantColumn: 't' }])).rejects.toMatchObject({
        code: 'FORBIDDEN',
        reason: expect.stringMatching(
          /^public\.refused could not be changed by the admin login: .*SQLSTATE 42501\. Nothing was changed\.$/,
        ),
      });
    } finally {
      await shard.asRoot('drop event trigger refuse; drop function refuse; drop table refused');
    }
  });

  it('a column of a sample row that the table has not, with its place', async () => {
    await expect(
      shard.apply([{ name: 'shop.Blogs', schema: 'public', table: 'Blogs', tenantColumn: 'TenantId', sample: { Nmae: 'x', BlogId: 1 } }]),
    ).rejects.toThrow('public.Blogs has no column Nmae (names are exact-case), which tables.shop.Blogs.sample names; did you mean Name?');
  });

  it('a table in a schema that admin may not let others use, and says who may change that', async () => {
    await shard.asRoot(
      'create schema elsewhere; create table elsewhere.t (t integer not null primary key); alter table elsewhere.t owner to tenantry_admin',
    );
    const table = { schema: 'elsewhere', table: 't', tenantColumn: 't' };
    await expect(shard.apply([table])).rejects.toThrow(
      'elsewhere.t is in the schema elsewhere, which the admin login may not let others use; run: grant usage on schema elsewhere to tenantry_admin with grant option;',
    );
    await shard.asRoot('grant usage on schema elsewhere to tenantry_admin with grant option');
    await shard.apply([blogs, table]);
    expect((await shard.apply([blogs, table])).changes).toEqual([]);
  });

  it('every table, function and procedure that does not fit at once', async () => {
    await shard.asRoot("create function frozen() returns integer language sql immutable as 'select tenantry.current_tenant()'");
    const tables = ['No1', 'No2'].map((table) => ({ table, tenantColumn: 't' }));
    try {
      await expect(shard.apply(tables, { procedures: { 'public.absent': { returns: 'nothing' } } })).rejects.toMatchObject({
        code: 'INVALID_CONFIGURATION',
        reason: expect.stringMatching(
          /^The tables of the shard do not fit:\n- public\.No1 .*\n- public\.No2 .*\nThe functions of the shard do not fit:\n- public\.frozen is IMMUTABLE.*\nThe procedures of the shard do not fit:\n- public\.absent .*$/,
        ),
      });
    } finally {
      await shard.asRoot('drop function frozen');
    }
  });
});
