import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import type { Procedure } from '../../../src/core/procedure.ts';
import { proceduresSchema } from '../../../src/config/procedures-schema.ts';
import { sql, sqlText } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { postgresPolicyRenderer } from '../../../src/engine/postgres/policy-renderer.ts';
import { ProtectionSweep } from '../../../src/main/policies/protection-sweep.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import type { RouterLimits } from '../../../src/router/limits.ts';
import type { Router } from '../../../src/router/router.ts';
import type { LookOutcome } from '../../../src/router/shard-watch.ts';
import { accepting } from '../../support/accepting.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createTestShard, shardLogins, type TestShard } from '../../support/postgres-shard.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { createShardRouter } from '../../support/shard-router.ts';

const { app } = shardLogins;
const rows = sql`select count(*)::int as n from "Blogs"`;

let server: PostgresServer;
let shard: TestShard;
beforeAll(async () => {
  server = await startPostgres();
  shard = await createTestShard(server, 'watched', { watched: true });
});
afterAll(async () => {
  await shard?.close();
  await server?.stop();
});

/** As the server's superuser. */
const unseenChanges = [
  ['reassign owned by first_owner to second_owner', 'reassign owned by second_owner to first_owner'],
  ['grant second_owner to first_owner', 'revoke second_owner from first_owner'],
  ['alter role first_owner bypassrls', 'alter role first_owner nobypassrls'],
  [`alter role ${shardLogins.superuser.user} createrole`, `alter role ${shardLogins.superuser.user} nocreaterole`],
  [`grant pg_monitor to ${shardLogins.superuser.user}`, `revoke pg_monitor from ${shardLogins.superuser.user}`],
  [`grant tenantry_mover to ${app.user}`, `revoke tenantry_mover from ${app.user}`],
  ['grant pg_read_all_data to tenantry_app', 'revoke pg_read_all_data from tenantry_app'],
  ['alter role tenantry_app createrole', 'alter role tenantry_app nocreaterole'],
  ['alter role tenantry_mover bypassrls', 'alter role tenantry_mover nobypassrls'],
  [`alter role ${app.user} set row_security = off`, `alter role ${app.user} reset row_security`],
  ['grant set on parameter backtrace_functions to tenantry_app', 'revoke set on parameter backtrace_functions from tenantry_app'],
  ['grant temporary on database watched to tenantry_app', 'revoke temporary on database watched from tenantry_app'],
  ['alter event trigger tenantry_dropped disable', 'alter event trigger tenantry_dropped enable always'],
] as const;

const forgedOverride = `update tenantry_watch.gate set override_until = now() + interval '1 day', override_number = 1, override_signature = decode(repeat('00', 32), 'hex')`;
const noOverride = 'update tenantry_watch.gate set override_until = null, override_number = null, override_signature = null';

/** As admin, and as each of them is found before a look when it was taken back. */
const takenBack = [
  [
    'the end of what was accepted',
    `update tenantry_watch.accepted set valid_until = now() + interval '1 day'`,
    'update tenantry_watch.accepted set valid_until = null',
  ],
  ['an override', forgedOverride, noOverride],
  [
    'a change under an override',
    `alter table "Blogs" disable row level security; ${forgedOverride}`,
    `alter table "Blogs" enable row level security; ${noOverride}`,
  ],
] as const;

/** A router whose looks happen when `look` says, and which ends with the block. */
async function watchedRouter({ on = shard, limits = {} }: { on?: TestShard; limits?: Partial<RouterLimits> } = {}) {
  const clock = new FakeClock();
  let heard = Promise.withResolvers<LookOutcome>();
  const { router, addTenant } = createShardRouter(on, createPostgresEngine(), {
    keyType: 'int',
    tables: [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }],
    watching: { clock, ended: (outcome) => heard.resolve(outcome), limits },
  });
  await on.admin.query(sqlText('delete from tenantry.local_mapping; delete from "Blogs"'));
  for (const tenant of [1, 2]) await addTenant(tenant);
  for (const tenant of [1, 2]) await router.query(tenant, sql`insert into "Blogs" ("BlogId", "Name") values (1, 'x')`);
  /** Time goes on, and the next look has begun and ended. */
  const tryToLook = async (afterMs = 1_000): Promise<LookOutcome> => {
    heard = Promise.withResolvers();
    clock.advance(afterMs);
    return heard.promise;
  };
  return {
    router,
    clock,
    tryToLook,
    /** Likewise, until one was answered: a look has a second of the machine's own time, which a busy one may not have for it. */
    look: async (afterMs?: number): Promise<LookOutcome> => {
      let outcome = await tryToLook(afterMs);
      while (outcome === 'unanswered') outcome = await tryToLook(5_000);
      return outcome;
    },
    [Symbol.asyncDispose]: () => router.close(),
  };
}

/** What calls of a tenant come to, one after another on several connections, until it is stopped. */
class Calls {
  /** Each answer, or why there was none. */
  readonly ends: unknown[] = [];
  #stopped = false;
  readonly #running: Promise<unknown>;
  #next = Promise.withResolvers<void>();

  constructor(router: Router) {
    this.#running = Promise.all(Array.from({ length: 3 }, () => this.#go(router)));
  }

  async #go(router: Router): Promise<void> {
    while (!this.#stopped) {
      const end = await router.query(1, rows).then(
        ({ rows: [row] }) => row?.['n'],
        (error: unknown) => error,
      );
      this.ends.push(end);
      this.#next.resolve();
      if (end instanceof Error) await new Promise(setImmediate);
    }
  }

  /** Resolves when the next call has ended. */
  next(): Promise<void> {
    this.#next = Promise.withResolvers();
    return this.#next.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}

const changes: [
  what: string,
  change: (root: SqlDatabase) => Promise<unknown>,
  undo: (root: SqlDatabase) => Promise<unknown>,
  said: string,
][] = [
  [
    'its login may see every row',
    (root) => root.query(sqlText(`alter role ${app.user} bypassrls`)),
    (root) => root.query(sqlText(`alter role ${app.user} nobypassrls`)),
    'bypasses row-level security',
  ],
  [
    'what watches its changes is switched off',
    (root) => root.query(sqlText('alter event trigger tenantry_changed disable')),
    (root) => root.query(sqlText('alter event trigger tenantry_changed enable always')),
    'event trigger tenantry_changed (changed)',
  ],
  [
    'its gate is closed',
    (root) => root.query(sqlText('update tenantry_watch.gate set open = false')),
    (root) => root.query(sqlText('update tenantry_watch.gate set open = true')),
    'its gate is closed',
  ],
  [
    'it is overridden by nobody who could sign it',
    (root) => root.query(sqlText(forgedOverride)),
    (root) => root.query(sqlText(noOverride)),
    'overridden by nobody who has a key of the fleet',
  ],
];

describe('A shard in use', () => {
  it.each(changes)('is asked nothing more from the next look on where %s, until that is taken back', async (_what, change, undo, said) => {
    await using watched = await watchedRouter();
    const { router, look } = watched;
    expect(await look()).toBe('checked');
    const calls = new Calls(router);
    await calls.next();
    await change(shard.root);
    await calls.next();
    expect(await look()).toBe('unfit');
    const { length } = calls.ends;
    for (let time = 0; time < 5; time += 1) await calls.next();
    const later = calls.ends.slice(length);
    expect(new Set(later.map((end) => (end as { code?: string }).code))).toEqual(new Set(['SHARD_UNVERIFIED']));
    expect((later.at(-1) as Error).message).toContain(said);
    await undo(shard.root);
    expect(await look()).toBe('changed');
    await calls.stop();
    expect(await router.query(1, rows)).toMatchObject({ rows: [{ n: 1 }] });
    expect(await look()).toBe('same');
  });

  it('has no transaction go on that was inside when it was seen', async () => {
    await using watched = await watchedRouter();
    const { router, look } = watched;
    expect(await look()).toBe('checked');
    const seen = Promise.withResolvers<unknown>();
    const inside = router.withTenant(1, async (session) => {
      expect((await session.query(rows)).rows).toEqual([{ n: 1 }]);
      await shard.root.query(sqlText(`alter role ${app.user} bypassrls`));
      seen.resolve(await look());
      return (await session.query(rows)).rows;
    });
    await expect(inside).rejects.toMatchObject({ code: expect.stringMatching(/SHARD_UNAVAILABLE|SHARD_UNVERIFIED/) });
    expect(await seen.promise).toBe('unfit');
    await shard.root.query(sqlText(`alter role ${app.user} nobypassrls`));
    expect(await look()).toBe('changed');
  });

  it('is told of by another word for each change that no event trigger sees, and by the same one once that is undone', async () => {
    const eye = createPostgresEngine().open(shard.address, app, { connections: 1 });
    const word = async (): Promise<unknown> => (await eye.run('policy/watch')).rows[0]?.['state'];
    await shard.root.query(
      sqlText(
        `create role first_owner; create role second_owner; create view public.owned as select 1 as one; alter view public.owned owner to first_owner`,
      ),
    );
    try {
      const first = await word();
      for (const [change, undo] of unseenChanges) {
        await shard.root.query(sqlText(change));
        expect(await word(), change).not.toBe(first);
        await shard.root.query(sqlText(undo));
        expect(await word(), undo).toBe(first);
      }
    } finally {
      await shard.root.query(sqlText('drop view public.owned; drop role first_owner; drop role second_owner'));
      await eye.close();
    }
  });

  it.each(takenBack)('is told of by another word for %s, also once it was taken back', async (_what, change, undo) => {
    const eye = createPostgresEngine().open(shard.address, app, { connections: 1 });
    const word = async (): Promise<unknown> => (await eye.run('policy/watch')).rows[0]?.['state'];
    try {
      const first = await word();
      await shard.admin.query(sqlText(change));
      const changed = await word();
      await shard.admin.query(sqlText(undo));
      expect(new Set([first, changed, await word()]).size).toBe(3);
    } finally {
      await eye.close();
    }
  });

  it('is looked at no more than once at a time while it stands still, and its calls are as before', async () => {
    await using watched = await watchedRouter();
    const { router, look, tryToLook } = watched;
    expect(await look()).toBe('checked');
    server.freeze();
    const unanswered = tryToLook().finally(() => server.thaw());
    expect(await unanswered).toBe('unanswered');
    expect(await router.query(1, rows)).toMatchObject({ rows: [{ n: 1 }] });
  });

  it('has its connections opened anew, and checked, once no look was answered for so long', async () => {
    await using watched = await watchedRouter({ limits: { unwatchedMs: 8_000, idleMs: 600_000 } });
    const { router, clock, look, tryToLook } = watched;
    const pid = async (): Promise<number | undefined> =>
      (await router.query<{ pid: number }>(1, sql`select pg_backend_pid() as pid`)).rows[0]?.pid;
    expect(await look()).toBe('checked');
    const served = await pid();
    await shard.root.query(sqlText(`alter role ${app.user} connection limit 1`));
    await shard.root.query(
      sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${app.user} and pid <> ${served ?? 0}`,
    );
    try {
      expect(await tryToLook()).toBe('unanswered');
      expect(await tryToLook(5_000)).toBe('unanswered');
      expect(await pid()).toBe(served);
    } finally {
      await shard.root.query(sqlText(`alter role ${app.user} connection limit -1`));
    }
    clock.advance(3_000);
    expect(await pid()).not.toBe(served);
  });
});

describe('What is accepted of a shard in use', () => {
  it('has its connections opened anew, so that a procedure by which settings would stay leaves none to the next tenant', async () => {
    await using watched = await watchedRouter({ limits: { idleMs: 600_000, poolPerShard: 1 } });
    const { router, look } = watched;
    const settings = sql`select current_setting('statement_timeout') as timeout, pg_backend_pid() as pid`;
    const seen = async (): Promise<Record<string, unknown> | undefined> => (await router.query(2, settings)).rows[0];
    expect(await look()).toBe('checked');
    const before = await seen();
    await shard.admin.query(
      sqlText(
        `create function public."Leave"() returns void language plpgsql as $$ begin set session statement_timeout = '7777ms'; end $$`,
      ),
    );
    const apply = (procedures: readonly Procedure[]): Promise<unknown> =>
      applyPolicies(
        shard.admin,
        { renderer: postgresPolicyRenderer, ...createPostgresEngine() },
        {
          tables: [{ table: 'Blogs', tenantColumn: 'TenantId' }],
          procedures,
          keyType: 'int',
          accepting: accepting(shard.shardId),
          dryRun: false,
        },
      );
    try {
      await apply(proceduresSchema.parse({ Leave: { returns: 'nothing' } }));
      expect(await look()).toBe('changed');
      await router.query(1, sql`select public."Leave"()`);
      const after = await seen();
      expect(after).toEqual({ timeout: before?.['timeout'], pid: expect.any(Number) as number });
      expect(after?.['pid']).not.toBe(before?.['pid']);
    } finally {
      await apply([]);
      await shard.admin.query(sqlText('drop function public."Leave"()'));
    }
  });
});

describe('A shard whose definitions no trigger watches', () => {
  let unwatched: TestShard;
  beforeAll(async () => {
    unwatched = await createTestShard(server, 'unwatched', { watched: true });
    await unwatched.root.query(
      sqlText('drop event trigger tenantry_changed; drop event trigger tenantry_dropped; drop event trigger tenantry_made'),
    );
    // Its owner has a view already: who owns any is seen by each look.
    await unwatched.root.query(sqlText('create view "One" as select 1 as one; create table "Plain" (n int)'));
    const tables = [{ table: 'Blogs', tenantColumn: 'TenantId' }];
    await applyPolicies(
      unwatched.admin,
      { renderer: postgresPolicyRenderer, ...createPostgresEngine() },
      { tables, procedures: [], keyType: 'int', accepting: accepting(unwatched.shardId), dryRun: false },
    );
  });
  afterAll(() => unwatched?.close());

  it.each([
    [
      'the trigger that judges',
      'alter table tenantry_watch.change_log disable trigger judged',
      'alter table tenantry_watch.change_log enable always trigger judged',
    ],
    [
      'rights to the log of changes',
      'grant delete on tenantry_watch.change_log to public',
      'revoke delete on tenantry_watch.change_log from public',
    ],
    ['rights to the gate', 'grant update on tenantry_watch.gate to tenantry_app', 'revoke update on tenantry_watch.gate from tenantry_app'],
    ['a policy', 'alter policy tenantry_tenant on "Blogs" to public', 'alter policy tenantry_tenant on "Blogs" to tenantry_app'],
    ['row security', 'alter table "Blogs" disable row level security', 'alter table "Blogs" enable row level security'],
    ['row security of owners', 'alter table "Blogs" no force row level security', 'alter table "Blogs" force row level security'],
    [
      'the owner of a table, which REASSIGN OWNED tells no trigger',
      'alter table "Blogs" owner to tenantry_probe',
      'alter table "Blogs" owner to tenantry_admin',
    ],
    [
      'what the login owns, which REASSIGN OWNED tells no trigger',
      `alter table "Plain" owner to ${app.user}`,
      'alter table "Plain" owner to tenantry_admin',
    ],
    [
      'a function of its own',
      'alter function tenantry_watch.judge() security invoker',
      'alter function tenantry_watch.judge() security definer',
    ],
  ])('is another to the next look once %s was changed', async (_what, change, undo) => {
    const eye = createPostgresEngine().open(unwatched.address, app, { connections: 1 });
    const word = async (): Promise<unknown> => (await eye.run('policy/watch')).rows[0]?.['state'];
    try {
      const first = await word();
      expect(await word()).toBe(first);
      await unwatched.root.query(sqlText(change));
      expect(await word()).not.toBe(first);
    } finally {
      await unwatched.root.query(sqlText(undo));
      await eye.close();
    }
  });

  it('is another to the next look once the server runs no triggers', async () => {
    const eye = createPostgresEngine().open(unwatched.address, app, { connections: 1 });
    const word = async (): Promise<unknown> => (await eye.run('policy/watch')).rows[0]?.['state'];
    const reloaded = async (statement: string): Promise<void> => {
      await unwatched.root.query(sqlText(statement));
      await unwatched.root.query(sql`select pg_reload_conf()`);
    };
    try {
      const first = await word();
      await reloaded('alter system set session_replication_role = replica');
      await expect.poll(word).not.toBe(first);
      await reloaded('alter system reset session_replication_role');
      await expect.poll(word).toBe(first);
    } finally {
      await unwatched.root.query(sqlText('alter system reset session_replication_role'));
      await eye.close();
    }
  });

  const leak = sqlText('create view "All" as select * from "Blogs"; grant select on "All" to tenantry_app');
  const mend = sqlText('drop view "All"');
  const everybody = sql`select count(*)::int as n from "All"`;

  it('is compared whole now and then, and serves nobody from then on until what was changed is taken back', async () => {
    await using watched = await watchedRouter({ on: unwatched, limits: { idleMs: 600_000 } });
    const { router, look } = watched;
    expect(await look()).toBe('checked');
    await unwatched.root.query(leak);
    expect(await look()).toBe('same');
    expect(await router.query(1, everybody)).toMatchObject({ rows: [{ n: 2 }] });
    expect(await look(60_000)).toBe('unfit');
    await expect(router.query(1, everybody)).rejects.toMatchObject({
      code: 'SHARD_UNVERIFIED',
      message: expect.stringContaining('view public."All" (added)'),
    });
    expect(await look()).toBe('same');
    await unwatched.root.query(mend);
    expect(await look(5_000)).toBe('changed');
    expect(await router.query(1, rows)).toMatchObject({ rows: [{ n: 1 }] });
  });

  it('is looked at by turns where nobody uses it, and its drift is told, and its end', async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    let heard = Promise.withResolvers<void>();
    const { router } = createShardRouter(unwatched, createPostgresEngine(), {
      keyType: 'int',
      tables: [{ name: 'Blogs', table: 'Blogs', tenantColumn: 'TenantId' }],
      watching: {
        clock,
        ended: (outcome) => {
          told.push(outcome);
          heard.resolve();
        },
      },
    });
    const lookAfter = async (ms: number): Promise<void> => {
      heard = Promise.withResolvers();
      clock.advance(ms);
      // What has its first look now.
      clock.advance(0);
      await heard.promise;
    };
    const sweep = new ProtectionSweep({
      shards: [unwatched.shardId],
      listShards: () => Promise.reject(new Error('The catalog is away.')),
      examine: (shardId) => router.examine(shardId),
      clock,
      random: () => 0,
      everyMs: 60_000,
    });
    try {
      sweep.start();
      await lookAfter(60_000);
      clock.advance(1_000);
      await unwatched.root.query(leak);
      clock.advance(58_000);
      expect(told).toEqual(['checked']);
      await lookAfter(1_000);
      await unwatched.root.query(mend);
      await lookAfter(5_000);
      expect(told).toEqual(['checked', 'unfit', 'changed']);
    } finally {
      sweep.stop();
      await router.close();
    }
  });
});
