import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { type ShardFleet, startShardFleet } from '../../support/shard-fleet.ts';
import { startWireProxy } from '../../support/wire-proxy.ts';
import { statementText } from '../../support/wire-message.ts';

const insert = (id: number) => sql`insert into "Blogs" ("BlogId", "Name") values (${id}, 'Ann')`;
const count = sql`select count(*)::int as blogs from "Blogs"`;

let fleet: ShardFleet;
beforeAll(async () => {
  fleet = await startShardFleet();
});
afterAll(() => fleet.stop());

describe('a connection that is cut', () => {
  const isSync = (type: string): boolean => type === 'S';

  it('after the statement was sent leaves a write COMMIT_UNKNOWN, once, and repeats a read', async () => {
    await fleet.addTenant(30, fleet.a);
    await using proxy = await startWireProxy(fleet.a.server);
    const router = fleet.router({}, () => ({ host: proxy.host, port: proxy.port }));
    await router.query(30, insert(1));
    const cutAfterSync = (): Promise<unknown> =>
      proxy.once({ when: 'after', match: ({ type }) => isSync(type), action: (connection) => connection.cut() });

    let cut = cutAfterSync();
    await expect(router.query(30, insert(2))).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' });
    await cut;
    cut = cutAfterSync();
    expect((await router.query(30, sql`select 1 as one`, { readOnly: true })).rows).toEqual([{ one: 1 }]);
    await cut;
    cut = cutAfterSync();
    await router.query(30, sql`update "Blogs" set "Name" = 'Eve' where "BlogId" = 1`, { idempotent: true });
    await cut;
    expect(router.events.filter((event) => event.startsWith('repeated'))).toEqual([
      'repeated SHARD_UNAVAILABLE',
      'repeated COMMIT_UNKNOWN',
    ]);
  });

  it('at COMMIT leaves a transaction COMMIT_UNKNOWN, and its callback is not repeated', async () => {
    await fleet.addTenant(31, fleet.a);
    await using proxy = await startWireProxy(fleet.a.server);
    const router = fleet.router({}, () => ({ host: proxy.host, port: proxy.port }));
    const cut = proxy.once({
      when: 'after',
      match: (message) => /^commit/iu.test(statementText(message) ?? ''),
      action: (connection) => connection.cut(),
    });
    let started = 0;
    await expect(
      router.withTenant(31, async (session) => {
        started += 1;
        await session.query(insert(1));
      }),
    ).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
    await cut;
    expect(started).toBe(1);
  });

  it('while idle is not noticed by the next caller', async () => {
    await fleet.addTenant(32, fleet.a);
    await fleet.addTenant(33, fleet.b);
    await using proxy = await startWireProxy(fleet.a.server);
    const router = fleet.router({}, (shard) => (shard === fleet.a.shard ? { host: proxy.host, port: proxy.port } : {}));
    await router.query(32, insert(1));
    proxy.cut();
    // Until the other shard has answered, the end of the connection has arrived too.
    await router.query(33, count);
    await router.query(32, insert(2));
    expect((await router.query(32, count)).rows).toEqual([{ blogs: 2 }]);
  });
});
