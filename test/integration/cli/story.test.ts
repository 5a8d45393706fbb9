import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlText } from '../../../src/core/sql.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import { createCliWorld, type CliWorld } from './world.ts';
import { itemsOf } from '../../support/command-line.ts';

let world: CliWorld;
let root: SqlDatabase;
let place: string;

beforeAll(async () => {
  world = await createCliWorld();
  root = await world.createShardDatabase('shop_a');
  place = `--host ${world.server.host} --port ${world.server.port}`;
});
afterAll(() => world.close());

/** Each test goes on where the one before it ended, as an operator would. */
describe('from an empty catalog to a row over HTTP', () => {
  test('map create --dry-run tells what is to be done and does nothing', async () => {
    const { code, out } = await world.run('map create --dry-run --json');
    expect({ code, ...JSON.parse(out) }).toEqual({
      code: 2,
      version: 1,
      done: false,
      catalog: 'missing',
      map: { name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId' },
    });
    expect((await world.run('map list')).err).toContain('INVALID_CONFIGURATION');
  });

  test('map create of a map that cannot be is refused before the catalog has a schema', async () => {
    const { code, err } = await world.run(`map create --context ${'T'.repeat(129)}`);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('a name of 1 to 63 letters') as unknown });
    expect(JSON.parse((await world.run('map create --dry-run --json')).out)).toMatchObject({ catalog: 'missing' });
  });

  test('map create makes the schema of the catalog and the map', async () => {
    const { code, out, err } = await world.run('map create');
    expect({ code, out, err }).toEqual({
      code: 0,
      out: 'Created shard map customers: list of int, context TenantId, version 0\n',
      err: 'Made the schema of the catalog.\n',
    });
    expect(itemsOf((await world.run('map list --json')).out)).toEqual([
      { name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId', version: 0 },
    ]);
  });

  test('map create a second time is a conflict', async () => {
    const { code, err } = await world.run('map create');
    expect(code).toBe(1);
    expect(err).toContain('There is a shard map customers already (CONFLICT)');
  });

  test('shard add prints the SQL for an administrator where the server was not prepared', async () => {
    const { code, out, err } = await world.run(`shard add a ${place} --database shop_a`);
    expect(code).toBe(2);
    expect(err).toContain(
      'Database shop_a is not prepared to be a shard: have this SQL run in it by an administrator of its server, or say --bootstrap',
    );
    expect(out).toContain('tenantry_definer');
    expect(out).not.toContain('a password, 3 words');
    expect(itemsOf((await world.run('shard list --json')).out)).toEqual([]);
  });

  test('shard add --bootstrap --dry-run changes nothing either', async () => {
    const { code, out } = await world.run(`shard add a ${place} --database shop_a --bootstrap --dry-run --json`);
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 2, done: false, prepared: false });
    expect((await root.query(sqlText("select from pg_roles where rolname like 'tenantry%'"))).rowCount).toBe(0);
  });

  test('shard add --bootstrap prepares it and makes it a shard', async () => {
    const { code, out, err } = await world.run(`shard add a ${place} --database shop_a --bootstrap`);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: `Done: Add shard a of map customers: database shop_a on ${world.server.host}:${world.server.port}\n`,
      err: '',
    });
    const [shard] = itemsOf((await world.run('shard list --json')).out);
    expect(shard).toMatchObject({
      name: 'a',
      engine: 'postgres',
      host: world.server.host,
      port: world.server.port,
      database: 'shop_a',
      tls: 'disable',
      state: 'ONLINE',
    });
  });

  test('a prepared database is added without --bootstrap, and a dry run only says so', async () => {
    await world.createShardDatabase('shop_b');
    expect((await world.run(`shard add b ${place} --database shop_b --dry-run`)).err).toContain('is not prepared');
    await world.run(`shard add b ${place} --database shop_b --bootstrap`);
    expect((await world.run('shard remove b --yes')).code).toBe(0);
    const dry = await world.run(`shard add b ${place} --database shop_b --dry-run`);
    expect(dry).toMatchObject({ code: 2, out: expect.stringContaining('Would be done: Add shard b of map customers') });
    expect(itemsOf((await world.run('shard list --json')).out)).toHaveLength(1);
  });

  test('policy apply finds nothing to do, because shard add did it', async () => {
    expect(await world.run('policy apply --dry-run')).toMatchObject({ code: 0, out: 'shard a: as the configuration says\n' });
  });

  test('policy apply --dry-run shows what is pending and ends with 2; policy apply does it', async () => {
    await root.query(sqlText('drop policy tenantry_tenant on "Posts"'));
    const dry = await world.run('policy apply --dry-run');
    expect(dry.code).toBe(2);
    expect(dry.out).toMatch(
      /^shard a: 1 to change\n {2}public\.Posts: .*tenantry_tenant\n {4}drop policy if exists [^\n]*\n {4}create policy/,
    );
    expect(await world.run('policy apply')).toMatchObject({ code: 0, out: expect.stringContaining('shard a: 1 changed') });
    expect((await world.run('policy apply --dry-run')).code).toBe(0);
  });

  test('tenant add places tenants, and where says where', async () => {
    expect(await world.run('tenant add 42 --shard a --dry-run')).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^Would be done: .*tenant 42/i),
    });
    expect((await world.run('tenant where 42')).err).toContain('(UNKNOWN_TENANT)');
    expect(await world.run('tenant add 42 --shard a')).toMatchObject({ code: 0, err: '' });
    expect((await world.run('tenant add -7 --shard a')).code).toBe(0);
    const where = await world.run('tenant where 42 --json');
    expect(JSON.parse(where.out)).toMatchObject({ map: 'customers', tenant: '42', shard: 'a', state: 'ONLINE' });
    expect((await world.run('tenant where 42')).out).toMatch(
      /^Tenant 42 of map customers lives on shard a: ONLINE, epoch \d+, mapping \d+\n$/,
    );
    const { out } = await world.run('tenant list');
    expect(out.split('\n').map((line) => line.split('\t').slice(0, 3))).toEqual([
      ['tenant', 'shard', 'state'],
      ['-7', 'a', 'ONLINE'],
      ['42', 'a', 'ONLINE'],
      [''],
    ]);
  });

  test('doctor finds nothing wrong', async () => {
    const { code, out } = await world.run('doctor --json');
    const findings = itemsOf<{ level: string }>(out);
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect(code).toBe(0);
    expect(findings).toContainEqual({ subject: 'catalog', level: 'ok', text: 'It answers; map customers has version 2 and 1 shard.' });
  });

  test('serve answers a minted token with its row and no other tenant’s, and ends when told to', async () => {
    const stop = new AbortController();
    const listening = Promise.withResolvers<{ readonly api: string; readonly ops: string }>();
    const served = world.run('serve --json', {
      stop: stop.signal,
      onOutput: (text) => listening.resolve(JSON.parse(text) as { api: string; ops: string }),
    });
    const { api, ops } = await Promise.race([listening.promise, served.then((ended) => Promise.reject(new Error(ended.err)))]);
    const call = async (tenant: string, path: string, request: RequestInit = {}): Promise<{ status: number; body: unknown }> => {
      const token = (await world.run(`token mint ${tenant}`)).out.trim();
      const answer = await fetch(`${api}${path}`, {
        ...request,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
      return { status: answer.status, body: await answer.json() };
    };
    expect(await call('42', '/v1/Blogs', { method: 'POST', body: JSON.stringify({ BlogId: 1, Name: 'Ann' }) })).toMatchObject({
      status: 201,
    });
    expect(await call('42', '/v1/Blogs/1')).toMatchObject({ status: 200, body: { BlogId: 1, Name: 'Ann' } });
    expect(await call('-7', '/v1/Blogs/1')).toMatchObject({ status: 404 });
    expect((await fetch(`${ops}/readyz`)).status).toBe(200);
    stop.abort();
    expect(await served).toMatchObject({ code: 0 });
    await expect(fetch(`${ops}/readyz`)).rejects.toThrow('fetch failed');
  });

  test('a tenant goes offline, online, and away with its rows, after a yes', async () => {
    expect((await world.run('tenant remove 42 --yes')).err).toMatch(/offline/i);
    expect((await world.run('tenant offline 42')).code).toBe(0);
    expect((await world.run('tenant online 42')).code).toBe(0);
    expect((await world.run('tenant offline 42')).code).toBe(0);
    const unasked = await world.run('tenant remove 42 --purge');
    expect(unasked).toMatchObject({ code: 1, out: '' });
    expect(unasked.err).toContain(
      'Remove tenant 42 and delete all of its rows? There is no terminal to ask on: say --yes (INVALID_REQUEST)',
    );
    const no = await world.run('tenant remove 42 --purge', { answers: ['n'] });
    expect(no).toMatchObject({ code: 1, err: expect.stringContaining('error: Not confirmed; nothing was done (CANCELLED)') });
    expect((await root.query(sqlText('select from "Blogs"'))).rowCount).toBe(1);
    expect((await world.run('tenant remove 42 --purge', { answers: ['y'] })).code).toBe(0);
    expect((await root.query(sqlText('select from "Blogs"'))).rowCount).toBe(0);
    expect((await world.run('tenant where 42')).err).toContain('(UNKNOWN_TENANT)');
  });

  test('recover finds nothing left, and then what was changed by hand', async () => {
    expect(await world.run('recover')).toMatchObject({ code: 0, out: 'Nothing was left, and shards and catalog agree.\n' });
    await root.query(sqlText("update tenantry.local_mapping set epoch = epoch + 5 where state = 'ONLINE'"));
    const dry = await world.run('recover --dry-run --json');
    expect(dry.code).toBe(2);
    expect(JSON.parse(dry.out)).toMatchObject({ left: [], running: [], reopenable: [], disagreements: [{ shard: 'a', what: 'epoch' }] });
    const { code, out } = await world.run('recover');
    expect(code).toBe(2);
    expect(out).toMatch(/^disagreement shard a, epoch of mapping \d+: the catalog has .*, the shard .*\n$/);
  });

  test('a catalog whose server has changed is refused, told of by doctor, and accepted by recover', async () => {
    const catalog = world.openDatabase('catalog');
    const anotherServer = sqlText("update tenantry.catalog_server set incarnation = 'of the past'");
    await catalog.query(anotherServer);
    const refused = await world.run('tenant add 9 --shard a');
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error: The catalog's server is not .* \(CATALOG_UNVERIFIED\)\n$/),
    });
    const examined = await world.run('doctor');
    expect(examined.code).toBe(2);
    expect(examined.out).toMatch(/problem {2}catalog: Its server is .*, and was of the past .*\n +run: tenantry recover\n/);
    expect(await world.run('recover')).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^disagreement .*\nrefused catalog: .*--yes.*\n$/),
    });
    const dry = await world.run('recover --dry-run --json');
    expect(JSON.parse(dry.out)).toMatchObject({ catalog: 'refused' });

    const confirmed = await world.run('recover --yes --json');
    expect(confirmed.code).toBe(2);
    expect(JSON.parse(confirmed.out)).toMatchObject({ catalog: 'accepted', compared: ['a'], disagreements: [{ what: 'epoch' }] });

    await root.query(sqlText("update tenantry.local_mapping set epoch = epoch - 5 where state = 'ONLINE'"));
    await catalog.query(anotherServer);
    const acceptable = await world.run('recover --dry-run');
    expect(acceptable).toMatchObject({ code: 2, out: 'would accept the catalog, whose server has changed\n' });
    const accepted = await world.run('recover');
    expect(accepted).toMatchObject({ code: 0, out: expect.stringMatching(/^accepted catalog: .* The shards that it knows are a; .*\n$/) });
    expect(await world.run('tenant add 9 --shard a')).toMatchObject({ code: 0 });
  });
});
