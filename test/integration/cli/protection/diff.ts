import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlText } from '../../../../src/core/sql.ts';
import { itemsOf } from '../../../support/command-line.ts';
import type { SqlDatabase } from '../../../../src/core/session.ts';
import type { CliWorld } from '../world.ts';
import type { TwoShards } from './two-shards.ts';

interface Line {
  readonly shard: string;
  readonly of: string;
  readonly object: string | null;
  readonly state: string;
  readonly what: string;
  readonly items: readonly { item: string; state: string; before: string | null; after: string | null }[];
}

/** How each shard stands to the configuration, and to what was accepted of it. */
export function testDiff(fleet: () => TwoShards): void {
  let world: CliWorld;
  let catalog: SqlDatabase;
  let a: SqlDatabase;
  let b: SqlDatabase;
  beforeAll(() => {
    ({ world, catalog, a, b } = fleet());
  });

  async function diff(options = ''): Promise<{ code: number; lines: Line[]; states: string[]; err: string }> {
    const { code, out, err } = await world.run(`policy diff --json ${options}`);
    const lines = out === '' ? [] : itemsOf<Line>(out);
    return {
      code,
      lines,
      err,
      states: lines.map(({ shard, of, object, state }) => [shard, of, ...(object === null ? [] : [object]), state].join(' ')),
    };
  }

  describe('policy diff', () => {
    beforeEach(async () => {
      expect((await world.run('policy apply')).code).toBe(0);
    });

    it('finds everything the same after policy apply, and ends with 0', async () => {
      const { code, out, err } = await world.run('policy diff');
      expect({ code, out, err }).toEqual({
        code: 0,
        out: `shard\tof\tobject\tstate\twhat\n${['a', 'b'].flatMap((shard) => ['table\tpublic.Blogs', 'table\tpublic.Posts', 'shard\t'].map((line) => `${shard}\t${line}\tsame\t\n`)).join('')}`,
        err: '6 same\n',
      });
    });

    it('tells what is different, what lacks on the shard and what is there besides, and changes nothing', async () => {
      await a.query(sqlText('alter table "Blogs" no force row level security; grant truncate on "Blogs" to tenantry_app'));
      await a.query(sqlText('drop policy tenantry_superuser on "Posts"'));
      await b.query(sqlText('create policy tenantry_own on "Blogs" as restrictive to tenantry_app using (true)'));
      await b.query(sqlText('alter table "Posts" no force row level security; drop policy tenantry_mover on "Posts"'));
      const { code, states, lines, err } = await diff();
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(states).toEqual([
        'a table public.Blogs different',
        'a table public.Posts missing',
        'a shard different',
        'b table public.Blogs extra',
        'b table public.Posts different',
        'b shard different',
      ]);
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
      expect(lines[3]?.what).toBe('policy tenantry_own is not in the model: restrictive all to tenantry_app using true check none');
      expect((await diff()).lines).toEqual(lines);
    });

    it('names tables that are missing, and those that look routed', async () => {
      await a.query(sqlText('alter table "Posts" rename to "Old"'));
      await a.query(sqlText('create table "Later" ("TenantId" integer, "Id" integer); create table "Others" ("Id" integer)'));
      const { states, lines } = await diff('--shard a');
      expect(states).toEqual([
        'a table public.Blogs same',
        'a table public.Later extra',
        'a table public.Old extra',
        'a table public.Posts missing',
        'a shard different',
      ]);
      expect(lines.slice(1, -1).map(({ what }) => what)).toEqual([
        "It is not in the configuration, and has policies of Tenantry's and a column TenantId.",
        "It is not in the configuration, and has policies of Tenantry's and a column TenantId.",
        'It does not exist in the shard.',
      ]);
      await a.query(sqlText('drop table "Later", "Others"; alter table "Old" rename to "Posts"'));
    });

    it('tells why a table does not fit, and then what differs', async () => {
      await a.query(sqlText('alter table "Posts" drop constraint "Posts_pkey"; drop policy tenantry_superuser on "Posts"'));
      try {
        const { lines } = await diff('--shard a --table Posts');
        expect(lines[0]?.what).toMatch(
          /^It has no index that begins with its tenant column TenantId: every statement would read all tenants' rows\. Besides: policy tenantry_superuser is missing; capture /,
        );
      } finally {
        await a.query(sqlText('alter table "Posts" add primary key ("TenantId", "PostId")'));
      }
    });

    it('reads the other shards where one cannot be read, and says why', async () => {
      const moveTo = (database: string): Promise<unknown> =>
        catalog.query(sqlText(`update tenantry.shard set database = '${database}' where name = 'a'`));
      await moveTo('nowhere');
      try {
        const { code, lines, states, err } = await diff();
        expect({ code, states }).toEqual({
          code: 1,
          states: ['a shard unreadable', 'b table public.Blogs same', 'b table public.Posts same', 'b shard same'],
        });
        expect(lines[0]?.what).toMatch(/\(SHARD_UNAVAILABLE\)$/);
        expect(JSON.parse(err)).toMatchObject({ version: 1, error: { code: 'SHARD_UNAVAILABLE' } });
      } finally {
        await moveTo('shop_a');
      }
    });

    it('tells of a shard that is not accepted what nobody accepted of it, whatever it is of', async () => {
      await a.query(sqlText('create view "All" with (security_invoker) as select * from "Blogs"; grant select on "All" to tenantry_app'));
      try {
        const { code, states, lines } = await diff('--shard a');
        expect({ code, states }).toEqual({
          code: 2,
          states: ['a table public.Blogs same', 'a table public.Posts same', 'a shard different'],
        });
        const [line] = lines.slice(-1);
        expect(line?.what).toBe(
          'It may serve no tenants: what protects its tenants was changed and not accepted: rights public."All" (added), view public."All" (added).',
        );
        expect(line?.items).toEqual(
          ['rights', 'view'].map((kind) => ({
            item: `${kind} public."All"`,
            state: 'extra',
            before: 'added since it was accepted',
            after: null,
          })),
        );
        expect(await diff('--shard a --table Blogs')).toMatchObject({
          code: 2,
          states: ['a table public.Blogs same', 'a shard different'],
        });
        const { code: pending, out } = await world.run('policy apply --shard a --dry-run');
        expect({ pending, out }).toEqual({
          pending: 2,
          out: 'shard a: 2 to accept as it is\n  to accept as it is: rights public."All" (added since it was accepted)\n  to accept as it is: view public."All" (added since it was accepted)\n',
        });
      } finally {
        await a.query(sqlText('drop view "All"'));
      }
    });

    it('shows one table where one is named, and refuses a name that is none', async () => {
      expect((await diff('--table Blogs --shard b')).states).toEqual(['b table public.Blogs same', 'b shard same']);
      expect((await diff('--table public.Posts')).states).toEqual([
        'a table public.Posts same',
        'a shard same',
        'b table public.Posts same',
        'b shard same',
      ]);
      expect(await diff('--table Nothing')).toMatchObject({
        code: 1,
        err: expect.stringContaining('There is no table or procedure Nothing') as string,
      });
      expect(await diff('--shard z')).toMatchObject({ code: 1, err: expect.stringContaining('The map has no shard z') as string });
    });
  });
}
