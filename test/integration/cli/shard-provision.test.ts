import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { schemaVersions } from '../../../src/core/schema-version.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { itemsOf } from '../../support/command-line.ts';
import { useCliFleet } from './fleet.ts';

const fleet = useCliFleet();

/** Shard a lacks what provisioning gave it: an event trigger is switched off. */
describe('a shard whose server was provisioned before', () => {
  let shop: SqlDatabase;
  beforeAll(() => {
    shop = fleet.world.openDatabase('shop_a');
  });
  beforeEach(async () => void (await shop.query(sqlText('alter event trigger tenantry_changed disable'))));

  const trigger = async (): Promise<unknown> =>
    (await shop.query(sqlText(`select evtenabled::text as enabled from pg_event_trigger where evtname = 'tenantry_changed'`))).rows;
  const [off, on] = [[{ enabled: 'D' }], [{ enabled: 'A' }]];

  test('is given by shard provision --bootstrap what it lacks, as doctor says, and serves as before', async () => {
    expect((await fleet.world.run('doctor')).out).toContain('tenantry shard provision');
    expect(await fleet.world.run('shard provision a --bootstrap --actor Ann')).toMatchObject({
      code: 0,
      out: 'Done: Provision shard a. t_app, t_superuser, t_mover, t_admin have the passwords of this configuration now, and none else. Where it is not as it was accepted: tenantry policy apply --shard a\n',
      err: '',
    });
    expect(await trigger()).toEqual(on);
    expect(await fleet.world.run('policy apply --dry-run')).toMatchObject({ code: 0 });
    const audited = itemsOf<Record<string, unknown>>((await fleet.world.run('audit list --json --limit 2')).out);
    expect(audited.map(({ actor, action, subject, outcome }) => [actor, action, subject, outcome])).toEqual(
      ['DONE', 'BEGUN'].map((outcome) => ['Ann', 'shard provision', 'shard a', outcome]),
    );
  });

  test.each(['', '--bootstrap --dry-run'])('is told the SQL for its administrator, and changed by nothing (%s)', async (options) => {
    const { code, out, err } = await fleet.world.run(`shard provision a ${options}`);
    expect(code).toBe(2);
    expect(out).toContain('create event trigger tenantry_changed');
    expect(out).not.toContain('a password, 3 words');
    expect(err).toContain('run in database shop_a of shard a by an administrator');
    const { sql, ...rest } = JSON.parse((await fleet.world.run(`shard provision a ${options} --json`)).out) as { sql: string };
    expect(rest).toEqual({ version: 1, shard: 'a', done: false });
    expect(sql).toContain('tenantry_definer');
    expect(await trigger()).toEqual(off);
  });

  test.each([
    ['by the name of another', 'update tenantry.shard_identity set shard_id = gen_random_uuid()', '(CONFLICT)'],
    [
      'of another schema version',
      `update tenantry.schema_version set version = ${schemaVersions.shard - 1}`,
      'go on with the version of Tenantry that made it (SHARD_UNVERIFIED)',
    ],
  ])('is refused and not changed where its database is a shard %s', async (_, spoil, problem) => {
    const { rows } = await shop.query<{ id: string }>(sqlText('select shard_id as id from tenantry.shard_identity'));
    await shop.query(sqlText(spoil));
    try {
      expect(await fleet.refused('shard provision a --bootstrap')).toContain(problem);
      expect(await trigger()).toEqual(off);
    } finally {
      await shop.query(sqlText(`update tenantry.shard_identity set shard_id = '${rows[0]?.id}'`));
      await shop.query(sqlText(`update tenantry.schema_version set version = ${schemaVersions.shard}`));
    }
  });

  test.each(['shard provision a', 'shard add another --host HOST --database shop_a'])(
    'has nothing that admin has put in the place of its tables run by %s --bootstrap, as its superuser or as admin',
    async (command) => {
      const admin = async (statements: string): Promise<unknown> =>
        shop.query(sqlText(`set role tenantry_admin; ${statements}; reset role`));
      await shop.query(sqlText('create table public.ran_as (login text); grant all on public.ran_as to public'));
      await admin(`create function public.plant() returns boolean language plpgsql as $$ begin
          insert into public.ran_as values (current_user); return true; end $$;
        alter table tenantry.schema_version rename to planted_version;
        create view tenantry.schema_version as select * from tenantry.planted_version where public.plant();`);
      try {
        await fleet.world.run(`${command.replace('--host HOST', fleet.place)} --bootstrap`);
        expect((await shop.query(sqlText('select distinct login from public.ran_as'))).rows).toEqual([]);
      } finally {
        await admin(`drop view tenantry.schema_version; alter table tenantry.planted_version rename to schema_version;
          drop function public.plant()`);
        await shop.query(sqlText('drop table public.ran_as'));
      }
    },
  );

  test('has nothing of another’s run as admin where a database that is no shard yet says that it is one', async () => {
    const other = fleet.world.openDatabase('shop_b');
    await other.query(
      sqlText(`create role maker; create table public.ran_as (login text); grant all on public.ran_as to public;
        create schema tenantry authorization maker; grant usage on schema tenantry to public; create table tenantry.shard_identity (shard_id uuid);
        create function tenantry.plant() returns boolean language plpgsql as $$ begin insert into public.ran_as values (current_user); return true; end $$;
        create view tenantry.schema_version as select 0 as version where tenantry.plant();
        alter table tenantry.shard_identity owner to maker; alter view tenantry.schema_version owner to maker;
        grant all on all tables in schema tenantry to public`),
    );
    try {
      expect(await fleet.refused(`shard add another ${fleet.place} --database shop_b --bootstrap`)).toContain(
        'belongs to a role that is neither tenantry_admin nor a superuser',
      );
      expect((await other.query(sqlText('select from public.ran_as'))).rowCount).toBe(0);
    } finally {
      await other.query(sqlText('drop schema tenantry cascade; drop table public.ran_as; drop role maker'));
    }
  });

  test('is not changed where it does not let admin in, who alone is asked which shard it is', async () => {
    await shop.query(sqlText('alter role t_admin nologin'));
    try {
      for (const line of ['shard provision a', `shard add another ${fleet.place} --database shop_a`])
        expect(await fleet.refused(`${line} --bootstrap`)).toContain('does not let the admin login in');
      expect(await trigger()).toEqual(off);
    } finally {
      await shop.query(sqlText('alter role t_admin login'));
    }
  });

  test('is not changed by shard add --bootstrap, which refuses it by its own name and by another', async () => {
    for (const name of ['a', 'another']) {
      expect(await fleet.refused(`shard add ${name} ${fleet.place} --database shop_a --bootstrap`)).toContain('in use already');
      expect(await trigger()).toEqual(off);
    }
  });

  test('keeps its name from another database, in which shard add --bootstrap makes nothing', async () => {
    expect(await fleet.refused(`shard add a ${fleet.place} --database shop_b --bootstrap`)).toContain(
      'There is a shard a already (CONFLICT)',
    );
    const made = await fleet.world.openDatabase('shop_b').query(sqlText(`select from pg_namespace where nspname like 'tenantry%'`));
    expect(made.rowCount).toBe(0);
  });
});
