import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { postgresRehearsals } from '../../../src/engine/postgres/rehearsal.ts';
import { rehearse, rehearseWithin, type Stage } from '../../../src/policy/probes/rehearse.ts';
import { mayStand } from '../../support/grounds/words.ts';
import { usePolicyShard } from '../../support/policy-shard.ts';
import { shardLogins } from '../../support/shard-logins.ts';
import { usersOf } from '../../support/users-of.ts';

const shard = usePolicyShard();
const engine = { rehearsals: postgresRehearsals };
const request = { users: usersOf(shardLogins), keyType: 'int' } as const;
const names = sql`select "Name" from "Blogs" order by "Name"`;
const who = sql`select current_user::text as "user", tenantry.current_tenant() as "tenant", tenantry.context_value('user') as "value"`;

function play<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  return rehearse(shard.database.admin, engine, request, work);
}

async function withRows(stage: Stage): Promise<void> {
  const { a, b } = stage.tenants;
  await stage.session.query(
    sql`insert into "Blogs" ("TenantId", "BlogId", "Name") values (${Number(a.text)}, 1, 'of a'), (${Number(b.text)}, 1, 'of b')`,
  );
}

describe('a rehearsal', () => {
  beforeAll(() => shard.renew());

  it('runs each statement with the rights, policies, tenant and values of its caller', async () => {
    const seen = await play(async (stage) => {
      await withRows(stage);
      return [
        await stage.attempt({ principal: 'app', tenant: 'a' }, names),
        await stage.attempt({ principal: 'app', tenant: 'b' }, names),
        await stage.attempt({ principal: 'app' }, names),
        await stage.attempt({ principal: 'superuser' }, names),
        await stage.attempt({ principal: 'superuser' }, sql`delete from "Blogs"`),
        await stage.attempt({ principal: 'mover' }, sql`delete from "Blogs"`),
        await stage.attempt({ principal: 'admin' }, sql`update "Blogs" set "Name" = 'x'`),
        await stage.attempt({ principal: 'app', tenant: 'a', contextValues: '{"user":"o\'ann\\\\"}' }, who),
        await stage.attempt({ principal: 'app' }, who),
      ];
    });
    expect(seen).toMatchObject([
      { outcome: 'done', rows: [{ Name: 'of a' }], rowCount: 1 },
      { outcome: 'done', rows: [{ Name: 'of b' }] },
      { outcome: 'done', rows: [] },
      { outcome: 'done', rows: [{ Name: 'of a' }, { Name: 'of b' }] },
      { outcome: 'refused', error: { code: 'FORBIDDEN' } },
      { outcome: 'done', rowCount: 2 },
      { outcome: 'done', rowCount: 2 },
      { outcome: 'done', rows: [{ user: 'shop_app', tenant: 2_147_480_001, value: "o'ann\\" }] },
      { outcome: 'done', rows: [{ user: 'shop_app', tenant: null, value: null }] },
    ]);
  });

  it('undoes what each statement did, refused or not, and is admin again in between', async () => {
    await play(async (stage) => {
      await withRows(stage);
      expect(await stage.attempt({ principal: 'app', tenant: 'a' }, sql`delete from "Blogs"`)).toMatchObject({ rowCount: 1 });
      expect(await stage.attempt({ principal: 'app', tenant: 'a' }, sql`select 1 / 0`)).toMatchObject({
        outcome: 'refused',
        error: { code: 'STATEMENT_FAILED' },
      });
      expect((await stage.session.query(sql`select current_user::text as "user", count(*)::int as "rows" from "Blogs"`)).rows).toEqual([
        { user: 'tenantry_admin', rows: 2 },
      ]);
    });
  });

  it('tries many as it tries each: by its own caller, undone, and whatever became of those before it', async () => {
    const attempts = [
      { as: { principal: 'app', tenant: 'a' }, statement: names },
      { as: { principal: 'app', tenant: 'a' }, statement: sql`delete from "Blogs"` },
      { as: { principal: 'app' }, statement: sql`select 1 / 0` },
      { as: { principal: 'app' }, statement: sql`delete from "Nowhere"` },
      { as: { principal: 'superuser' }, statement: names },
      { as: { principal: 'superuser' }, statement: sql`delete from "Blogs"` },
      { as: { principal: 'admin' }, statement: sql`select "Name" from "Blogs" where "Name" <> ';'` },
    ] as const;
    const expected = [1, 1, 'STATEMENT_FAILED', 'STATEMENT_FAILED', 2, 'FORBIDDEN', 2];
    const many = Array.from({ length: 30 }).flatMap(() => attempts);
    await play(async (stage) => {
      await withRows(stage);
      const outcomes = await stage.attemptAll(many);
      expect(outcomes.map((each) => (each.outcome === 'done' ? each.rowCount : each.error.code))).toEqual(
        many.map((_, n) => expected[n % 7]),
      );
      expect((await stage.session.query(sql`select current_user::text as "user", count(*)::int as "rows" from "Blogs"`)).rows).toEqual([
        { user: 'tenantry_admin', rows: 2 },
      ]);
    });
  });

  it('sends nothing behind a statement that may end the transaction before it has been looked at', async () => {
    const ending = play(async (stage) => {
      await withRows(stage);
      const last = { as: { principal: 'admin' }, statement: sql`delete from "Blogs"` } as const;
      await shard.asRoot(`insert into "Blogs" ("TenantId", "BlogId", "Name") values (7, 7, 'live')`);
      await stage.attemptAll([{ as: { principal: 'admin' }, statement: sqlText('select 1; commit') }, last, last]);
    });
    await expect(ending).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    expect((await shard.database.root.query(sql`select "Name" from "Blogs" where "TenantId" = 7`)).rows).toEqual([{ Name: 'live' }]);
    await shard.asRoot('delete from "Blogs"');
  });

  it('is over within its time, however many statements are on their way that wait for a lock', async () => {
    await shard.database.root.transaction(async (session) => {
      await session.query(mayStand);
      await session.query(sql`lock table "Blogs" in access exclusive mode`);
      const tried = shard.database.admin.transaction((own) =>
        rehearseWithin(own, engine, { ...request, bounds: { withinMs: 1_000, lockMs: 900 } }, (stage) =>
          stage.attemptAll(Array.from({ length: 32 }, () => ({ as: { principal: 'app' }, statement: names }))),
        ),
      );
      const begunAt = systemClock.now();
      await expect(tried).rejects.toMatchObject({ code: 'TIMEOUT' });
      expect(systemClock.now() - begunAt).toBeLessThan(20_000);
    });
  });

  it('leaves nothing in the database, whether it went well or failed', async () => {
    const failing = play(async (stage) => {
      await withRows(stage);
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    await play(withRows);
    const { rows } = await shard.database.root.query(
      sql`select (select count(*) from "Blogs")::int as "rows", (select count(*) from tenantry.local_mapping)::int as "mappings"`,
    );
    expect(rows).toEqual([{ rows: 0, mappings: 0 }]);
  });

  it('leaves a transaction that goes on as it was before', async () => {
    const rows = await shard.database.admin.transaction(async (session) => {
      await rehearseWithin(session, engine, request, withRows);
      return (await session.query(sql`select (select count(*) from "Blogs")::int as "rows", current_user::text as "user"`)).rows;
    });
    expect(rows).toEqual([{ rows: 0, user: 'tenantry_admin' }]);
  });

  it('gives back the advisory locks of its session that something in it has taken', async () => {
    const locks = await shard.database.admin.transaction(async (session) => {
      await rehearseWithin(session, engine, request, (stage) => stage.attempt({ principal: 'admin' }, sql`select pg_advisory_lock(4711)`));
      return (await session.query(sql`select from pg_locks where locktype = 'advisory' and objid = 4711`)).rowCount;
    });
    expect(locks).toBe(0);
  });

  it('refuses a statement that controls the transaction', async () => {
    const refused = await play((stage) => stage.attempt({ principal: 'app', tenant: 'a' }, sql`commit`));
    expect(refused).toMatchObject({ outcome: 'refused', error: { code: 'TRANSACTION_CONTROL' } });
  });

  it('is never committed, whatever stands behind a statement', async () => {
    const committing = play(async (stage) => {
      await withRows(stage);
      await stage.attempt({ principal: 'app', tenant: 'a' }, sqlText('select 1; commit'));
    });
    await expect(committing).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    expect((await shard.database.root.query(sql`select "Name" from "Blogs"`)).rows).toEqual([]);
  });

  it('says what to run where the server was provisioned without the rights for it', async () => {
    await shard.asRoot('revoke shop_mover from tenantry_probe');
    await expect(play(withRows)).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      detail: expect.stringContaining('grant tenantry_probe to tenantry_admin; grant shop_mover to tenantry_probe;') as string,
    });
    await shard.asRoot('grant shop_mover to tenantry_probe');
    await play(withRows);
  });
});

describe('what admin may for rehearsals', () => {
  it('gives it none of the rights of the other logins, nor them any of its own', async () => {
    const { rows } = await shard.database.root.query(sql`
      select r.rolname::text as "role", g.rolname::text as "of", pg_has_role(r.oid, g.oid, 'usage') as "inherits", pg_has_role(r.oid, g.oid, 'member') as "member"
        from pg_catalog.pg_roles r, pg_catalog.pg_roles g
       where (r.rolname in ('shop_admin', 'tenantry_admin') and g.rolname in ('shop_app', 'tenantry_app', 'shop_mover', 'shop_reports'))
          or (r.rolname in ('shop_app', 'shop_mover', 'shop_reports') and g.rolname in ('tenantry_probe', 'tenantry_admin', 'shop_admin'))
       order by 1, 2`);
    expect(rows.filter(({ inherits }) => inherits)).toEqual([]);
    const members = rows.filter(({ member }) => member).map(({ role }) => role);
    expect([...new Set(members)]).toEqual(['shop_admin', 'tenantry_admin']);
  });
});
