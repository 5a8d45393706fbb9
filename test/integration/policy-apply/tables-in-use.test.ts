import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import type { PolicyResult } from '../../../src/policy/model.ts';
import { blogs, postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';

const shard = usePolicyShard();

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

  /** A clock that stands still for so many looks, and has this left of a table's time at every later one. */
  const restAfter = (looks: number, restMs: number): Clock => {
    let asked = 0;
    return { ...systemClock, now: () => (asked++ < looks ? 0 : 5_000 - restMs) };
  };
  const applyIn = (clock: Clock): Promise<PolicyResult> =>
    applyPolicies(shard.database.admin, postgresPolicies, { tables: [blogs, posts], keyType: 'int', dryRun: false, clock });

  // Blogs is asked about three times: when it is begun with, and before each of its two statements.
  it('says which table is in use and which are done, and does the rest the next time', async () => {
    await expect(applyIn(restAfter(4, 50))).rejects.toMatchObject({
      code: 'TIMEOUT',
      detail: expect.stringMatching(
        /^public\.Posts is in use and could not be changed: .* Done before it: public\.Blogs; run it again\.$/,
      ) as string,
    });
    await user.query('rollback');
    expect(new Set((await shard.apply([blogs, posts])).changes.map(({ table }) => table))).toEqual(new Set(['public.Posts']));
  });

  it('keeps no other table from them while it waits for one', async () => {
    const applying = applyIn(systemClock);
    await expect.poll(async () => (await user.query('select from pg_locks where not granted')).rowCount).toBeGreaterThan(0);
    await user.query(`set local lock_timeout = '100ms'`);
    await user.query('select from "Blogs"');
    await user.query('rollback');
    expect((await applying).applied).toBe(true);
  });

  it('undoes what it has changed of a table where the time for it is over', async () => {
    await user.query('rollback');
    await expect(applyIn(restAfter(2, 0))).rejects.toMatchObject({
      code: 'TIMEOUT',
      detail: expect.stringContaining('more than 5000 ms') as string,
    });
    expect((await shard.apply([blogs, posts], { dryRun: true })).changes.map(({ table }) => table)).toContain('public.Blogs');
  });
});
