import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import { createCliWorld, type CliWorld } from './world.ts';

let world: CliWorld;

beforeAll(async () => {
  world = await createCliWorld();
  const a = await world.createShardDatabase('shop_a');
  const place = `--host ${world.server.host} --port ${world.server.port}`;
  for (const line of ['map create', `shard add a ${place} --database shop_a --bootstrap`]) {
    const { code, err } = await world.run(line);
    if (code !== 0) throw new Error(`${line}: ${err}`);
  }
  await a.query(sqlText('create policy legacy on "Posts" for select using ("PostId" > 0)'));
  const untouched = await world.createShardDatabase('untouched');
  await untouched.query(
    sqlText('alter table "Blogs" enable row level security; create policy mine on "Blogs" using ("Name" = current_user)'),
  );
});
afterAll(() => world.close());

const legacy = {
  name: 'legacy',
  kind: 'permissive',
  command: 'select',
  roles: ['public'],
  using: '("PostId" > 0)',
  check: null,
  sql: 'create policy legacy on public."Posts" as permissive for select to public using (("PostId" > 0));',
};

describe('policy inspect', () => {
  it('gives a shard as JSON of a stated form, its model as a configuration has it', async () => {
    const { code, out } = await world.run('policy inspect --shard a --json');
    expect(code).toBe(0);
    const { version, engine, model, tables } = JSON.parse(out) as Record<string, unknown> & { tables: { table: string }[] };
    expect({ version, engine, model }).toEqual({
      version: 1,
      engine: 'postgres',
      model: { context: {}, tables: { Blogs: { tenant: 'TenantId' }, Posts: { tenant: 'TenantId' } }, policies: {} },
    });
    expect(tables).toMatchObject([
      { table: 'public.Blogs', inModel: 'Blogs', rowSecurity: 'forced', raw: [] },
      { table: 'public.Posts', inModel: 'Posts', rowSecurity: 'forced', raw: [legacy] },
    ]);
  });

  it('tells people table by table what there is', async () => {
    const { out } = await world.run('policy inspect --shard a');
    expect(out).toContain("2 tables, 2 of them as a configuration says it, with 0 policies beyond the tenant's\n");
    expect(out).toMatch(
      /\npublic\.Posts: tenant TenantId; row security forced; owner \w+\n {2}permissive legacy for select to public using \("PostId" > 0\)\n/,
    );
    expect(out).toContain('\n  granted to tenantry_app: delete, insert, select, update\n');
  });

  it('reads any database by a URL in a variable, without a configuration', async () => {
    const environment = { ...world.environment, OLD_URL: world.server.url('untouched'), TENANTRY_CONFIG: 'nowhere.json' };
    const { code, out } = await world.run('policy inspect --url OLD_URL --sql', { environment });
    expect(code).toBe(0);
    expect(out).toContain('create policy mine on public."Blogs" as permissive for all to public using (("Name" = CURRENT_USER));\n');
    expect(out).toContain('alter table public."Blogs" enable row level security;\n');
    expect(out).not.toContain('tenantry');
  });

  it('runs as the superuser of a URL nothing that somebody else has put where names without a schema are looked for', async () => {
    const untouched = world.openDatabase('untouched');
    await untouched.query(
      sqlText(`create function public.format(text, name, name) returns text language plpgsql as $$ begin
        raise exception 'run as %', current_user; end $$`),
    );
    const environment = { ...world.environment, OLD_URL: world.server.url('untouched'), TENANTRY_CONFIG: 'nowhere.json' };
    const { code, out, err } = await world.run('policy inspect --url OLD_URL --sql', { environment });
    await untouched.query(sqlText('drop function public.format(text, name, name)'));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('alter table public."Blogs" enable row level security;\n');
  });

  it('tells a table on its own line, whatever is in its name', async () => {
    const untouched = world.openDatabase('untouched');
    await untouched.query(sqlText('create table "Odd\u001b[2J\npublic.Blogs: gone" ()'));
    const environment = { ...world.environment, OLD_URL: world.server.url('untouched'), TENANTRY_CONFIG: 'nowhere.json' };
    const [people, program] = [
      await world.run('policy inspect --url OLD_URL', { environment }),
      await world.run('policy inspect --url OLD_URL --json', { environment }),
    ];
    await untouched.query(sqlText('drop table "Odd\u001b[2J\npublic.Blogs: gone"'));
    expect(people.out.split('\n')).toContain(String.raw`public.Odd\u001b[2J\u000apublic.Blogs: gone: row security off; owner postgres`);
    expect((JSON.parse(program.out) as { tables: { table: string }[] }).tables.map(({ table }) => table)).toContain(
      'public.Odd\u001b[2J\npublic.Blogs: gone',
    );
  });

  it('tells a shard by a URL in its own words', async () => {
    const environment = { ...world.environment, SHARD_URL: world.server.url('shop_a') };
    const { code, out } = await world.run('policy inspect --url SHARD_URL', { environment });
    expect(code).toBe(0);
    expect(out).toMatch(
      /^2 tables\npublic\.Blogs: row security forced; owner \w+\n {2}permissive tenantry_admin for all to tenantry_admin /,
    );
    expect(out).toContain('\n  restrictive tenantry_tenant for all to tenantry_app using ');
  });

  it('runs as the superuser of a URL nothing of a database that says it is a shard', async () => {
    const untouched = world.openDatabase('untouched');
    await untouched.query(
      sqlText(`create table public.ran (what text);
        create function public.run(what text) returns text language plpgsql as $$ begin insert into public.ran values (what); return '{}'; end $$;
        create schema tenantry;
        create view tenantry.schema_version as select 1 as version where public.run('schema_version') is not null;
        create function tenantry.current_tenant() returns integer language sql return length(public.run('current_tenant'));
        create function tenantry.context() returns integer language sql return length(public.run('context'));
        create function tenantry.policy_mark(oid, text) returns text language sql return public.run('policy_mark');
        create view tenantry.policy_model as select 'public'::text as schema_name, 'Blogs'::text as table_name, public.run('policy_model') as model;
        create view tenantry.exposed_procedure as
          select public.run('exposed') as schema_name, '' as routine_name, '' as arguments, 0::oid as routine_id;
        create policy tenantry_tenant on "Blogs" as restrictive using ("TenantId" = (select tenantry.current_tenant()));
        comment on policy tenantry_tenant on "Blogs" is 'tenantry 00000000000000000000000000000000 ';`),
    );
    const environment = { ...world.environment, OLD_URL: world.server.url('untouched'), TENANTRY_CONFIG: 'nowhere.json' };
    const { code, err } = await world.run('policy inspect --url OLD_URL', { environment });
    const { rows } = await untouched.query(sqlText('select what from public.ran'));
    await untouched.query(
      sqlText(
        'drop policy tenantry_tenant on "Blogs"; drop schema tenantry cascade; drop function public.run(text); drop table public.ran',
      ),
    );
    expect({ code, err, rows }).toEqual({ code: 0, err: '', rows: [] });
  });

  it.each([
    ['', 'Say either --shard, the name of a shard, or --url, the variable with the URL of a database'],
    ['--shard a --url OLD_URL', 'Say either --shard'],
    ['--shard a --sql --json', '--sql and --json do not go together'],
    ['--shard nope', 'The map has no shard nope; it has a'],
    ['--url postgres://me:secret@host/db', '--url is the name of a variable of the environment, which holds the URL'],
    ['--url NOT_SET', '--url names the variable NOT_SET, which is not set'],
    ['--url NO_URL', '--url names NO_URL, which is not a URL of the form postgres://'],
    ['--url SHORT_URL', '--url names SHORT_URL, which needs a password'],
  ])('is refused with %j', async (options, message) => {
    const environment = { ...world.environment, NO_URL: 'swordfish', SHORT_URL: 'postgres://me@localhost/swordfish' };
    const { code, out, err } = await world.run(`policy inspect ${options}`.trimEnd(), { environment });
    expect({ code, out: options.includes('--json') ? '' : out }).toEqual({ code: 1, out: '' });
    expect(`${out}${err}`).toContain(message);
    expect(`${out}${err}`).not.toMatch(/swordfish|secret/);
  });
});
