import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import type { TenantSession } from '../../../src/router/router.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeFleet } from '../../support/fake-fleet.ts';

interface Database {
  Blogs: { BlogId: number; Name: string };
}

let fleet: FakeFleet;
beforeEach(() => {
  fleet = new FakeFleet();
  fleet.shards.a.answer = async ({ statement }) => (statement === undefined ? [] : [{ ...statement }, { ...statement }]);
});
afterEach(() => fleet.router.close());

describe('a session', () => {
  it('commits what resolved and rolls back what threw', async () => {
    expect(await fleet.router.withTenant(2, async (session) => (await session.query(sql`select ${1}`)).rowCount)).toBe(2);
    const failure = new Error('of the caller');
    await expect(
      fleet.router.withTenant(2, async () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(fleet.shards.a.log).toEqual(['commit', 'rollback']);
    expect(fleet.shards.a).toMatchObject({ opened: 1, open: 1 });
  });

  it('passes the options on', async () => {
    let seen: unknown;
    fleet.shards.a.answer = async ({ options }) => {
      seen = options;
      return [];
    };
    await fleet.router.withTenant(2, { isolation: 'serializable', readOnly: true, timeoutMs: 70 }, async () => {});
    expect(seen).toEqual({ isolation: 'serializable', readOnly: true, timeoutMs: 70, signal: undefined });
  });

  it('is refused after its callback has ended', async () => {
    let kept: TenantSession | undefined;
    await fleet.router.withTenant(2, async (session) => {
      kept = session;
    });
    const refusal = { code: 'SESSION_MISUSE', message: expect.stringContaining('do all work with a session inside the callback') };
    await expect(kept!.query(sql`select 1`)).rejects.toMatchObject(refusal);
    await expect(kept!.stream(sql`select 1`).next()).rejects.toMatchObject(refusal);
    await expect(kept!.kysely<Database>().selectFrom('Blogs').selectAll().execute()).rejects.toMatchObject(refusal);
  });

  it('refuses a second statement while one runs', async () => {
    await fleet.router.withTenant(2, async (session) => {
      const first = session.query(sql`select 1`);
      await expect(session.query(sql`select 2`)).rejects.toMatchObject({
        code: 'SESSION_MISUSE',
        message: expect.stringContaining('one statement at a time'),
      });
      await first;
      for await (const row of session.stream(sql`select 3`)) {
        expect(row).toMatchObject({ text: 'select 3' });
        await expect(session.query(sql`select 4`)).rejects.toMatchObject({ code: 'SESSION_MISUSE' });
        break;
      }
      await session.query(sql`select 5`);
    });
    expect(fleet.shards.a.log).toEqual(['commit']);
  });

  it('rolls back by closing the connection where the callback left a statement running', async () => {
    const gate = Promise.withResolvers<void>();
    fleet.shards.a.answer = async ({ statement }) => {
      if (statement !== undefined) await gate.promise;
      return [];
    };
    await expect(
      fleet.router.withTenant(2, async (session) => {
        session.query(sql`insert into x`).catch(() => {});
        await immediate();
      }),
    ).rejects.toMatchObject({ code: 'SESSION_MISUSE', message: expect.stringContaining('await every statement') });
    expect(fleet.shards.a.log).toEqual([]);
    expect(fleet.shards.a.open).toBe(0);
    gate.resolve();
  });

  it('rolls back where its signal was aborted between statements', async () => {
    const caller = new AbortController();
    await expect(fleet.router.withTenant(2, { signal: caller.signal }, async () => caller.abort())).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(fleet.shards.a.log).toEqual(['rollback']);
  });

  it('is never begun where its signal was aborted before', async () => {
    await expect(fleet.router.withTenant(2, { signal: AbortSignal.abort() }, async () => {})).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(fleet.router.query(2, sql`select 1`, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(fleet.shards.a.asked).toBe(0);
  });

  it('has its limit from the entry to the end of the callback, and leaves no timer behind', async () => {
    const clock = new FakeClock();
    const timed = new FakeFleet({ clock, limits: { transactionTimeoutMs: 1_000 } });
    await timed.router.withTenant(2, async () => clock.advance(999));
    const triedAfter = Promise.withResolvers<unknown>();
    const late = timed.router.withTenant(2, async (session) => {
      clock.advance(1_000);
      await immediate();
      triedAfter.resolve(await session.query(sql`select 1`).catch((error: unknown) => error));
    });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('1000 ms') });
    expect(await triedAfter.promise).toMatchObject({ code: 'TIMEOUT' });
    expect({ log: timed.shards.a.log, open: timed.shards.a.open, events: timed.events }).toEqual({
      log: ['commit', 'rollback'],
      open: 1,
      events: ['opened a', 'transaction ok', 'transaction TIMEOUT'],
    });
    await timed.router.close();
    expect(clock.pending).toBe(0);
  });

  it('runs the statements of a kysely query builder', async () => {
    await fleet.router.withTenant(2, async (session) => {
      const db = session.kysely<Database>();
      const rows = await db.selectFrom('Blogs').selectAll().where('BlogId', '=', 7).execute();
      expect(rows).toHaveLength(2);
      expect(rows[0]).toEqual({ text: 'select * from "Blogs" where "BlogId" = $1', values: [7] });
      expect((await db.insertInto('Blogs').values({ BlogId: 8, Name: 'Ann' }).executeTakeFirst()).numInsertedOrUpdatedRows).toBe(2n);
      let streamed = 0;
      for await (const row of db.selectFrom('Blogs').select('Name').stream()) streamed += Object.keys(row).length;
      expect(streamed).toBe(4);
      await expect(db.transaction().execute(async () => {})).rejects.toMatchObject({
        code: 'SESSION_MISUSE',
        message: expect.stringContaining('transaction already'),
      });
    });
    expect(fleet.shards.a.log).toEqual(['commit']);
  });
});

describe('nested use', () => {
  const refusal = { code: 'SESSION_MISUSE', message: expect.stringContaining('use the session that the callback was given') };

  it('is refused for the same tenant, however deep', async () => {
    await fleet.router.withTenant(2, async () => {
      await expect(fleet.router.query(2, sql`select 1`)).rejects.toMatchObject(refusal);
      await expect(fleet.router.withTenant(2, async () => {})).rejects.toMatchObject(refusal);
      await fleet.router.withTenant(3, async () => {
        await immediate();
        await expect(fleet.router.query(2, sql`select 1`)).rejects.toMatchObject(refusal);
      });
    });
    expect(fleet.shards.a.log).toEqual(['commit']);
  });

  it('is no business of another tenant, nor of work that outlives the transaction', async () => {
    const gate = Promise.withResolvers<void>();
    let later: Promise<unknown> = Promise.resolve();
    await fleet.router.withTenant(2, async () => {
      await fleet.router.query(4, sql`select 1`);
      later = gate.promise.then(() => fleet.router.query(2, sql`select 1`));
    });
    gate.resolve();
    await expect(later).resolves.toMatchObject({ rowCount: 2 });
  });
});

describe('what a call is given', () => {
  it.each([['42'], [1.5], [0], [2 ** 31], [null], [undefined], [{}], [[1]], [true], [Number.NaN]])(
    'is refused as a tenant id: %o',
    async (id) => {
      await expect(fleet.router.query(id as number, sql`select 1`)).rejects.toMatchObject({
        code: 'INVALID_TENANT_ID',
        message: expect.stringContaining('int'),
      });
      await expect(fleet.router.withTenant(id as number, async () => {})).rejects.toMatchObject({ code: 'INVALID_TENANT_ID' });
      expect(fleet.found).toBe(0);
    },
  );

  it('is refused as a statement, where it is text', async () => {
    await expect(fleet.router.query(2, 'select 1' as never)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await expect(fleet.router.withTenant(2, (session) => session.query('select 1' as never))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
  });

  it.each([0, -1, Number.NaN, Infinity, '5'])('is refused as timeoutMs: %o', async (timeoutMs) => {
    await expect(fleet.router.query(2, sql`select 1`, { timeoutMs: timeoutMs as number })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('timeoutMs'),
    });
  });

  it('is refused as isolation, where it is none of the three', async () => {
    const isolation = 'serializable; drop table x' as 'serializable';
    await expect(fleet.router.withTenant(2, { isolation }, async () => {})).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('repeatable read'),
    });
    expect(fleet.shards.a.asked).toBe(0);
  });

  it('is refused as a callback, where it is none', async () => {
    await expect(fleet.router.withTenant(2, {} as never)).rejects.toMatchObject({
      code: 'SESSION_MISUSE',
      message: expect.stringContaining('callback'),
    });
  });
});
