import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresServer } from '../../support/servers/postgres.ts';
import { CaptureWorld } from './world.ts';

/** The triggers that capture changes: what is told of those that are not as they were made, and when no capture begins. */
export function testTriggers(server: () => PostgresServer): void {
  describe('what captures changes of a table', () => {
    let world: CaptureWorld;
    beforeAll(async () => {
      world = await CaptureWorld.create(server(), 'compared');
    });
    afterAll(() => world.close());

    test.each<[string, string, readonly (readonly [table: string, item: string, before: unknown])[]]>([
      ['switched off', 'alter table "Blogs" disable trigger tenantry_capture_update', [['public.Blogs', 'capture update', 'switched off']]],
      [
        'switched on for replicas',
        'alter table "Blogs" enable always trigger tenantry_capture_delete; alter table "Blogs" enable replica trigger tenantry_capture_insert',
        [
          ['public.Blogs', 'capture insert', 'switched on for replicas alone'],
          ['public.Blogs', 'capture delete', 'switched on for replicas, too'],
        ],
      ],
      [
        'switched off for a partition',
        'alter table "EventsUs" disable trigger tenantry_capture_update',
        [['public.Events', 'capture update', 'not as it was made on partition public."EventsUs"']],
      ],
      ['dropped', 'drop trigger tenantry_capture_truncate on "EventsEu"', [['public.EventsEu', 'capture truncate', null]]],
      [
        'asking for something else',
        `create or replace trigger tenantry_capture_insert after insert on "Blogs" for each row when (false) execute function tenantry.capture_change('TenantId', 'TenantId', 'BlogId')`,
        [['public.Blogs', 'capture insert', expect.stringContaining('WHEN (false)')]],
      ],
      [
        'for some columns alone',
        `drop trigger tenantry_capture_update on "Posts"; create trigger tenantry_capture_update after update of "BlogId" on "Posts" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId', 'PostId', 'TenantId')`,
        [['public.Posts', 'capture update', expect.stringContaining('UPDATE OF "BlogId"')]],
      ],
      [
        'going by another column',
        `drop trigger tenantry_capture_insert on "OldDrafts";
          create trigger tenantry_capture_insert after insert on "OldDrafts" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('Kept')`,
        [['public.OldDrafts', 'capture insert', expect.stringContaining("'Kept'")]],
      ],
      [
        'dropped with all others',
        ['insert', 'update', 'delete', 'truncate'].map((each) => `drop trigger tenantry_capture_${each} on "Notes"`).join('; '),
        ['insert', 'update', 'delete', 'truncate'].map((each) => ['public.Notes', `capture ${each}`, null] as const),
      ],
    ])('is told and mended where it is %s, and nothing is captured before', async (_, drift, expected) => {
      await world.asRoot(drift);
      await expect(world.capture()).rejects.toThrow('55000');
      const changes = await world.apply({ dryRun: true });
      expect(changes.map(({ object, item, before }) => [object, item, before])).toEqual(expected);
      await world.apply();
      expect(await world.apply({ dryRun: true })).toEqual([]);
      await world.capture();
      await world.end();
    });

    test.each([
      ['inherits', 'create table "NewDrafts" (primary key ("TenantId", "DraftId")) inherits ("Drafts")'],
      ['is a partition', `create table "EventsAfrica" partition of "Events" for values in ('africa')`],
    ])('is what a new table that %s must have before anything is captured', async (_, create) => {
      await world.asAdmin(create);
      await expect(world.capture()).rejects.toThrow('55000');
      await world.apply();
      await world.capture();
      await world.end();
    });

    test('is made anew where a table has another primary key, and nothing is captured before', async () => {
      await world.asRoot('alter table "Posts" drop constraint "Posts_pkey", add primary key ("TenantId", "PostId")');
      await expect(world.capture()).rejects.toThrow('55000');
      const changes = await world.apply();
      expect(changes.map(({ object, item, before, after }) => [object, item, before?.slice(-22), after])).toEqual(
        ['insert', 'update', 'delete'].map((each) => [
          'public.Posts',
          `capture ${each}`,
          `d', 'PostId', 'TenantId')`.slice(-22),
          'by TenantId, key TenantId, PostId',
        ]),
      );
      await world.capture();
      await world.end();
    });

    test('comes to a new partition with its table, in place of what it had itself', async () => {
      await world.asRoot(`create table "EventsAsia" (like "Events" including all);
        alter table "EventsAsia" owner to tenantry_admin;
        create trigger tenantry_capture_insert after insert on "EventsAsia" for each row when (tenantry.may_be_captured())
          execute function tenantry.capture_change('TenantId')`);
      const attach = `alter table "Events" attach partition "EventsAsia" for values in ('asia')`;
      await expect(world.asRoot(attach)).rejects.toThrow('42710');
      await world.asRoot(`drop trigger tenantry_capture_insert on "EventsAsia"; ${attach}`);
      await world.apply();
      await world.capture();
      await world.asTenant(1, `insert into "Events" values (1, 'asia', '2026-01-02', 1)`);
      expect(await world.captured()).toMatchObject([{ table: 'Events', key: { Region: 'asia' } }]);
      await world.end();
    });
  });
}
