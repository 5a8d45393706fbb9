import { describe, expect, it } from 'vitest';
import { sqlText } from '../../../../src/core/sql.ts';
import { EntryRefused } from '../../../../src/engine/entry.ts';
import { entryOf, read, write } from '../../../support/app-shard.ts';
import { eventually } from '../../../support/eventually.ts';
import { allBlogs, unverified, type GatedShard } from '../../../support/gated-shard.ts';

/** Who comes, stays or changes something in the same moment. */
export function testMeanwhile(shard: GatedShard): void {
  describe('The gate of a shard, whatever others do meanwhile', () => {
    it.each([
      ['repeatable read', write],
      ['repeatable read', read],
      ['serializable', read],
    ] as const)('lets no %s transaction in that came while it was being closed: %o', async (isolation, options) => {
      const app = await shard.connect();
      let entering: Promise<unknown> = Promise.resolve();
      await shard.root.transaction(async (session) => {
        await session.query(sqlText('alter table "Blogs" disable row level security; set constraints all immediate'));
        entering = app.begin(entryOf(1), { ...options, isolation }).then(
          (transaction) => transaction.query(allBlogs),
          (error: unknown) => error,
        );
        const waiting = sqlText('select count(*)::integer as n from pg_locks where not granted');
        await expect.poll(async () => (await shard.admin.query<{ n: number }>(waiting)).rows[0]?.n).toBe(1);
      });
      expect(await entering).toMatchObject(unverified);
    });

    it('is closed by a transaction that began while it was closed, or refuses its change', async () => {
      const app = await shard.connect();
      await shard.change('alter table "Blogs" disable row level security');
      const changing = shard.root.transaction(async (session) => {
        await session.query(sqlText('set transaction isolation level repeatable read'));
        await session.query(sqlText('select open from tenantry_watch.gate'));
        await shard.admin.query(sqlText('alter table "Blogs" enable row level security'));
        await session.query(sqlText('alter policy tenantry_tenant on "Blogs" using (true)'));
      });
      await expect(changing).rejects.toMatchObject({ code: 'SERIALIZATION_FAILURE' });
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toEqual([{ TenantId: 1 }]);
    });

    it('is opened by no transaction that cannot see what others have changed since it began', async () => {
      const app = await shard.connect();
      await shard.change('alter table "Blogs" disable row level security');
      await shard.change('begin isolation level repeatable read; alter table "Blogs" enable row level security; commit');
      await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
      await shard.change('create table "Looked" ()');
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toHaveLength(1);
    });

    it.each(['read committed', 'repeatable read', 'serializable'] as const)(
      'admits nobody under %s who was waiting for it while it was closed',
      async (isolation) => {
        const app = await shard.connect();
        let entering: Promise<unknown> | undefined;
        await shard.root.transaction(async (session) => {
          await session.query(sqlText('alter table "Blogs" disable row level security; set constraints all immediate'));
          entering = (async () => {
            const transaction = await app.begin(entryOf(1), { ...read, isolation });
            try {
              return (await transaction.query(allBlogs)).rows;
            } finally {
              await transaction.rollback();
            }
          })();
          entering.catch(() => undefined);
          await eventually(async () => {
            const { rows } = await shard.admin.query(
              sqlText(`select 1 from pg_locks where not granted and relation = 'tenantry_watch.gate'::regclass`),
            );
            expect(rows.length).toBeGreaterThan(0);
          });
        });
        await expect(entering).rejects.toMatchObject(unverified);
      },
    );

    it('has a change wait for whoever of admin locks its row, for as long as admin waits for others, and then it is refused', async () => {
      const app = await shard.connect();
      const held = Promise.withResolvers<void>();
      const done = Promise.withResolvers<void>();
      const holding = shard.admin.transaction(async (session) => {
        await session.query(sqlText('select from tenantry_watch.gate for share'));
        held.resolve();
        await done.promise;
      });
      await held.promise;
      try {
        const changing = shard.change(`set lock_timeout = '200ms'; alter table "Blogs" disable row level security`);
        await expect(changing).rejects.toMatchObject({ code: 'TIMEOUT' });
        expect((await app.execute(entryOf(1), allBlogs, read)).rows).toEqual([{ TenantId: 1 }]);
      } finally {
        done.resolve();
        await holding;
        await shard.change('reset lock_timeout');
      }
    });

    it('shows nobody a foreign row while row-level security goes: whoever begins after it is refused', async () => {
      const connections = await Promise.all([shard.connect(), shard.connect(), shard.connect(), shard.connect()]);
      const seen: { tenants: unknown[]; after: boolean }[] = [];
      const refusals: unknown[] = [];
      let isOver = false;
      let ends = 0;
      const loops = connections.map(async (connection, index) => {
        while (ends < 200) {
          const after = isOver;
          try {
            const { rows } = await connection.execute<{ TenantId: number }>(
              entryOf(1, index % 2 === 0),
              allBlogs,
              index < 2 ? read : write,
            );
            seen.push({ tenants: rows.map(({ TenantId }) => TenantId), after });
          } catch (error) {
            refusals.push(error);
          }
          if (after) ends += 1;
        }
      });
      await shard.change('alter table "Blogs" disable row level security');
      isOver = true;
      await Promise.all(loops);
      expect(seen.filter(({ tenants, after }) => after || tenants.some((tenant) => tenant !== 1))).toEqual([]);
      expect(refusals.length).toBeGreaterThanOrEqual(200);
      // Who waited for the table is a deadlock's victim.
      const others = refusals.filter((error) => !(error instanceof EntryRefused && error.refusal.reason === 'UNVERIFIED'));
      for (const error of others) expect(error).toMatchObject({ code: 'SERIALIZATION_FAILURE' });
    });

    it('ends who has entered and stays, before the change can be seen', async () => {
      const app = await shard.connect();
      const transaction = await app.begin(entryOf(1), { ...write, isolation: 'read committed' });
      expect((await transaction.query(allBlogs)).rows).toEqual([{ TenantId: 1 }]);
      await transaction.commit();
      const staying = await app.begin(entryOf(1), { ...write, isolation: 'read committed' });
      await shard.change('alter policy tenantry_tenant on "Blogs" using (true)').catch((error: unknown) => error);
      await expect(staying.query(allBlogs)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    });

    it('is held by a prepared transaction that defined something, which the diagnosis names with what ends it', async () => {
      expect((await shard.admin.run('doctor/server')).rows).toEqual([]);
      await shard.change(`begin; create table "Else" (n int); prepare transaction 'it''s held'`);
      const [held, ...others] = (await shard.admin.run<{ text: string; remedy: string }>('doctor/server')).rows;
      expect(others).toEqual([]);
      expect(held).toMatchObject({
        level: 'problem',
        text: expect.stringMatching(
          /^A prepared transaction of the role postgres has defined something and not ended since \d{4}-/,
        ) as string,
        remedy: "rollback prepared 'it''s held'",
      });
      await shard.change(held?.remedy ?? '');
      expect((await shard.admin.run('doctor/server')).rows).toEqual([]);
    });

    it('is not closed while somebody else holds it, such as a dump: the change is refused, and nobody is sent away for that', async () => {
      const app = await shard.connect();
      await shard.admin.transaction(async (dump) => {
        await dump.query(sqlText('lock table tenantry_watch.gate in access share mode'));
        await expect(shard.change('alter table "Blogs" disable row level security')).rejects.toMatchObject({ code: 'TIMEOUT' });
        await dump.query(sqlText('select 1'));
      });
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toEqual([{ TenantId: 1 }]);
      await shard.change('alter table "Blogs" disable row level security');
      await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
    });
  });
}
