import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shardLogins } from '../../support/postgres-shard.ts';
import { mutationsOf, sampleOf } from './catalog.ts';
import { harmless, ofTheShardMap, reasonOf, unseenByTriggers } from './harmless.ts';
import { readLiveObjects } from './live-objects.ts';
import { startMutationWorld, type Judgement, type MutationWorld } from './mutation-world.ts';
import { nameOf, type Mutation } from './mutation.ts';

const isWhole = process.env['TENANTRY_MUTATIONS'] === 'all';
const options = { attacks: isWhole, probes: isWhole };

let world: MutationWorld;
let mutations: readonly Mutation[];

beforeAll(async () => {
  world = await startMutationWorld();
  mutations = mutationsOf(await readLiveObjects(world.shard.root));
});
afterAll(() => world?.close());

/** All of them in the parts that are asked for (`3/8`), or one of each form. */
function chosen(): readonly Mutation[] {
  if (!isWhole) return sampleOf(mutations);
  const [part = 1, parts = 1] = (process.env['TENANTRY_MUTATIONS_PART'] ?? '1/1').split('/').map(Number);
  return mutations.filter((_, index) => index % parts === part - 1);
}

function tell({ leaks = [], caughtBy }: Judgement): string {
  return `${leaks.length > 0 ? 'leaks' : 'leaks nothing'}, ${caughtBy.length > 0 ? `caught by ${caughtBy.join(', ')}` : 'not caught'}`;
}

describe('Whatever is changed of a shard', () => {
  it(
    isWhole ? 'is caught, or listed as harmless' : 'is caught, or listed as harmless: one of each form',
    async () => {
      const open: string[] = [];
      const counts: Record<string, number> = {};
      const count = (what: string): void => {
        counts[what] = (counts[what] ?? 0) + 1;
      };
      for (const mutation of chosen()) {
        const judgement = await world.judge(mutation, options);
        const { leaks = [], caughtBy, refused } = judgement;
        count(refused === undefined ? 'made' : 'refused');
        if (refused !== undefined) continue;
        if (leaks.length > 0) count('leaking');
        for (const part of caughtBy) count(part);
        if (caughtBy.length > 0) {
          if (
            leaks.length > 0 &&
            !caughtBy.some((part) => part === 'event trigger' || part === 'comparison') &&
            !unseenByTriggers(mutation)
          )
            open.push(`${nameOf(mutation)}: no trigger saw it`);
          continue;
        }
        count('not caught');
        if (ofTheShardMap.test(nameOf(mutation))) continue;
        if (leaks.length > 0 || reasonOf(mutation) === undefined) open.push(`${nameOf(mutation)}: ${tell(judgement)}`);
      }
      if (isWhole) process.stdout.write(`${JSON.stringify(counts)}\n`);
      expect(open).toEqual([]);
    },
    isWhole ? 4 * 3_600_000 : 480_000,
  );

  it('is of so many forms as docs/isolation.md says', () => {
    const lines = [...Map.groupBy(mutations, ({ kind }) => kind)].map(
      ([kind, of]) => `| ${kind} | ${new Set(of.map(({ form }) => form)).size} |`,
    );
    expect(readFileSync(new URL('../../../docs/isolation.md', import.meta.url), 'utf8')).toContain(lines.join('\n'));
  });

  it('is listed as harmless for a form that there is', () => {
    expect(
      harmless.filter(({ matches }) => !mutations.some((mutation) => matches.test(nameOf(mutation)))).map(({ matches }) => matches.source),
    ).toEqual([]);
  });
});

describe('The judge', () => {
  const shown: readonly (readonly [string, string, string, Judgement['caughtBy']])[] = [
    [
      'a policy is dropped',
      'drop policy tenantry_tenant on "Blogs"',
      'shop_app: select public."Blogs"',
      ['fingerprint', 'gate query', 'probes', 'event trigger'],
    ],
    [
      'a policy admits more',
      'alter policy tenantry_rows_owned on "Projects" using (true)',
      'entered, shop_app: select public."Projects"',
      ['fingerprint', 'gate query', 'probes', 'event trigger'],
    ],
    [
      'a login bypasses row security',
      'alter role shop_app bypassrls',
      'shop_app: select public."Blogs"',
      ['fingerprint', 'gate query', 'probes'],
    ],
    [
      'the tokens may be read',
      'grant select on tenantry.local_mapping to tenantry_app',
      'shop_app: select tenantry.local_mapping',
      ['fingerprint', 'gate query', 'event trigger'],
    ],
    [
      'a view shows all',
      'create view seen as select * from "Blogs"; grant select on seen to public',
      'shop_app: select public.seen',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a trigger keeps copies where everybody reads',
      'create trigger kept before delete on "Events" for each row execute function keep_copy()',
      'shop_app: select public."Countries"',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a check keeps copies where everybody reads',
      'alter table "Blogs" add constraint kept check (remember("Name")) not valid',
      'shop_app: select public."Countries"',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a function that nobody calls is called by another',
      `create or replace function told_of() returns text language sql as $$ select string_agg("Text", ',') from public."Ledger" $$`,
      'shop_app: call tell()',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a view that nobody reads is read by a function',
      `create or replace view "Told" as select "Text" from public."Ledger"`,
      'shop_app: call tell_more()',
      ['fingerprint', 'event trigger'],
    ],
    [
      'an operator that a function uses has another for its negator',
      "update pg_operator set oprnegate = 'public.<<=>>(integer,integer)'::regoperator where oid = 'public.<!>(integer,integer)'::regoperator",
      'shop_app: call tell_by_negator()',
      ['fingerprint'],
    ],
    [
      'an aggregate that a function uses begins with something',
      "create or replace aggregate own_texts(integer, text) (sfunc = add_own, stype = text, initcond = 'all: ')",
      'shop_app: call tell_by_aggregate()',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a domain gives what a function writes another tenant',
      'alter domain whose set default 2',
      'shop_app: call give()',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a function in the schema of the server shows all',
      'create function pg_catalog.seen() returns setof text language sql security definer as $$ select "Name" from public."Blogs" $$',
      'shop_app: call seen()',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a view in the schema of the standard shows all',
      'create view information_schema.seen as select * from public."Blogs"; grant select on information_schema.seen to public',
      'shop_app: select information_schema.seen',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a view of the server shows all',
      `set local allow_system_table_mods = on; create or replace view pg_catalog.pg_cursors as select (select string_agg("Name", ',') from public."Blogs") as name, null::text as statement, false as is_holdable, false as is_binary, false as is_scrollable, now() as creation_time`,
      'shop_app: a view of the server',
      ['fingerprint', 'event trigger'],
    ],
    [
      'an operator of the server means another',
      `update pg_operator set oprcode = 'int4le'::regproc where oid = '=(integer,integer)'::regoperator`,
      'entered, shop_app: update public."Blogs"',
      ['fingerprint'],
    ],
    [
      'a foreign key deletes what is of another tenant',
      `alter table "Blogs" add column "Led" integer generated by default as identity, add unique ("Led");
       create table led ("TenantId" integer not null, "Of" integer references "Blogs" ("Led") on delete cascade); insert into led values (2, 1)`,
      'entered, shop_app: delete public."Blogs"',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a user mapping makes somebody else of app',
      `alter user mapping for shop_app server far options (set user '${shardLogins.superuser.user}', set password '${shardLogins.superuser.password}')`,
      'shop_app: select public."Far"',
      ['fingerprint', 'event trigger'],
    ],
    [
      'a view over a foreign table goes by another column',
      `alter foreign table "FarBlogs" alter column "Whose" options (set column_name 'BlogId')`,
      'entered, shop_app: select public."FarOwn"',
      ['fingerprint', 'event trigger'],
    ],
    [
      'reports may write',
      'create policy mine on "Blogs" for delete to tenantry_superuser using (true); grant delete on "Blogs" to tenantry_superuser',
      'shop_reports: delete public."Blogs"',
      ['fingerprint', 'probes', 'event trigger'],
    ],
    [
      'reports may make a trigger on a part, which runs for whoever writes',
      'grant trigger on "Events1" to shop_reports',
      'shop_reports: trigger on public."Events1"',
      ['fingerprint', 'event trigger'],
    ],
    [
      'reports may become who watches',
      'grant tenantry_watcher to shop_reports',
      'shop_reports: alter tenantry_watch.change_log',
      ['fingerprint'],
    ],
  ];

  it('finds nothing where nothing was changed', async () => {
    expect(await world.judge({ kind: '', object: '', form: '', statement: 'select 1' }, { probes: true })).toEqual({
      leaks: [],
      caughtBy: [],
    });
  });

  it.each(['comment on table "Blogs" is \'x\'', 'alter table "Blogs" add column "More" text', 'create table other ()'])(
    'sees nobody told where nothing that protects was changed: %s',
    async (statement) => {
      expect(await world.judge({ kind: '', object: '', form: '', statement })).toEqual({ leaks: [], caughtBy: [] });
    },
  );

  it('judges where the language of its own functions has another name', async () => {
    const judgement = await world.judge({ kind: '', object: '', form: '', statement: 'alter language sql rename to another' });
    expect(judgement).toMatchObject({ leaks: [], caughtBy: expect.arrayContaining(['fingerprint']) });
  });

  it.each(shown)('sees what leaks where %s, and it is caught', async (_, statement, leak, caughtBy) => {
    const judgement = await world.judge({ kind: '', object: '', form: '', statement }, { probes: caughtBy.includes('probes') });
    expect(judgement.leaks).toContain(leak);
    expect(judgement.caughtBy).toEqual(caughtBy);
  });
});
