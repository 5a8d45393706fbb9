import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { configuration, createCliWorld, type CliWorld } from './world.ts';
import { itemsOf } from '../../support/command-line.ts';

let world: CliWorld;
let a: SqlDatabase;
let b: SqlDatabase;

interface Plan {
  readonly digest: string;
  readonly shards: readonly {
    name: string;
    changes: { item: string; statements: string[] }[];
    warnings: { object: string; text: string }[];
  }[];
}

beforeAll(async () => {
  world = await createCliWorld();
  a = await world.createShardDatabase('shop_a');
  b = await world.createShardDatabase('shop_b');
  const place = `--host ${world.server.host} --port ${world.server.port}`;
  for (const line of ['map create', ...['a', 'b'].map((name) => `shard add ${name} ${place} --database shop_${name} --bootstrap`)])
    await run(line);
});
afterAll(() => world.close());

async function run(line: string): Promise<string> {
  const { code, out, err } = await world.run(line);
  if (code !== 0) throw new Error(`${line}: ${err}`);
  return out;
}

const drift = async (...shards: readonly SqlDatabase[]): Promise<void> => {
  for (const shard of shards) await shard.query(sqlText('alter table "Blogs" no force row level security'));
};
const pending = async (): Promise<unknown[]> =>
  itemsOf<{ shard: string; outcome: string }>((await world.run('policy apply --dry-run --json')).out).map(
    ({ shard, outcome }) => `${shard} ${outcome}`,
  );

describe('policy plan, and policy apply of it', () => {
  beforeEach(async () => {
    await run('policy apply');
    await drift(a, b);
    const { code, out } = await world.run('policy plan --out plan.json');
    expect({ code, out }).toEqual({
      code: 2,
      out: expect.stringMatching(
        /^shard a: 1 to change, 1 to accept as it is\n {2}public\.Blogs: row security\n {4}alter table .*;\n/,
      ) as string,
    });
  });

  it('writes the statements of each shard with what its policies cannot mend, changes nothing, and is then applied', async () => {
    await a.query(sqlText('create unique index by_title on "Posts" ("Title")'));
    expect((await world.run('policy plan --out plan.json')).err).toContain('unique index by_title');
    const plan = JSON.parse(await readFile(join(world.folder, 'plan.json'), 'utf8')) as Plan;
    expect(plan).toMatchObject({ format: 'tenantry policy plan 1', version: '0.0.0', map: 'customers' });
    const forced = {
      kind: 'set',
      of: 'table',
      object: 'public.Blogs',
      item: 'row security',
      before: 'enabled',
      after: 'forced',
      statements: ['alter table "public"."Blogs" enable row level security', 'alter table "public"."Blogs" force row level security'],
    };
    const accepted = {
      kind: 'accept',
      of: 'shard',
      object: null,
      item: 'unique key public."Posts" by_title',
      before: 'added since it was accepted',
      after: 'accepted',
      statements: [],
    };
    const rest = { ...accepted, item: 'table public."Blogs"', before: 'changed since it was accepted' };
    expect(plan.shards.map(({ name, changes }) => [name, changes])).toEqual([
      ['a', [forced, rest, accepted]],
      ['b', [forced, rest]],
    ]);
    expect(plan.shards[0]?.warnings[0]).toMatchObject({ object: 'public.Posts', text: expect.stringContaining('by_title') as string });
    expect(await pending()).toEqual(['a pending', 'b pending']);
    expect((await world.run('policy apply --plan plan.json --dry-run')).code).toBe(2);
    expect(await run('policy apply --plan plan.json')).toMatch(
      /^shard a \(canary\): 1 changed, 2 accepted as it is\n(?:.*\n)+shard b: 1 changed, 1 accepted as it is\n/,
    );
    expect(await pending()).toEqual(['a already so', 'b already so']);
    const { digest } = plan;
    const audited = itemsOf<{ detail: object }>(await run('audit list --limit 4 --json'));
    expect(audited.map(({ detail }) => detail)).toEqual(Array(4).fill(expect.objectContaining({ plan: digest })));
    // To do it again is to find it done.
    expect(await run('policy apply --plan plan.json')).toContain('shard b: as the configuration says');
    await a.query(sqlText('drop index by_title'));
  });

  it('writes no plan where one would not be of all shards, and tells of each what is to be done or why it cannot be', async () => {
    for (const shard of [a, b]) await shard.query(sqlText('alter table "Posts" rename to "Elsewhere"'));
    try {
      const { code, out, err } = await world.run('policy plan --out other-plan.json');
      expect(code).toBe(1);
      expect(out).toMatch(
        /^shard a: cannot be done: The tables .*\n- public\.Posts .*\nshard b: cannot be done: The tables .*\n- public\.Posts .*\n$/,
      );
      expect(err).toMatch(
        /^Nothing is written to other-plan\.json\.\nerror: It failed on 2 shards, as told of each: a, b \(INVALID_CONFIGURATION\)/,
      );
      await a.query(sqlText('alter table "Elsewhere" rename to "Posts"'));
      const { out: json, err: failure } = await world.run('policy plan --out other-plan.json --json');
      expect(itemsOf(json)).toMatchObject([
        { shard: 'a', outcome: 'pending', changes: [{ object: 'public.Blogs' }, { of: 'shard' }] },
        { shard: 'b', outcome: 'failed', error: { code: 'INVALID_CONFIGURATION' } },
      ]);
      expect(JSON.parse(failure)).toMatchObject({ error: { code: 'INVALID_CONFIGURATION' } });
      await expect(readFile(join(world.folder, 'other-plan.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      for (const shard of [a, b]) await shard.query(sqlText('alter table if exists "Elsewhere" rename to "Posts"'));
    }
  });

  it('changes nothing anywhere where a shard is not as it was when the plan was made', async () => {
    await b.query(sqlText('grant truncate on "Posts" to tenantry_app'));
    const { code, err } = await world.run('policy apply --plan plan.json');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('On shard b: The shard has been changed since the plan was made') as string,
    });
    expect(await pending()).toEqual(['a pending', 'b pending']);
    // Of the other one alone it holds still.
    expect(await run('policy apply --plan plan.json --shard a')).toContain('shard a: 1 changed, 1 accepted as it is');
  });

  it('goes on with what was left of it', async () => {
    await run('policy apply --plan plan.json --shard a');
    expect(await run('policy apply --plan plan.json')).toMatch(
      /^shard b \(canary\): 1 changed, 1 accepted as it is\n.*\n.*\nshard a: as the configuration says\n/,
    );
  });

  it('refuses a plan that was edited, of another program, or from another configuration, before anything is changed', async () => {
    const path = join(world.folder, 'plan.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('force row level security', 'disable row level security'));
    expect(await world.run('policy apply --plan plan.json')).toMatchObject({
      code: 1,
      err: expect.stringContaining('The file plan.json was changed after it was written') as string,
    });
    await writeFile(path, text);
    expect((await world.run('policy apply --plan plan.json', { version: '0.0.1' })).err).toContain(
      'is of version 0.0.0, and this is 0.0.1',
    );
    await writeFile(join(world.folder, 'other.json'), configuration({ tables: { Blogs: { tenant: 'TenantId' } } }));
    expect((await world.run('policy apply --plan plan.json --config other.json')).err).toContain('was made from another configuration');
    expect(await pending()).toEqual(['a pending', 'b pending']);
  });

  it('shows what would be accepted of a table whose rights are set in part, in a dry run, a plan and what was done', async () => {
    await run('policy apply --plan plan.json');
    // Whom no right gives anything.
    const { user } = world.server;
    await a.query(sqlText(`grant truncate on "Blogs" to ${user} with grant option; revoke select on "Blogs" from tenantry_mover`));
    const ofShardA = (word: string, accepted: string): RegExp =>
      new RegExp(
        `^shard a( \\(canary\\))?: \\d ${word}, 1 ${accepted}\n(?:.*\n)*  ${accepted}: rights public\\."Blogs" \\(changed since it was accepted\\)\n`,
      );
    for (const line of ['policy apply --dry-run', 'policy plan --out plan.json'])
      expect(await world.run(line)).toMatchObject({
        code: 2,
        out: expect.stringMatching(ofShardA('to change', 'to accept as it is')) as string,
      });
    expect(await run('policy apply --plan plan.json')).toMatch(ofShardA('changed', 'accepted as it is'));
    await a.query(sqlText(`revoke truncate on "Blogs" from ${user}`));
  });

  it('is written over no file but another plan', async () => {
    const configured = await readFile(join(world.folder, 'tenantry.config.json'), 'utf8');
    expect(await world.run('policy plan --out tenantry.config.json')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('tenantry.config.json is there already and is no plan: give --out another file (CONFLICT)') as string,
    });
    expect(await readFile(join(world.folder, 'tenantry.config.json'), 'utf8')).toBe(configured);
    const path = join(world.folder, 'edited.json');
    for (const text of ['', '{"format": "tenantry policy plan 0", "map": "edited"}']) {
      await writeFile(path, text);
      expect((await world.run('policy plan --out edited.json')).err).not.toContain('is no plan');
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ format: 'tenantry policy plan 1' });
    }
  });

  it.each([
    ['policy apply --plan nowhere.json', 'The plan nowhere.json cannot be read (ENOENT)'],
    ['policy plan --out no/such/folder.json', 'The plan cannot be written to no/such/folder.json (ENOENT)'],
    ['policy plan', "required option '--out <file>' not specified"],
  ])('%s is refused', async (line, message) => {
    expect(await world.run(line)).toMatchObject({ code: 1, err: expect.stringContaining(message) as string });
  });
});
