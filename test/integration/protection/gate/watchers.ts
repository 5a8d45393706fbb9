import { describe, expect, it } from 'vitest';
import { sql, sqlText } from '../../../../src/core/sql.ts';
import { compiled, entryOf, read } from '../../../support/app-shard.ts';
import { allBlogs, type GatedShard } from '../../../support/gated-shard.ts';

/** What sees the changes. */
export function testWatchers(shard: GatedShard): void {
  describe('What watches a shard', () => {
    it('is nothing of admin’s, which would run for whoever changes something', async () => {
      const app = await shard.connect();
      for (const statement of [
        'create or replace function tenantry_watch.changed() returns event_trigger language plpgsql as $$ begin end $$',
        'alter function tenantry_watch.judge() security invoker',
        'create function tenantry_watch.mine() returns integer language sql return 1',
        'create trigger mine before insert on tenantry_watch.change_log for each row execute function suppress_redundant_updates_trigger()',
        'create trigger mine before update on tenantry_watch.gate for each row execute function suppress_redundant_updates_trigger()',
        'create rule mine as on insert to tenantry_watch.change_log do also select 1',
        'alter table tenantry_watch.tenant_column enable row level security',
        'create policy mine on tenantry_watch.accepted using (true)',
        'drop table tenantry_watch.change_log',
        'drop schema tenantry_watch cascade',
        'delete from tenantry_watch.change_log',
        'set role tenantry_watcher',
      ])
        await expect(shard.admin.query(sqlText(statement)), statement).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toHaveLength(1);
    });

    it('names nothing of another role’s', async () => {
      const { rows } = await shard.root.query(
        sqlText(`select p.proname as name, p.proowner::regrole::text as owner, p.prosrc ~ '\\mtenantry\\.' as others
          from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid where p.prosecdef
          union select p.proname, p.proowner::regrole::text, p.prosrc ~ '\\mtenantry\\.'
          from pg_proc p where p.prosecdef and p.proowner = 'tenantry_watcher'::regrole order by 1`),
      );
      const names = [
        'changed',
        'clear_gate',
        'dropped',
        'end_with_acceptance',
        'judge',
        'judge_change',
        'judge_opening',
        'refuse_tenants',
        'unjudged',
        'user_mapping_versions',
      ];
      expect(rows).toEqual(names.map((name) => ({ name, owner: 'tenantry_watcher', others: false })));
    });

    it('covers a new table with a tenant column when it is made, by whoever makes it', async () => {
      const app = await shard.connect();
      await shard.change(
        'create table "Drafts" ("TenantId" integer not null, "Id" integer not null); insert into "Drafts" values (1, 1), (2, 1)',
      );
      await shard.admin.query(sqlText('create table "Later" as select 2 as "TenantId", 1 as "Id"'));
      const { rows } = await shard.root.query(
        sqlText(
          `select relname, relrowsecurity and relforcerowsecurity as forced, (select count(*)::int from pg_policy where polrelid = c.oid) as policies,
             exists (select from pg_attrdef where adrelid = c.oid) as filled from pg_class c where relname in ('Drafts', 'Later') order by 1`,
        ),
      );
      // A default of admin's would run as the superuser whenever he inserts into his own table.
      expect(rows).toEqual([
        { relname: 'Drafts', forced: true, policies: 5, filled: false },
        { relname: 'Later', forced: true, policies: 5, filled: true },
      ]);
      await expect(app.execute(entryOf(1), compiled(sql`select * from "Drafts"`), read)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    });

    it('covers what is made by a role that may name nothing of what policies ask, from everybody', async () => {
      const undone = new Error('undone');
      const made = shard.root.transaction(async (session) => {
        await session.query(
          sqlText(`create role stranger; grant usage, create on schema public to stranger; set local role stranger;
            create table "Drafts" ("TenantId" integer not null); create table "Colours" ("Id" integer not null); reset role`),
        );
        const { rows } = await session.query(
          sqlText(`select relname, relrowsecurity and relforcerowsecurity as forced, (select count(*)::int from pg_policy where polrelid = c.oid) as policies
            from pg_class c where relname in ('Drafts', 'Colours') order by 1`),
        );
        expect(rows).toEqual([
          { relname: 'Colours', forced: false, policies: 0 },
          { relname: 'Drafts', forced: true, policies: 0 },
        ]);
        throw undone;
      });
      await expect(made).rejects.toBe(undone);
    });
  });
}
