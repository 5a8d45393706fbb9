import pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { sql } from '../../../src/core/sql.ts';
import { applyPolicies, type PolicyRequest } from '../../../src/policy/apply.ts';
import type { PlannedChange, PolicyResult } from '../../../src/policy/model.ts';
import { createTestShard } from '../../support/postgres-shard.ts';
import { blogs, postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';
import { doingAround } from '../../support/doing-around.ts';
import { shardLogins } from '../../support/shard-logins.ts';
import { accepting } from '../../support/accepting.ts';

const shard = usePolicyShard();

/** Its time stands still: what a busy machine takes for a statement is no wait for a lock, which the server alone tells then. */
const still: Clock = { ...systemClock, now: () => 0 };

describe('policy apply, while tenants use a table', () => {
  const posts = { table: 'Posts', tenantColumn: 'TenantId' };
  let user: pg.Client;

  beforeEach(async () => {
    await shard.renew();
    await shard.asAdmin('create table "Posts" ("TenantId" integer not null, "PostId" integer, primary key ("TenantId", "PostId"))');
    await shard.asAdmin('alter table "Blogs" disable row level security');
    user = new pg.Client({
      host: shard.server.host,
      port: shard.server.port,
      user: shard.server.user,
      password: shard.server.password,
      database: shard.database.address.database,
    });
    await user.connect();
    await user.query('begin');
    await user.query('select from "Posts"');
    return async () => await user.end();
  });

  const applyIn = (withinMs: number, clock: Clock = systemClock): Promise<PolicyResult> =>
    applyPolicies(shard.database.admin, postgresPolicies, {
      tables: [blogs, posts],
      procedures: [],
      accepting: accepting(shard.database.shardId),
      keyType: 'int',
      dryRun: false,
      withinMs,
      clock,
    });
  const changedTables = ({ changes }: PolicyResult): ReadonlySet<string> =>
    new Set(changes.filter(({ kind }) => kind !== 'accept').flatMap(({ object }) => object ?? []));
  const waiting = async (): Promise<string[]> =>
    (await user.query<{ name: string }>('select relation::regclass::text as name from pg_locks where not granted')).rows.map(
      ({ name }) => name,
    );

  it('says which table is in use where it stays so, and has changed none', async () => {
    await expect(applyIn(0, still)).rejects.toMatchObject({
      code: 'TIMEOUT',
      detail: expect.stringMatching(/^public\.Posts is in use and could not be changed: .* Nothing was changed; run it again\.$/) as string,
    });
    await user.query('rollback');
    expect(changedTables(await shard.apply([blogs, posts], { dryRun: true }))).toEqual(new Set(['public.Blogs', 'public.Posts']));
  });

  it('tries again when a table was in use, and keeps nobody from another one while it waits for that', async () => {
    const paused = Promise.withResolvers<void>();
    const clock: Clock = {
      ...systemClock,
      after: (ms, callback) => {
        paused.resolve();
        return systemClock.after(Math.min(ms, 1), callback);
      },
    };
    const applying = applyIn(60_000, clock);
    await paused.promise;
    await expect.poll(waiting, { interval: 5 }).toEqual(['"Posts"']);
    await user.query(`set local lock_timeout = '100ms'`);
    await user.query('select from "Blogs"');
    await user.query('rollback');
    expect(changedTables(await applying)).toEqual(new Set(['public.Blogs', 'public.Posts']));
  });

  it('tries no more once it is told to stop', async () => {
    const stop = new AbortController();
    const clock: Clock = {
      ...systemClock,
      after: (ms, callback) => {
        stop.abort();
        return systemClock.after(Math.min(ms, 1), callback);
      },
    };
    const request = {
      tables: [blogs, posts],
      procedures: [],
      keyType: 'int',
      accepting: accepting(shard.database.shardId),
      dryRun: false,
      stop: stop.signal,
      clock,
    } as const;
    const applying = applyPolicies(shard.database.admin, postgresPolicies, request);
    await expect(applying).rejects.toMatchObject({ code: 'TIMEOUT', detail: expect.stringContaining('Nothing was changed') as string });
  });

  it('waits for nobody where only rights are to be changed', async () => {
    await user.query('rollback');
    await shard.apply([blogs, posts]);
    await user.query('begin');
    await user.query('select from "Posts"');
    await shard.asAdmin('grant truncate on "Posts" to tenantry_app');
    const { changes } = await applyIn(0, still);
    expect(changes.filter(({ kind }) => kind === 'set').map(({ item }) => item)).toEqual(['rights of tenantry_app']);
  });
});

describe('policy apply, while others change what protects the shard', () => {
  let reader: pg.Client;
  let other: pg.Client;

  beforeAll(() => shard.renew());

  beforeEach(async () => {
    await shard.asAdmin('drop view if exists leak, shown; drop table if exists "Posts"');
    await apply();
    await shard.asAdmin('alter table "Blogs" no force row level security');
    reader = await client(shard.server.user, shard.server.password);
    other = await client(shardLogins.admin.user, shardLogins.admin.password);
    return async () => {
      await reader.end();
      await other.end();
    };
  });

  const client = async (user: string, password: string): Promise<pg.Client> => {
    const { host, port } = shard.server;
    const { database } = shard.database.address;
    const made = new pg.Client({ host, port, user, password, database });
    await made.connect();
    return made;
  };
  const request = (planned?: PlannedChange): PolicyRequest => ({
    tables: [blogs],
    procedures: [],
    accepting: accepting(shard.database.shardId),
    keyType: 'int',
    dryRun: false,
    planned,
  });
  const apply = (planned?: PlannedChange): Promise<PolicyResult> => applyPolicies(shard.database.admin, postgresPolicies, request(planned));
  /** Commits as soon as the change, which has compared, waits for Blogs. */
  const committing = async (statements: string, applying: () => Promise<PolicyResult>): Promise<PromiseSettledResult<PolicyResult>> => {
    await reader.query('begin');
    await reader.query('select from "Blogs"');
    await other.query('begin');
    await other.query(statements);
    const result = Promise.allSettled([applying()]);
    await expect
      .poll(async () => (await reader.query('select from pg_locks where relation is not null and not granted')).rowCount, { interval: 2 })
      .toBe(1);
    await other.query('commit');
    await reader.query('commit');
    return (await result)[0];
  };
  const view = 'create view shown with (security_invoker = true) as select * from "Blogs"; grant select on shown to tenantry_app';
  const isForced = async (): Promise<unknown> =>
    (await reader.query<{ forced: boolean }>('select relforcerowsecurity as forced from pg_class where oid = $1::regclass', ['"Blogs"']))
      .rows[0]?.forced;
  const accepted = async (object: string): Promise<boolean> =>
    (await reader.query('select from tenantry_watch.accepted_item where object = $1', [object])).rows.length > 0;

  it.each([
    ['a view', view, 'view public.shown'],
    [
      'a trigger on the table',
      'create function f() returns trigger language plpgsql as $$begin return new; end$$; create trigger t before insert on "Blogs" for each row execute function f()',
      'trigger public."Blogs" t',
    ],
    ['rights on the table', 'grant select on "Blogs" to /* the server’s */', 'rights public."Blogs"'],
  ])('accepts %s that came after its look only by listing it', async (_, made, object) => {
    const statements = made.replace('/* the server’s */', shard.server.user);
    const settled = await committing(statements, () => apply());
    expect(settled).toMatchObject({ status: 'fulfilled' });
    const { value } = settled as PromiseFulfilledResult<PolicyResult>;
    expect(value.changes.filter(({ kind }) => kind === 'accept').map(({ item }) => item)).toContain(object);
    expect(await accepted(object.slice(object.indexOf(' ') + 1))).toBe(true);
  });

  it('refuses a leak that came after its look, and changes nothing', async () => {
    const leak = 'create view leak as select * from "Blogs"; grant select on leak to tenantry_app';
    expect(await committing(leak, () => apply())).toMatchObject({
      reason: { code: 'CONFLICT', detail: expect.stringContaining('- public.leak is a view over routed tables') as string },
    });
    expect(await accepted('public.leak')).toBe(false);
    expect(await isForced()).toBe(false);
  });

  it('refuses a plan with what came after its look, and changes nothing', async () => {
    const planned = await applyPolicies(shard.database.admin, postgresPolicies, { ...request(), dryRun: true });
    expect(await committing(view, () => apply(planned))).toMatchObject({ reason: { code: 'CONFLICT' } });
    expect(await accepted('public.shown')).toBe(false);
    expect(await isForced()).toBe(false);
  });

  it('accepts what comes into reach with a table, at once', async () => {
    await shard.asAdmin('alter table "Blogs" force row level security');
    await shard.asAdmin(
      `create function stamp() returns text language sql as $$select 'x'$$; revoke execute on function stamp() from public; create table "Posts" ("TenantId" integer not null, "PostId" integer, "Stamp" text default stamp(), primary key ("TenantId", "PostId"))`,
    );
    const posts = { table: 'Posts', tenantColumn: 'TenantId' };
    await applyPolicies(shard.database.admin, postgresPolicies, { ...request(), tables: [blogs, posts], withinMs: 0, clock: still });
    expect(await accepted('public.stamp()')).toBe(true);
  });

  describe('and one of them judges it', () => {
    beforeEach(async () => {
      await other.query('begin');
      // What the judge of a change takes.
      await other.query('select pg_advisory_xact_lock(1413828161, -1)');
    });

    it('names what was in use where it stays so, and has changed nothing', async () => {
      await expect(applyPolicies(shard.database.admin, postgresPolicies, { ...request(), withinMs: 0 })).rejects.toMatchObject({
        code: 'TIMEOUT',
        detail: expect.stringMatching(
          /^The gate of the shard is in use and could not be changed: .* Nothing was changed; run it again\.$/,
        ) as string,
      });
      expect(await isForced()).toBe(false);
    });

    it('tries again, and has waited no longer than half a second, whatever its tables took', async () => {
      const clock: Clock = {
        ...systemClock,
        after: (ms, callback) => {
          void other.query('commit');
          return systemClock.after(Math.min(ms, 1), callback);
        },
      };
      const waits: string[] = [];
      const looking = doingAround(shard.database.admin, (session) => ({
        async behind(file) {
          if (file !== 'policy/hold-gate') return;
          const { rows } = await session.query<{ wait: string }>(sql`select current_setting('lock_timeout') as wait`);
          waits.push(...rows.map(({ wait }) => wait));
        },
      }));
      const { changes } = await applyPolicies(looking, postgresPolicies, { ...request(), clock });
      expect(changes.filter(({ kind }) => kind === 'set').map(({ item }) => item)).toEqual(['row security']);
      expect(waits).toEqual(['500ms']);
    });
  });

  it('is no reason for a look at what is accepted that takes longer than a statement may: it is said as it is, and not tried again', async () => {
    const pauses: number[] = [];
    const clock: Clock = { ...still, after: (ms, callback) => (pauses.push(ms), systemClock.after(0, callback)) };
    const slow = doingAround(shard.database.admin, (session) => ({
      behind: async (file) => file === 'policy/hold-gate' && (await session.query(sql`set local statement_timeout = 1`)),
    }));
    await expect(applyPolicies(slow, postgresPolicies, { ...request(), withinMs: 500, clock })).rejects.toMatchObject({
      code: 'TIMEOUT',
      detail: expect.not.stringContaining('in use') as string,
      cause: { sqlState: '57014' },
    });
    expect(pauses).toEqual([]);
    expect((await reader.query('select relforcerowsecurity as forced from pg_class where oid = $1::regclass', ['"Blogs"'])).rows).toEqual([
      { forced: false },
    ]);
  });

  it('says so where others change something each time, and has changed nothing', async () => {
    let made = 0;
    const changing = doingAround(shard.database.admin, () => {
      let looks = 0;
      return {
        async before(file) {
          if (file !== 'policy/fingerprint' || ++looks !== 2) return;
          made += 1;
          await other.query(`create view leak_${made} as select 1 as one; grant select on leak_${made} to tenantry_app`);
        },
      };
    });
    await expect(applyPolicies(changing, postgresPolicies, { ...request(), withinMs: 0, clock: still })).rejects.toMatchObject({
      code: 'CONFLICT',
      detail: 'Others changed what protects the shard while it was compared and set. Nothing was changed; run it again.',
    });
    expect(made).toBe(2);
    expect(await accepted('public.leak_1')).toBe(false);
  });

  it('has them wait from the third try on, where they define something each time', async () => {
    const watched = await createTestShard(shard.server, 'watched', { watched: true });
    onTestFinished(() => watched.close());
    const ofWatched: PolicyRequest = { ...request(), accepting: accepting(watched.shardId) };
    await applyPolicies(watched.admin, postgresPolicies, ofWatched);
    await watched.root.query(sql`alter table "Blogs" no force row level security`);
    const { host, port } = shard.server;
    const { user, password } = shardLogins.admin;
    const definer = new pg.Client({ host, port, user, password, database: watched.address.database, lock_timeout: 100 });
    await definer.connect();
    onTestFinished(() => definer.end());
    const made: string[] = [];
    const changing = doingAround(watched.admin, () => {
      let isLater = false;
      return {
        async behind(file) {
          if (file !== 'policy/noted-by-others' || isLater) return;
          isLater = true;
          const outcome = definer.query(`create table staging_${made.length} ()`).then(
            () => 'committed',
            (error: unknown) => (error as pg.DatabaseError).code ?? '',
          );
          made.push(await outcome);
        },
      };
    });
    const clock: Clock = { ...still, after: (ms, callback) => systemClock.after(Math.min(ms, 1), callback) };
    const { changes } = await applyPolicies(changing, postgresPolicies, { ...ofWatched, clock });
    expect(changes.filter(({ kind }) => kind === 'set').map(({ item }) => item)).toEqual(['row security']);
    expect(made).toEqual(['committed', 'committed', '55P03']);
  });
});
