import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { refusalOf } from '../../support/enter-by-hand.ts';
import type { PostgresServer } from '../../support/servers/postgres.ts';
import { CaptureWorld } from './world.ts';

/** What a move reads, and whom it waits for before. */
export function testReading(server: () => PostgresServer): void {
  let world: CaptureWorld;
  beforeAll(async () => {
    world = await CaptureWorld.create(server(), 'read');
  });
  afterAll(() => world.close());

  describe('reading the log', () => {
    afterEach(() => world.end());

    /** What is new since a reading, and where this one ended. */
    const read = async (since: string | null): Promise<{ keys: unknown[]; snapshot: string }> => {
      const client = new pg.Client({ connectionString: server().url('read') });
      await client.connect();
      await client.query('begin isolation level repeatable read');
      const { rows } = await client.query<{ key: unknown }>(
        `select key->'BlogId' as key from tenantry.captured_keys(1, $1::pg_snapshot) order by 1`,
        [since],
      );
      const at = await client.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot');
      await client.end();
      return { keys: rows.map(({ key }) => key), snapshot: at.rows[0]!.snapshot };
    };

    test('finds what commits late once, however many have committed before it', async () => {
      await world.capture();
      const late = await world.enter(1);
      await late.query(`insert into "Blogs" ("BlogId", "Name") values (60, 'late')`);
      await world.asTenant(1, `insert into "Blogs" ("BlogId", "Name") values (61, 'early')`);
      const first = await read(null);
      const second = await read(first.snapshot);
      await late.query('commit');
      await late.end();
      await world.asTenant(1, `insert into "Blogs" ("BlogId", "Name") values (62, 'after')`);
      const third = await read(second.snapshot);
      const fourth = await read(third.snapshot);
      expect([first, second, third, fourth].map(({ keys }) => keys)).toEqual([[61], [], [60, 62], []]);
    });

    const writers = async (): Promise<number> =>
      (await world.shard.admin.query(sqlText('select * from tenantry.uncaptured_writers(1)'))).rows.length;

    test('waits for whoever was inside before: a tenant who has entered, and admin who has written', async () => {
      const inside = await world.enter(1);
      const outside = await world.enter(2);
      const admin = new pg.Client({ connectionString: server().url('read') });
      await admin.connect();
      await admin.query(`begin; update "Blogs" set "Name" = 'y' where "BlogId" = 61`);
      await world.capture();
      expect(await writers()).toBe(2);
      await inside.query(`insert into "Blogs" ("BlogId", "Name") values (70, 'not logged'); commit`);
      expect([await writers(), await world.captured()]).toEqual([1, []]);
      await admin.query('commit');
      expect(await writers()).toBe(0);
      await Promise.all([inside.end(), outside.end(), admin.end()]);
    });

    test('refuses a write whose snapshot is older than the capture, and which could not see it', async () => {
      const admin = new pg.Client({ connectionString: server().url('read') });
      await admin.connect();
      await admin.query('begin isolation level repeatable read; select 1');
      await world.capture();
      expect([await writers(), await refusalOf(admin.query(`update "Blogs" set "Name" = 'z' where "BlogId" = 61`))]).toEqual([0, '40001']);
      await admin.end();
    });

    test('is not begun for a mapping that is not there', async () => {
      await expect(world.capture(12_345)).rejects.toThrow('P0002');
    });
  });
}
