import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';
import { itemsOf } from '../../support/command-line.ts';

let world: CliWorld;
let shard: SqlDatabase;
let catalog: SqlDatabase;
let appUser: string;

beforeAll(async () => {
  world = await createCliWorld();
  for (const name of ['a', 'b']) await world.createShardDatabase(`shop_${name}`);
  await run('map create');
  for (const name of ['a', 'b'])
    await run(`shard add ${name} --host ${world.server.host} --port ${world.server.port} --database shop_${name} --bootstrap`);
  shard = world.openDatabase('shop_a');
  catalog = world.openDatabase('catalog');
  const { rows } = await shard.query<{ user: string }>(
    sqlText(`select m.member::regrole::text as "user" from pg_auth_members m where m.roleid = 'tenantry_app'::regrole`),
  );
  appUser = rows[0]!.user;
});
afterAll(() => world.close());

async function run(line: string): Promise<string> {
  const { code, out, err } = await world.run(line);
  if (code !== 0) throw new Error(`${line}: ${err}`);
  return out;
}

/** What the doctor says, for people. */
async function told(): Promise<string> {
  return (await world.run('doctor')).out;
}

describe('policy verify', () => {
  it('proves every shard, says how much was tried, and leaves a record', async () => {
    const { code, out, err } = await world.run('policy verify --actor nightly');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^shard a: verified, \d+ statements tried\nshard b: verified, \d+ statements tried\n$/);
    const [latest] = itemsOf<{ action: string; outcome: string; detail: object }>(await run('audit list --json'));
    expect(latest).toMatchObject({ action: 'policy verify', actor: 'nightly', outcome: 'DONE', detail: { problems: [] } });
    expect(await told()).toMatch(
      /^ok +shard a: What protected its tenants then was tried at 20\S+Z by nightly, \d+ statements, and held\.$/m,
    );
  });

  it('signs its verdict, so that one which was written or changed beside it says nothing', async () => {
    await run('policy verify --shard a');
    await catalog.query(sqlText('update tenantry.policy_verdict set tried = tried + 1'));
    expect(await told()).toMatch(/problem +shard a: The verdict .* is signed by no key of the fleet/);
    await run('policy verify --shard a');
  });

  it('keeps which acceptance is the latest: an older one that was put back is told, and accepted anew by policy apply', async () => {
    const latest = async (): Promise<number> =>
      (await catalog.query<{ number: number }>(sqlText(`select accepted_number as number from tenantry.shard where name = 'a'`))).rows[0]!
        .number;
    await run('policy verify --shard a');
    const first = await latest();
    await shard.query(
      sqlText(`create table kept as select format, number, fingerprint, valid_until, signature from tenantry_watch.accepted;
        create view totals as select 1 as one; grant select on totals to tenantry_app`),
    );
    await run('policy apply');
    const second = await latest();
    expect(second).toBeGreaterThan(first);
    await shard.query(
      sqlText(
        'drop view totals; update tenantry_watch.accepted set (format, number, fingerprint, valid_until, signature) = (select * from kept)',
      ),
    );
    const older = 'an older acceptance was put back in place of the last one';
    const { code, out } = await world.run('policy verify --json --shard a');
    expect({ code, found: itemsOf(out) }).toMatchObject({ code: 2, found: [{ objection: older }] });
    expect(await told()).toContain(older);
    expect(await latest()).toBe(second);
    await run('policy apply');
    await run('policy verify --shard a');
    expect(await latest()).toBeGreaterThan(second);
    await shard.query(sqlText('drop table kept'));
  });

  it('has an override that was ended be outdated, also where somebody had taken it away for that moment', async () => {
    await run('policy override --shard a --for 5m --reason reviewed');
    await shard.query(
      sqlText(`create table kept as select override_until, override_number, override_reason, override_by, override_signature from tenantry_watch.gate;
        update tenantry_watch.gate set override_until = null, override_number = null, override_signature = null`),
    );
    await run('policy override --shard a --end');
    await shard.query(
      sqlText(`update tenantry_watch.gate
        set (override_until, override_number, override_reason, override_by, override_signature) = (select * from kept)`),
    );
    expect(JSON.parse(await run('shard show a --json'))).toMatchObject({ override: { reason: 'reviewed', isSigned: false } });
    expect(await told()).toMatch(
      /^warning +shard a: Tenants are let in until .*: reviewed\. The override is signed by no key of the fleet, or was ended or replaced and put back, or is for more than a day: no connection is opened by it/m,
    );
    await run('policy override --shard a --for 5m --reason again');
    expect(JSON.parse(await run('shard show a --json'))).toMatchObject({ override: { reason: 'again', isSigned: true } });
    await run('policy override --shard a --end');
    await shard.query(sqlText('drop table kept'));
  });

  it('tells a mapping that was written by hand, by which whoever wrote it would be let in', async () => {
    await shard.query(
      sqlText(`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
        values (77, 'point', '\\x8000004d', 'ONLINE', 1, decode(repeat('ab', 16), 'hex'))`),
    );
    try {
      const { code, out } = await world.run('policy verify --shard a');
      expect({ code, out }).toMatchObject({
        code: 2,
        out: expect.stringMatching(
          /^shard a: NOT as it must be, \d+ statements tried\n  Its local map disagrees with the catalog, extra of mapping 77: [^\n]+\.\n$/,
        ),
      });
    } finally {
      await shard.query(sqlText('delete from tenantry.local_mapping where mapping_id = 77'));
    }
  });

  it('tells once, and clearly, that the shard has another function to tell what protects it', async () => {
    const altering = (how: string): string =>
      `do $$ begin execute format('alter function %s ${how}', (select oid::regprocedure from pg_proc where proname = 'fingerprint_items')); end $$`;
    await shard.query(sqlText(altering(`set work_mem = ''5MB''`)));
    try {
      const { code, out, err } = await world.run('policy verify --shard a');
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(out.split('\n').slice(1, -1)).toEqual([
        "  It may serve no tenants: the function by which a shard tells what protects its tenants is not this program's.",
      ]);
    } finally {
      await shard.query(sqlText(altering('reset work_mem')));
    }
  });

  it('tells what only the session of a tenant shows: a policy that asks who logged in', async () => {
    const tenantPolicy = (or: string): string =>
      `alter policy tenantry_tenant on "Blogs" using ("TenantId" = (select tenantry.current_tenant())${or}) with check ("TenantId" = (select tenantry.current_tenant()))`;
    await shard.query(sqlText(`insert into "Blogs" values (42, 1, 'One'); ${tenantPolicy(` or session_user = '${appUser}'`)}`));
    try {
      const { code, out } = await world.run('policy verify --shard a --json');
      const [found] = itemsOf<{ findings: object[] }>(out);
      expect({ code, findings: found?.findings }).toEqual({
        code: 2,
        findings: [
          {
            table: 'public.Blogs',
            probe: 'app by its own login, without a tenant: select',
            outcome: 'leaked',
            text: 'reached 1 row',
          },
        ],
      });
    } finally {
      await shard.query(sqlText(`delete from "Blogs"; ${tenantPolicy('')}`));
    }
    await run('policy verify --shard a');
  });

  it('tells what policy apply would refuse and nothing of the protection shows, and has it in the verdict', async () => {
    await shard.query(sqlText('alter table "Posts" drop constraint "Posts_pkey"; create index by_tenant on "Posts" ("TenantId")'));
    try {
      await run('policy apply --shard a');
      await run('policy verify --shard a');
      await shard.query(sqlText('drop index by_tenant'));
      const problem = "public.Posts has no index that begins with its tenant column TenantId: every statement would read all tenants' rows";
      const { code, out } = await world.run('policy verify --shard a');
      expect({ code, problems: out.split('\n').slice(1, -1) }).toEqual({ code: 2, problems: [`  ${problem}.`] });
      expect(itemsOf((await world.run('policy verify --shard a --json')).out)).toMatchObject([
        {
          sound: false,
          different: [],
          findings: [],
          unfit: [
            {
              code: 'no-index',
              severity: 'refused',
              object: 'public.Posts',
              remedy: expect.stringMatching(/^create index on \S+ \("TenantId"\)$/) as string,
            },
          ],
        },
      ]);
      const { rows } = await catalog.query<{ problems: unknown }>(sqlText('select problems from tenantry.policy_verdict'));
      expect(JSON.stringify(rows)).toContain('public.Posts has no index');
      expect((await world.run('policy apply --shard a')).err).toContain(problem);
      const procedures = { close_all: { returns: 'nothing' } };
      await writeFile(join(world.folder, 'procedures.json'), configuration({ procedures }));
      const verified = await world.run('policy verify --shard a --json --config procedures.json');
      expect(
        itemsOf<{ unfit: { code: string; object: string }[] }>(verified.out)[0]?.unfit.map(({ code: what, object }) => `${what} ${object}`),
      ).toEqual(['no-index public.Posts', 'missing-procedure public.close_all']);
    } finally {
      await shard.query(sqlText('drop index if exists by_tenant; alter table "Posts" add primary key ("TenantId", "PostId")'));
      await run('policy apply --shard a');
      await run('policy verify --shard a');
    }
  });

  it('says once of a table that is gone that it is, tries nothing on it, and tries the others', async () => {
    const { tried } = itemsOf<{ tried: number }>(await run('policy verify --shard a --json'))[0]!;
    await shard.query(sqlText('alter table "Posts" rename to "Elsewhere"'));
    try {
      await shard.query(sqlText('alter table "Blogs" no force row level security'));
      const { code, out } = await world.run('policy verify --shard a --json');
      const [found] = itemsOf<{ tried: number; different: string[]; unfit: object[]; findings: object[] }>(out);
      expect({ code, found }).toMatchObject({
        code: 2,
        found: { tried: tried / 2, different: ['public.Blogs'], unfit: [{ code: 'missing-table', object: 'public.Posts' }], findings: [] },
      });
    } finally {
      await shard.query(sqlText('alter table "Elsewhere" rename to "Posts"'));
      await run('policy apply --shard a');
    }
  });

  it('is told by the doctor to be of another time where what it found was changed, and accepted, since', async () => {
    await run('policy verify --shard a');
    await shard.query(sqlText('create view "Later" as select 1 as one; grant select on "Later" to tenantry_app'));
    await run('policy apply --shard a');
    try {
      expect(await told()).toMatch(/^warning +shard a: Its protection was tried at .* and held; it was changed since/m);
      await run('policy verify --shard a');
      expect(await told()).toMatch(/^ok +shard a: What protected its tenants then was tried/m);
    } finally {
      await shard.query(sqlText('drop view "Later"'));
      await run('policy apply --shard a');
      await run('policy verify --shard a');
    }
  });

  it('tells what a policy alone does not show: a login that none binds', async () => {
    await shard.query(sqlText(`alter role ${appUser} bypassrls`));
    try {
      const { code, out } = await world.run('policy verify --shard a --json');
      expect(code).toBe(2);
      const [found] = itemsOf<{ sound: boolean; refused: string; different: string[]; findings: object[] }>(out);
      expect(found).toMatchObject({ shard: 'a', sound: false, different: [] });
      expect(found!.refused).toContain('bypasses row-level security');
      expect(found!.findings).toContainEqual({
        table: 'public.Blogs',
        probe: "tenant: select of another tenant's row",
        outcome: 'leaked',
        text: 'reached 1 row',
      });
    } finally {
      await shard.query(sqlText(`alter role ${appUser} nobypassrls`));
    }
  });

  it('keeps a database from becoming a shard on which a table leaks', async () => {
    const place = `c --host ${world.server.host} --port ${world.server.port} --database shop_c`;
    await world.createShardDatabase('shop_c');
    await run(`shard add ${place} --bootstrap`);
    await run('shard remove c --yes');
    await shard.query(sqlText(`alter role ${appUser} bypassrls`));
    try {
      const { code, err } = await world.run(`shard add ${place}`);
      expect(code).toBe(1);
      expect(err).toContain("public.Posts: tenant: delete of another tenant's row reached 1 row");
      expect(await run('shard list')).not.toMatch(/^c /m);
    } finally {
      await shard.query(sqlText(`alter role ${appUser} nobypassrls`));
    }
    await run(`shard add ${place}`);
    await run('shard remove c --yes');
  });

  it('tells what could not be tried apart from what did not hold, and so does the doctor', async () => {
    const untried = /public\.Posts: unproven: sample row: a sample row is refused \(constraint long\)/;
    await shard.query(sqlText('alter table "Posts" add constraint long check (length("Title") > 90)'));
    try {
      const alone = await world.run('policy verify --shard a');
      expect(alone).toMatchObject({
        code: 2,
        out: expect.stringMatching(
          /^shard a: NOT all of it could be tried, what could is as it must be, \d+ statements tried\n  public/,
        ) as string,
      });
      expect(alone.out).toMatch(untried);
      const doctor = await world.run('doctor --json');
      const verdict = itemsOf<{ level: string; text: string }>(doctor.out).filter(({ text }) => text.includes('sample row'));
      expect(verdict).toMatchObject([
        {
          level: 'warning',
          subject: 'shard a',
          text: expect.stringMatching(/ not all of it could be; what could held: public\.Posts/) as string,
        },
      ]);
      await shard.query(sqlText('alter table "Blogs" disable row level security'));
      const both = await world.run('policy verify --shard a');
      expect({ code: both.code, out: both.out }).toMatchObject({
        code: 2,
        out: expect.stringMatching(/^shard a: NOT as it must be, /) as string,
      });
      expect(both.out).toMatch(untried);
      expect(await told()).toMatch(/^problem +shard a: When its protection was tried at .* it did not hold: public\.Blogs/m);
    } finally {
      await shard.query(sqlText('alter table "Posts" drop constraint long; alter table "Blogs" enable row level security'));
      await run('policy apply --shard a');
      await run('policy verify --shard a');
    }
  });

  it('warns when a shard is added of a table on which nothing could be tried', async () => {
    const place = `d --host ${world.server.host} --port ${world.server.port} --database shop_d`;
    const database = await world.createShardDatabase('shop_d');
    await database.query(sqlText('alter table "Posts" add constraint long check (length("Title") > 90)'));
    const refused = 'a sample row is refused (constraint long)';
    const { code, out, err } = await world.run(`shard add ${place} --bootstrap --json`);
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({
      code: 0,
      done: true,
      warnings: [{ code: 'unproven', severity: 'advice', object: 'public.Posts', text: expect.stringContaining(refused) as string }],
    });
    expect(err).toBe('');
    await run('shard remove d --yes');
  });

  it('keeps a change from being committed under which a table leaks, naming table and probe', async () => {
    await shard.query(sqlText(`alter table "Blogs" no force row level security; alter role ${appUser} bypassrls`));
    try {
      const { code, err } = await world.run('policy apply --shard a');
      expect(code).toBe(1);
      expect(err).toContain("public.Blogs: tenant: select of another tenant's row reached 1 row");
      const { rows } = await shard.query(sqlText(`select relforcerowsecurity as forced from pg_class where relname = 'Blogs'`));
      expect(rows).toEqual([{ forced: false }]);
    } finally {
      await shard.query(sqlText(`alter role ${appUser} nobypassrls`));
    }
    await run('policy apply --shard a');
    await run('policy verify');
  });
});
