import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createCliWorld, type CliWorld } from './world.ts';

let world: CliWorld;
let catalog: SqlDatabase;
let a: SqlDatabase;
let b: SqlDatabase;

interface Line {
  readonly shard: string;
  readonly table: string | null;
  readonly state: string;
  readonly what: string;
  readonly items: readonly { item: string; state: string; before: string | null; after: string | null }[];
}

beforeAll(async () => {
  world = await createCliWorld();
  a = await world.createShardDatabase('shop_a');
  b = await world.createShardDatabase('shop_b');
  const place = `--host ${world.server.host} --port ${world.server.port}`;
  for (const line of ['map create', ...['a', 'b'].map((name) => `shard add ${name} ${place} --database shop_${name} --bootstrap`)]) {
    const { code, err } = await world.run(line);
    if (code !== 0) throw new Error(`${line}: ${err}`);
  }
  catalog = world.openDatabase('catalog');
});
afterAll(() => world.close());

async function diff(options = ''): Promise<{ code: number; lines: Line[]; states: string[]; err: string }> {
  const { code, out, err } = await world.run(`policy diff --json ${options}`);
  const lines = out === '' ? [] : (JSON.parse(out) as Line[]);
  return { code, lines, err, states: lines.map(({ shard, table, state }) => `${shard} ${table} ${state}`) };
}

describe('policy diff', () => {
  beforeEach(async () => {
    expect((await world.run('policy apply')).code).toBe(0);
  });

  it('finds everything the same after policy apply, and ends with 0', async () => {
    const { code, out, err } = await world.run('policy diff');
    expect({ code, out, err }).toEqual({
      code: 0,
      out: 'shard\ttable\tstate\twhat\na\tpublic.Blogs\tsame\t\na\tpublic.Posts\tsame\t\nb\tpublic.Blogs\tsame\t\nb\tpublic.Posts\tsame\t\n',
      err: '4 same\n',
    });
  });

  it('tells what is different, what lacks on the shard and what is there besides, and changes nothing', async () => {
    await a.query(sqlText('alter table "Blogs" no force row level security; grant truncate on "Blogs" to tenantry_app'));
    await a.query(sqlText('drop policy tenantry_superuser on "Posts"'));
    await b.query(sqlText('create policy tenantry_own on "Blogs" as restrictive to tenantry_app using (true)'));
    await b.query(sqlText('alter table "Posts" no force row level security; drop policy tenantry_mover on "Posts"'));
    const { code, states, lines, err } = await diff();
    expect({ code, err }).toEqual({ code: 2, err: '2 different, 1 missing, 1 extra\n' });
    expect(states).toEqual(['a public.Blogs different', 'a public.Posts missing', 'b public.Blogs extra', 'b public.Posts different']);
    expect(lines[0]?.items).toEqual([
      { item: 'row security', state: 'different', before: 'enabled', after: 'forced' },
      {
        item: 'rights of tenantry_app',
        state: 'different',
        before: 'delete, insert, select, truncate, update',
        after: 'delete, insert, select, update',
      },
    ]);
    expect(lines[1]?.what).toBe('policy tenantry_superuser is missing');
    expect(lines[2]?.what).toBe('policy tenantry_own is not in the model: restrictive all to tenantry_app using true check none');
    expect((await diff()).lines).toEqual(lines);
  });

  it('names tables that are missing, and those that look routed', async () => {
    await a.query(sqlText('alter table "Posts" rename to "Old"'));
    await a.query(sqlText('create table "Later" ("TenantId" integer, "Id" integer); create table "Others" ("Id" integer)'));
    const { states, lines } = await diff('--shard a');
    expect(states).toEqual(['a public.Blogs same', 'a public.Later extra', 'a public.Old extra', 'a public.Posts missing']);
    expect(lines.slice(1).map(({ what }) => what)).toEqual([
      "It has policies of Tenantry's, and is not in the configuration.; It has a column TenantId, and is not in the configuration.",
      "It has policies of Tenantry's, and is not in the configuration.; It has a column TenantId, and is not in the configuration.",
      'It does not exist in the shard.',
    ]);
    await a.query(sqlText('drop table "Later", "Others"; alter table "Old" rename to "Posts"'));
  });

  it('reads the other shards where one cannot be read, and says why', async () => {
    const moveTo = (database: string): Promise<unknown> =>
      catalog.query(sqlText(`update tenantry.shard set database = '${database}' where name = 'a'`));
    await moveTo('nowhere');
    try {
      const { code, lines, states } = await diff();
      expect({ code, states }).toEqual({ code: 2, states: ['a null unreadable', 'b public.Blogs same', 'b public.Posts same'] });
      expect(lines[0]?.what).toMatch(/\(SHARD_UNAVAILABLE\)$/);
    } finally {
      await moveTo('shop_a');
    }
  });

  it('shows one table where one is named, and refuses a name that is none', async () => {
    expect((await diff('--table Blogs --shard b')).states).toEqual(['b public.Blogs same']);
    expect((await diff('--table public.Posts')).states).toEqual(['a public.Posts same', 'b public.Posts same']);
    expect(await diff('--table Nothing')).toMatchObject({ code: 1, err: expect.stringContaining('has a table Nothing') as string });
    expect(await diff('--shard z')).toMatchObject({ code: 1, err: expect.stringContaining('The map has no shard z') as string });
  });
});
