import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CapabilitySettings } from '../../../src/core/capability-settings.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { sql } from '../../../src/core/sql.ts';
import type { TenantSession } from '../../../src/router/router.ts';
import { holdRows, type HeldRows } from '../../support/held-rows.ts';
import { type ShardFleet, startShardFleet } from '../../support/shard-fleet.ts';

const whoAmI = sql`select tenantry.current_tenant() as tenant, current_database() as shard`;
const insert = (id: number) => sql`insert into "Blogs" ("BlogId", "Name") values (${id}, 'Ann')`;
const rename = sql`update "Blogs" set "Name" = 'Eve'`;
const count = sql`select count(*)::int as blogs from "Blogs"`;

let fleet: ShardFleet;
beforeAll(async () => {
  fleet = await startShardFleet();
});
afterAll(() => fleet.stop());

/** Locks all blogs of shard a until they are released, and at the latest until the test ends. */
async function holdBlogs(): Promise<HeldRows> {
  const client = new pg.Client({ connectionString: fleet.a.server.url('a') });
  await client.connect();
  onTestFinished(() => client.end());
  return holdRows(client, 'select from "Blogs" for update');
}

/** Process ids of the backends of a shard that serve `app`; earlier tests have left some, which end when they will. */
async function backends(): Promise<unknown[]> {
  const { rows } = await fleet.a.shard.root.query(sql`select pid from pg_stat_activity where usename = 'shop_app'`);
  return rows.map(({ pid }) => pid);
}

describe('a router over real shards', () => {
  it('opens nothing before it is used, and takes each tenant to its shard', async () => {
    const router = fleet.router();
    await fleet.addTenant(1, fleet.a);
    await fleet.addTenant(2, fleet.b);
    expect(router.events).toEqual([]);
    expect((await router.query(1, whoAmI)).rows).toEqual([{ tenant: 1, shard: 'a' }]);
    expect((await router.query(2, whoAmI, { readOnly: true })).rows).toEqual([{ tenant: 2, shard: 'b' }]);
    await expect(router.query(3, whoAmI)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(router.events).toEqual(['opened', 'opened']);
  });

  it('takes what a call brings besides its tenant along, and to nobody else', async () => {
    const router = fleet.router({ poolPerShard: 1 });
    await fleet.addTenant(3, fleet.a);
    const brought = sql`select tenantry.context_value('userId') as user, tenantry.context_list('roles') as roles`;
    const ann = { user: 'ann', roles: ['admin'] };
    const nobody = { user: null, roles: [] };
    expect((await router.query(3, brought, { userId: 'ann', context: { roles: ['admin'] } })).rows).toEqual([ann]);
    expect((await router.query(3, brought)).rows).toEqual([nobody]);
    const options = { context: { userId: 'ann', roles: ['admin'] }, isolation: 'repeatable read' } as const;
    expect((await router.withTenant(3, options, (session) => session.query(brought))).rows).toEqual([ann]);
    expect((await router.withTenant(3, (session) => session.query(brought))).rows).toEqual([nobody]);
    const twice = { userId: 'ann', context: { userId: 'eve' } };
    for (const wrong of [twice, { context: { user: 'ann' } }, { userId: 7 }]) {
      await expect(router.query(3, brought, wrong)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      await expect(router.withTenant(3, wrong, (session) => session.query(brought))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    }
  });

  it('goes on after a move without the catalog, and the caller sees nothing of it', async () => {
    const router = fleet.router();
    await fleet.addTenant(10, fleet.a);
    await router.query(10, whoAmI);
    await fleet.move(10, fleet.a, fleet.b);
    fleet.catalogAway = true;
    try {
      expect((await router.query(10, whoAmI)).rows).toEqual([{ tenant: 10, shard: 'b' }]);
      expect((await router.withTenant(10, (session) => session.query(whoAmI))).rows).toEqual([{ tenant: 10, shard: 'b' }]);
    } finally {
      fleet.catalogAway = false;
    }
    expect(router.events).toContain('refused MOVED');
  });

  it('takes what a call brings along to where it is repeated', async () => {
    const router = fleet.router();
    const user = sql`select tenantry.context_value('userId') as user, current_database() as shard`;
    await fleet.addTenant(12, fleet.a);
    await router.query(12, user);
    await fleet.move(12, fleet.a, fleet.b);
    expect((await router.query(12, user, { userId: 'ann' })).rows).toEqual([{ user: 'ann', shard: 'b' }]);
    await fleet.move(12, fleet.b, fleet.a);
    expect((await router.withTenant(12, { userId: 'eve' }, (session) => session.query(user))).rows).toEqual([{ user: 'eve', shard: 'a' }]);
    expect(router.events.filter((event) => event.startsWith('refused'))).toEqual(['refused MOVED', 'refused MOVED']);
  });

  it('looks up anew where the tombstone is gone, or the epoch was raised', async () => {
    const router = fleet.router();
    await fleet.addTenant(11, fleet.a);
    await router.query(11, whoAmI);
    await fleet.move(11, fleet.a, fleet.b);
    await fleet.a.shard.admin.query(sql`delete from tenantry.local_mapping where mapping_id = 11`);
    expect((await router.query(11, whoAmI)).rows).toEqual([{ tenant: 11, shard: 'b' }]);
    await fleet.move(11, fleet.b, fleet.b);
    expect((await router.query(11, whoAmI)).rows).toEqual([{ tenant: 11, shard: 'b' }]);
    expect(router.events.filter((event) => event.startsWith('refused'))).toEqual(['refused UNKNOWN_MAPPING', 'refused STALE_EPOCH']);
  });

  it('lets no tenant close a shard to its neighbours by having the server end its own connections', async (context) => {
    const { rows } = await fleet.a.shard.root.query(sql`select 1 from pg_settings where name = 'transaction_timeout'`);
    if (rows.length === 0) context.skip('PostgreSQL has transaction_timeout from 17 on');
    const router = fleet.router();
    await fleet.addTenant(13, fleet.a);
    await fleet.addTenant(14, fleet.a);
    const suicide = async (): Promise<void> =>
      router.withTenant(13, async (session) => {
        await session.query(sql`set local transaction_timeout = 500`);
        await session.query(sql`select pg_sleep(5)`);
      });
    const ends = await Promise.allSettled(Array.from({ length: 8 }, suicide));
    expect(ends).toEqual(Array.from({ length: 8 }, () => ({ status: 'rejected', reason: expect.objectContaining({ code: 'TIMEOUT' }) })));
    expect((await router.query(14, whoAmI)).rows).toEqual([{ tenant: 14, shard: 'a' }]);
    expect(router.events.filter((event) => event.startsWith('breaker'))).toEqual([]);
  });

  it('nor by having it end them between statements', async () => {
    const router = fleet.router();
    await fleet.addTenant(16, fleet.a);
    await fleet.addTenant(17, fleet.a);
    const { root } = fleet.a.shard;
    const suicide = async (): Promise<void> =>
      router.withTenant(16, async (session) => {
        await session.query(sql`set local idle_in_transaction_session_timeout = 100`);
        const [{ pid } = { pid: 0 }] = (await session.query<{ pid: number }>(sql`select pg_backend_pid() as pid`)).rows;
        await expect.poll(async () => (await root.query(sql`select from pg_stat_activity where pid = ${pid}`)).rowCount).toBe(0);
        await session.query(sql`select 1`);
      });
    const ends = await Promise.allSettled(Array.from({ length: 8 }, suicide));
    expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'rejected'));
    expect((await router.query(17, whoAmI)).rows).toEqual([{ tenant: 17, shard: 'a' }]);
    expect(router.events.filter((event) => event.startsWith('breaker'))).toEqual([]);
  });

  it('does not take the trouble of another shard, which a callback met while its own statement ran, for the shard’s', async () => {
    const router = fleet.router();
    await fleet.addTenant(18, fleet.a);
    const elsewhere = new TenantryError('SHARD_UNAVAILABLE');
    const allInside = Promise.withResolvers<void>();
    let inside = 0;
    const meets = async (): Promise<unknown> =>
      router.withTenant(18, async (session) => {
        inside += 1;
        if (inside === 6) allInside.resolve();
        await allInside.promise;
        return Promise.all([session.query(sql`select pg_sleep(5)`), Promise.reject(elsewhere)]);
      });
    const ends = await Promise.allSettled(Array.from({ length: 6 }, meets));
    expect(ends).toEqual(Array.from({ length: 6 }, () => ({ status: 'rejected', reason: elsewhere })));
    expect((await router.query(18, whoAmI)).rows).toEqual([{ tenant: 18, shard: 'a' }]);
    expect(router.events.filter((event) => event.startsWith('breaker'))).toEqual([]);
  });

  it('waits while a tenant is draining, and says so when that takes too long', async () => {
    const router = fleet.router({ waitMs: 2_000 });
    await fleet.addTenant(12, fleet.a);
    const state = (to: string) => fleet.a.shard.admin.query(sql`update tenantry.local_mapping set state = ${to} where mapping_id = 12`);
    // Opens the connection, of which nobody knows how long that takes.
    await router.query(12, whoAmI);
    await state('DRAINING');
    await expect(router.query(12, whoAmI)).rejects.toMatchObject({ code: 'TENANT_MOVING' });
    const waiting = router.query(12, whoAmI);
    await state('ONLINE');
    expect((await waiting).rows).toEqual([{ tenant: 12, shard: 'a' }]);
    await state('OFFLINE');
    await expect(router.withTenant(12, async () => {})).rejects.toMatchObject({ code: 'TENANT_OFFLINE' });
    expect(router.events.filter((event) => event === 'opened')).toHaveLength(1);
  });

  it('goes on with warm routes while the catalog is away, and tells where it cannot', async () => {
    const router = fleet.router();
    await fleet.addTenant(13, fleet.a);
    await fleet.addTenant(14, fleet.a);
    await router.query(13, whoAmI);
    fleet.catalogAway = true;
    try {
      expect((await router.query(13, whoAmI)).rows).toEqual([{ tenant: 13, shard: 'a' }]);
      await expect(router.query(14, whoAmI)).rejects.toMatchObject({ code: 'CATALOG_UNAVAILABLE' });
    } finally {
      fleet.catalogAway = false;
    }
  });

  it('lets one tenant run no more than its turns on the server', async () => {
    const router = fleet.router({ perTenant: 2, poolPerShard: 5 });
    await fleet.addTenant(15, fleet.a);
    await fleet.addTenant(16, fleet.a);
    await router.query(15, insert(1));
    const held = await holdBlogs();
    const greedy = Array.from({ length: 6 }, () => router.query(15, rename));
    await expect.poll(() => held.waiting()).toBe(2);
    for (let time = 0; time < 20; time += 1) await router.query(16, whoAmI);
    expect(await held.waiting()).toBe(2);
    await held.release();
    await Promise.all(greedy);
  });

  it('cancels on the server what its caller aborts, and serves the next tenant on the same connection', async () => {
    const router = fleet.router({ poolPerShard: 1 });
    await fleet.addTenant(17, fleet.a);
    await fleet.addTenant(18, fleet.a);
    await router.query(17, whoAmI);
    const caller = new AbortController();
    const running = router.query(17, sql`select pg_sleep(30)`, { signal: caller.signal });
    const queued = router.query(18, whoAmI);
    await expect.poll(() => sleeping(fleet)).toBe(1);
    caller.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await queued).rows).toEqual([{ tenant: 18, shard: 'a' }]);
    expect(await sleeping(fleet)).toBe(0);
    await expect(router.query(17, sql`select pg_sleep(30)`, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(router.events).not.toContain('breaker open');
  });

  it('closes connections that are not used, on the server too', async () => {
    await fleet.addTenant(19, fleet.a);
    const others = fleet.router({ idleMs: 100 });
    const before = await backends();
    await others.query(19, insert(1));
    const held = await holdBlogs();
    const running = Array.from({ length: 3 }, () => others.query(19, rename));
    await expect.poll(() => held.waiting()).toBe(3);
    await held.release();
    await Promise.all(running);
    await expect.poll(async () => (await backends()).filter((pid) => !before.includes(pid))).toEqual([]);
    const happened = (what: string): number => others.events.filter((event) => event === what).length;
    expect(happened('opened')).toBeGreaterThanOrEqual(3);
    await expect.poll(() => happened('closed')).toBe(happened('opened'));
  });

  it('rolls back a transaction whose callback throws, and commits one that resolves', async () => {
    const router = fleet.router();
    await fleet.addTenant(20, fleet.a);
    await expect(
      router.withTenant(20, async (session) => {
        await session.query(insert(1));
        throw new Error('of the caller');
      }),
    ).rejects.toThrow('of the caller');
    expect((await router.query(20, count)).rows).toEqual([{ blogs: 0 }]);
    await router.withTenant(20, async (session) => {
      await session.query(insert(1));
      await session.kysely<{ Blogs: { BlogId: number; Name: string } }>().insertInto('Blogs').values({ BlogId: 2, Name: 'Bob' }).execute();
      const names: unknown[] = [];
      for await (const row of session.stream(sql`select "Name" from "Blogs" order by 1`)) names.push(row['Name']);
      expect(names).toEqual(['Ann', 'Bob']);
    });
    expect((await router.query(20, count)).rows).toEqual([{ blogs: 2 }]);
  });

  it('uses connections again, unless the configuration says that no reset can be relied upon', async () => {
    await fleet.addTenant(22, fleet.a);
    const backendsOf = async (capabilities: CapabilitySettings): Promise<unknown[]> => {
      const router = fleet.router({}, () => ({}), capabilities);
      const pid = async (session: Pick<TenantSession, 'query'>): Promise<unknown> =>
        (await session.query(sql`select pg_backend_pid() as pid`)).rows[0]!['pid'];
      const first = await pid({ query: (statement) => router.query(22, statement) });
      const inSession = await router.withTenant(22, async (session) => [await pid(session), await pid(session)]);
      expect(inSession[0]).toBe(inSession[1]);
      const last = await pid({ query: (statement) => router.query(22, statement) });
      return [first, inSession[0], last];
    };
    expect(new Set(await backendsOf({})).size).toBe(1);
    expect(new Set(await backendsOf({ resetClearsContext: false })).size).toBe(3);
  });

  it('rolls back where a statement was left running', async () => {
    const router = fleet.router();
    await fleet.addTenant(21, fleet.a);
    await expect(
      router.withTenant(21, async (session) => {
        await session.query(insert(1));
        session.query(sql`select pg_sleep(0.2)`).catch(() => {});
      }),
    ).rejects.toMatchObject({ code: 'SESSION_MISUSE' });
    expect((await router.query(21, count)).rows).toEqual([{ blogs: 0 }]);
  });
});

async function sleeping({ a }: ShardFleet): Promise<number> {
  const { rows } = await a.shard.root.query(
    sql`select count(*)::int as count from pg_stat_activity where state = 'active' and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`,
  );
  return rows[0]!['count'] as number;
}
