import { describe, expect, it } from 'vitest';
import { sql, sqlText } from '../../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../../src/engine/postgres/postgres-engine.ts';
import { signAgain } from '../../../../src/policy/acceptance.ts';
import { signerOfTests } from '../../../support/accepting.ts';
import { compiled, entryOf, read, write } from '../../../support/app-shard.ts';
import { allBlogs, refusing, unverified, type GatedShard } from '../../../support/gated-shard.ts';
import { shardLogins } from '../../../support/postgres-shard.ts';

/** What admin may do to the row of what was accepted, which is as it was then. */
const writtenByHand = [
  ['update tenantry_watch.accepted set number = number + 1', 'update tenantry_watch.accepted set number = number - 1'],
  [
    "select set_config('kept.row', (select to_jsonb(a) from tenantry_watch.accepted a)::text, true)",
    'delete from tenantry_watch.accepted',
    "insert into tenantry_watch.accepted select r.* from jsonb_populate_record(null::tenantry_watch.accepted, current_setting('kept.row')::jsonb) r",
  ],
];

/** What closes a gate, and what opens it. */
export function testClosing(shard: GatedShard): void {
  describe('The gate of a shard', () => {
    it('closes with the change, to every form of entry, and opens again with its end; the log says what, who and when', async () => {
      const app = await shard.connect();
      await shard.change('alter table "Blogs" disable row level security');
      for (const options of [read, write, { ...read, contextValues: '{"a":"b"}' }, { ...write, contextValues: '{"a":"b"}' }])
        for (const isPoint of [true, false])
          await expect(app.execute(entryOf(1, isPoint), allBlogs, options)).rejects.toMatchObject(unverified);
      await expect(app.begin(entryOf(1), { ...write, isolation: 'serializable' })).rejects.toMatchObject(unverified);
      await shard.change('alter table "Blogs" enable row level security');
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toEqual([{ TenantId: 1 }]);
      const { rows } = await shard.admin.query(
        sqlText('select login, command, object, verdict from tenantry_watch.change_log order by change_id desc limit 2'),
      );
      expect(rows).toEqual(
        ['opened', 'closed'].map((verdict) =>
          expect.objectContaining({ login: shard.server.user, command: 'ALTER TABLE', object: 'public."Blogs"', verdict }),
        ),
      );
    });

    it('ends with the time for which what protects the tenants was accepted, for connections that are open', async () => {
      const app = await shard.connect();
      const until = (end: string): Promise<unknown> => shard.change(`update tenantry_watch.accepted set valid_until = ${end}`);
      await until("now() + interval '1 day'");
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toEqual([{ TenantId: 1 }]);
      await shard.change(
        'set session_replication_role = replica; update tenantry_watch.accepted set valid_until = now(); set session_replication_role = default',
      );
      for (const isPoint of [true, false]) await expect(app.execute(entryOf(1, isPoint), allBlogs, read)).rejects.toMatchObject(unverified);
      await expect(shard.admin.query(sqlText('update tenantry_watch.gate set accepted_until = null'))).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
      await until('null');
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toEqual([{ TenantId: 1 }]);
    });

    it('is opened by nobody’s hand over what was not accepted', async () => {
      const app = await shard.connect();
      const leak = 'create view leak as select * from "Blogs"; grant select on leak to tenantry_app';
      const opening = 'update tenantry_watch.gate set open = true';
      for (const statements of [
        `${leak}; set constraints all immediate; ${opening}`,
        `set constraints all immediate; ${leak}; ${opening}`,
      ]) {
        await shard.admin.query(sqlText(`begin; ${statements}; commit`));
        await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
        await shard.admin.query(sqlText('drop view leak'));
      }
    });

    it('is closed by no login of tenants', async () => {
      const app = await shard.connect();
      const direct = createPostgresEngine().open(shard.address, shardLogins.app);
      const defining = direct.query(sqlText('alter default privileges grant select on tables to public'));
      await expect(defining).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await direct.close();
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toHaveLength(1);
    });

    it('stays open for what is put back in the transaction that took it away, and for an ordinary migration', async () => {
      const app = await shard.connect();
      await shard.change(`begin; drop policy tenantry_tenant on "Blogs"; create policy tenantry_tenant on "Blogs" as restrictive to tenantry_app
        using ("TenantId" = (select tenantry.current_tenant())) with check ("TenantId" = (select tenantry.current_tenant())); commit`);
      await shard.change('alter table "Blogs" add column "Note" text; create index on "Blogs" ("Note")');
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toHaveLength(1);
      await expect(shard.connect()).resolves.toBeDefined();
    });

    it('closes where constraints are checked at once, and where a session applies what another server has decided', async () => {
      const app = await shard.connect();
      await shard.change(
        'begin; create table "Other" (); set constraints all immediate; alter table "Blogs" disable row level security; commit',
      );
      await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
      await shard.change('alter table "Blogs" enable row level security');
      await shard.change(
        'set session_replication_role = replica; alter policy tenantry_tenant on "Blogs" using (true); reset session_replication_role',
      );
      await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
    });

    it.each([
      ['is gone', 'drop trigger judged on tenantry_watch.change_log'],
      ['is off', 'alter table tenantry_watch.change_log disable trigger judged'],
      [
        'is gone, in a session that reads and writes names its own way',
        'begin; set local standard_conforming_strings = off; set local quote_all_identifiers = on; drop trigger judged on tenantry_watch.change_log; commit',
      ],
      [
        'is off, in a session that reads and writes names its own way',
        'begin; set local standard_conforming_strings = off; set local quote_all_identifiers = on; alter table tenantry_watch.change_log disable trigger judged; commit',
      ],
    ])('closes where the trigger that would judge later %s', async (_, statement) => {
      const app = await shard.connect();
      await shard.change(statement);
      await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
    });

    it('closes where a user mapping makes somebody else of who reads a foreign table, until it does so no more', async () => {
      const { host, port, database } = shard.address;
      const { user, password } = shardLogins.app;
      const mapped = (action: string, who: typeof shardLogins.app): string =>
        `user mapping for ${user} server self options (${action}user '${who.user}', ${action}password '${who.password}')`;
      await shard.change(`create extension postgres_fdw; create server self foreign data wrapper postgres_fdw options (host '${host}', port '${port}', dbname '${database}');
        create ${mapped('', { user, password })}; grant usage on foreign server self to tenantry_app;
        create foreign table public."Far" ("TenantId" integer) server self options (table_name 'Blogs'); grant select on "Far" to tenantry_app`);
      await shard.acceptWhatIsThere();
      const app = await shard.connect();
      const far = compiled(sql`select "TenantId" from "Far" order by 1`);
      expect((await app.execute(entryOf(1), far, read)).rows).toEqual([]);
      await shard.change(`alter ${mapped('set ', shardLogins.superuser)}`);
      await expect(app.execute(entryOf(1), far, read)).rejects.toMatchObject(unverified);
      await expect(shard.connect()).rejects.toMatchObject(refusing('foreign server self (changed)'));
      await shard.acceptWhatIsThere();
      expect((await app.execute(entryOf(1), far, read)).rows).toEqual([{ TenantId: 1 }, { TenantId: 2 }]);
      // As where the server's administrator may not give this right.
      await shard.change('revoke select (xmin) on pg_catalog.pg_user_mapping from tenantry_watcher');
      await shard.acceptWhatIsThere();
      // Whoever reads it: a view, or a function, may do so for app.
      await shard.change('revoke select on "Far" from tenantry_app');
      await shard.acceptWhatIsThere();
      const unseen = 'public."Far" is a foreign table, and nobody may see whether a user mapping makes somebody else of who reads it';
      await expect(shard.connect()).rejects.toMatchObject(refusing(unseen));
      await shard.change('drop foreign table "Far"');
      await shard.acceptWhatIsThere();
      await shard.connect();
    });

    it('lets nobody connect while there is a change that nobody judged, until what is there is accepted', async () => {
      const eye = createPostgresEngine().open(shard.address, shardLogins.app, { connections: 1, serverNamesOnly: true });
      const look = async (): Promise<unknown> => (await eye.run('policy/watch')).rows[0]?.['state'];
      try {
        // Those of the transaction that asks are judged when it ends.
        await shard.admin.transaction(async (session) => {
          await session.query(sqlText('alter table "Blogs" add column note text'));
          expect((await session.run('policy/verification')).rows).toMatchObject([{ differing: [] }]);
        });
        const before = await look();
        await shard.change(
          'update tenantry_watch.change_log set verdict = null where change_id = (select max(change_id) from tenantry_watch.change_log)',
        );
        expect(await look()).not.toBe(before);
        const unjudged = refusing('changes past what judges each change (added)');
        await expect(shard.connect()).rejects.toMatchObject(unjudged);
        expect((await shard.admin.run('policy/closing-changes', { limit: 9 })).rows).toMatchObject([
          { command: 'ALTER TABLE', object: 'public."Blogs"' },
        ]);
        // One that is judged itself says nothing of those before it.
        await shard.change('alter table "Blogs" drop column note');
        await expect(shard.connect()).rejects.toMatchObject(unjudged);
        // To sign again is to look at nothing.
        expect(await signAgain(shard.admin, signerOfTests(shard.shardId))).toBe(true);
        await expect(shard.connect()).rejects.toMatchObject(unjudged);
        // What admin writes without a key, and puts back, is no acceptance.
        for (const statements of writtenByHand) {
          await shard.admin.transaction(async (session) => {
            for (const statement of statements) await session.query(sqlText(statement));
          });
          await expect(shard.connect(), statements[0]).rejects.toMatchObject(unjudged);
        }
        await shard.acceptWhatIsThere();
        await shard.connect();
        expect((await shard.admin.run('policy/closing-changes', { limit: 9 })).rows).toEqual([]);
      } finally {
        await eye.close();
      }
    });
  });
}
