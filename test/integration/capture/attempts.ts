import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf } from '../../support/enter-by-hand.ts';
import type { PostgresServer } from '../../support/servers/postgres.ts';
import { CaptureWorld, type Captured } from './world.ts';

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

/** What app may try, by itself, to get at the log or keep its changes out of it. */
export function testAttempts(server: () => PostgresServer): void {
  describe.each([
    // The write stays that of the captured tenant.
    { protection: 'guarded', setting: 'backtrace_functions', refused: { set: denied, write: undefined } },
    // Whose it is, nobody can tell.
    { protection: 'mac', setting: 'tenantry.context', refused: { set: undefined, write: denied } },
  ] as const)('app, where tenants are kept $protection,', ({ protection, setting, refused }) => {
    let world: CaptureWorld;
    beforeAll(async () => {
      world = await CaptureWorld.create(server(), `tried_${protection}`, protection);
      await world.capture();
    });
    afterAll(() => world.close());

    test.each(Object.entries(attempts))('is refused %s', async (_, [statement, sqlState]) => {
      const client = await world.enter(1);
      expect(await refusalOf(client.query(statement))).toBe(sqlState);
      await client.end();
    });

    test.each<[way: string, value: string]>([
      ['by taking the flag out of the setting', `replace(current_setting('${setting}'), 'captured_', '')`],
      ['by a setting of its own', `'tenantry_x80000001'`],
      ['by no setting at all', `''`],
    ])('cannot keep a write out of the log %s', async (_, value) => {
      const client = await world.enter(1);
      const { rows } = await client.query<{ value: string }>(`select ${value} as value`);
      await client.query('savepoint before');
      const setRefused = await refusalOf(client.query(`set local ${setting} = '${rows[0]!.value}'`));
      if (refused.set !== undefined) await client.query('rollback to before');
      const writeRefused = await refusalOf(client.query(insert));
      await client.query('commit');
      await client.end();
      expect({ set: setRefused, write: writeRefused }).toEqual(refused);
      expect(await world.captured()).toEqual(refused.write === undefined ? [written] : []);
      await world.asRoot('delete from "Blogs"; delete from tenantry.captured_change');
    });

    test('is logged after all of it', async () => {
      await world.asTenant(1, insert);
      expect(await world.captured()).toEqual([written]);
    });
  });

  test('no capture is begun where a statement of app could change its own code between two rows', async () => {
    const world = await CaptureWorld.create(server(), 'tried_settable', 'mac');
    await world.asRoot('grant execute on function set_config(text, text, boolean) to tenantry_app');
    await expect(world.capture()).rejects.toThrow('55000');
    await world.asRoot('revoke execute on function set_config(text, text, boolean) from tenantry_app');
    await world.capture();
    await world.close();
  });
}
