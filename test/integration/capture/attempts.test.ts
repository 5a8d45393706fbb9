import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf } from '../../support/enter-by-hand.ts';
import { startPostgres, type PostgresServer } from '../../support/servers/postgres.ts';
import { CaptureWorld, type Captured } from './world.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const denied = '42501';
/** What app may say, in a transaction of tenant 1 that is captured, and by what it is refused. */
const attempts: Readonly<Record<string, readonly [statement: string, sqlState: string]>> = {
  'reading the log': ['select * from tenantry.captured_change', denied],
  'reading it as a move does': ['select * from tenantry.captured_keys(1)', denied],
  'writing to the log': [`insert into tenantry.captured_change (mapping_id, relation) values (2, '"Blogs"'::regclass)`, denied],
  'emptying the log': ['delete from tenantry.captured_change', denied],
  'truncating the log': ['truncate tenantry.captured_change', denied],
  'seeing which mappings are captured': ['select captured from tenantry.local_mapping', denied],
  'asking whether any is captured': ['select tenantry.is_capturing()', denied],
  'switching its capture off': ['select tenantry.end_capture(1)', denied],
  "switching another's on": ['select tenantry.begin_capture(2)', denied],
  'taking the flag away': ['update tenantry.local_mapping set captured = false', denied],
  'keeping a capture from being switched on': ['select from tenantry.capture for share', denied],
  'calling the function of the triggers': ['select tenantry.capture_change()', denied],
  'switching a trigger off': ['alter table "Blogs" disable trigger tenantry_capture_insert', denied],
  'dropping a trigger': ['drop trigger tenantry_capture_insert on "Blogs"', denied],
  'putting another in its place': [
    `create or replace trigger tenantry_capture_insert after insert on "Blogs" for each row when (false) execute function tenantry.capture_change('TenantId')`,
    denied,
  ],
  'changing what the triggers ask': [
    `create or replace function tenantry.may_be_captured() returns boolean language sql as 'select false'`,
    denied,
  ],
  'firing none of them': ['set local session_replication_role = replica', denied],
};
const written: Captured = { table: 'Blogs', key: { TenantId: 1, BlogId: 1 } };
const insert = `insert into "Blogs" ("BlogId", "Name") values (1, 'x')`;

describe.each([
  ['guarded', 'backtrace_functions'],
  ['mac', 'tenantry.context'],
] as const)('app, where tenants are kept %s,', (protection, setting) => {
  let world: CaptureWorld;
  beforeAll(async () => {
    world = await CaptureWorld.create(server, `tried_${protection}`, protection);
    await world.capture();
  });
  afterAll(() => world.close());

  test.each(Object.entries(attempts))('is refused %s', async (_, [statement, sqlState]) => {
    const client = await world.enter(1);
    expect(await refusalOf(client.query(statement))).toBe(sqlState);
    await client.end();
  });

  test.each<[string, string]>([
    ['by taking the flag out of the setting', `do_set replace(current_setting('${setting}'), 'captured_', '')`],
    ['by a setting of its own', `do_set 'tenantry_x80000001'`],
    ['by no setting at all', `do_set ''`],
  ])('cannot keep a write out of the log %s', async (_, forgery) => {
    const client = await world.enter(1);
    const { rows } = await client.query<{ value: string }>(`select ${forgery.replace('do_set ', '')} as value`);
    await client.query('savepoint s');
    await refusalOf(client.query(`set local ${setting} = '${rows[0]!.value}'`)).then(async (refused) => {
      if (refused !== undefined) await client.query('rollback to s');
    });
    const refused = await refusalOf(client.query(insert));
    await client.query(refused === undefined ? 'commit' : 'rollback');
    await client.end();
    // What is neither refused nor logged would be lost by a move.
    expect([refused, await world.captured()]).toEqual(refused === undefined ? [undefined, [written]] : [expect.any(String), []]);
    await world.asRoot('delete from "Blogs"; delete from tenantry.captured_change');
  });

  test('is logged after all of it', async () => {
    await world.asTenant(1, insert);
    expect(await world.captured()).toEqual([written]);
  });
});

test('no capture is begun where a statement of app could change its own code between two rows', async () => {
  const world = await CaptureWorld.create(server, 'tried_settable', 'mac');
  await world.asRoot('grant execute on function set_config(text, text, boolean) to tenantry_app');
  await expect(world.capture()).rejects.toThrow('55000');
  await world.asRoot('revoke execute on function set_config(text, text, boolean) from tenantry_app');
  await world.capture();
  await world.close();
});

describe('what captures changes of a table', () => {
  let world: CaptureWorld;
  beforeAll(async () => {
    world = await CaptureWorld.create(server, 'compared');
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
      [['public.Events', 'capture update', 'not as it was made on partition "EventsUs"']],
    ],
    ['dropped', 'drop trigger tenantry_capture_truncate on "EventsEu"', [['public.EventsEu', 'capture truncate', null]]],
    [
      'asking for something else',
      `create or replace trigger tenantry_capture_insert after insert on "Blogs" for each row when (false) execute function tenantry.capture_change('TenantId')`,
      [['public.Blogs', 'capture insert', expect.stringContaining('WHEN (false)')]],
    ],
    [
      'for some columns alone',
      `drop trigger tenantry_capture_update on "Posts"; create trigger tenantry_capture_update after update of "BlogId" on "Posts" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('TenantId')`,
      [['public.Posts', 'capture update', expect.stringContaining('UPDATE OF "BlogId"')]],
    ],
    [
      'going by another column',
      `drop trigger tenantry_capture_insert on "OldDrafts";
        create trigger tenantry_capture_insert after insert on "OldDrafts" for each row when (tenantry.may_be_captured()) execute function tenantry.capture_change('Kept')`,
      [['public.OldDrafts', 'capture insert', expect.stringContaining("'Kept'")]],
    ],
  ])('is told and mended where it is %s', async (_, drift, expected) => {
    await world.asRoot(drift);
    const changes = await world.apply({ dryRun: true });
    expect(changes.map(({ table, item, before }) => [table, item, before])).toEqual(expected);
    await world.apply();
    expect(await world.apply({ dryRun: true })).toEqual([]);
  });

  test('is made anew where a table has another primary key, and nothing is captured before', async () => {
    await world.asRoot('alter table "Posts" drop constraint "Posts_pkey", add primary key ("TenantId", "PostId")');
    await expect(world.capture()).rejects.toThrow('55000');
    const changes = await world.apply();
    expect(changes.map(({ table, item, before, after }) => [table, item, before?.slice(-22), after])).toEqual(
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
