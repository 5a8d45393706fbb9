import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { applyPolicies } from '../../../src/policy/apply.ts';
import type { PolicyResult } from '../../../src/policy/model.ts';
import { blogs, postgresPolicies, usePolicyShard } from '../../support/policy-shard.ts';
import { accepting } from '../../support/accepting.ts';

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
    await expect(applyIn(0)).rejects.toMatchObject({
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
    const { changes } = await applyIn(0);
    expect(changes.filter(({ kind }) => kind === 'set').map(({ item }) => item)).toEqual(['rights of tenantry_app']);
  });
});
