import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { Login } from '../../../src/core/principal.ts';
import type { SqlDatabase } from '../../../src/core/session.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { createEngines, engineOf } from '../../../src/main/engines.ts';
import { createServices } from '../../../src/main/services.ts';
import { itemsOf, runCommand, type CommandResult } from '../../support/command-line.ts';
import type { GroundServer } from '../../support/grounds/engine-ground.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { keyStatements } from '../../support/key-statements.ts';
import { localByHand } from '../../support/shard-map-by-hand.ts';
import { configuration } from '../cli/world.ts';

/** A shard before anything of Tenantry's is there. */
interface Place {
  readonly name: string;
  readonly address: ShardAddress;
  readonly server: GroundServer;
  readonly root: SqlDatabase;
}

/* Each test goes on where the one before it ended, as an operator would. */
describeOnEachGround(
  'from an empty catalog to rows over HTTP',
  (grounds) => {
    // Logins belong to the server on SQL Server, where one that enters two databases serves no tenant: one shard there.
    const shardGrounds = grounds.firstShard === grounds.otherShards ? [grounds.firstShard] : [grounds.firstShard, grounds.otherShards];
    const prefix = `story_${randomBytes(4).toString('hex')}`;
    const users = ['app', 'superuser', 'mover', 'admin'].map((principal) => `${prefix}_${principal}`);
    const engines = createEngines();
    const services = createServices({ engines, clock: systemClock, now: () => new Date(), warn: () => undefined });
    const servers: GroundServer[] = [];
    const places: Place[] = [];
    let folder: string;
    let environment: Record<string, string>;

    const run = (
      line: string,
      more: { answers?: string[]; stop?: AbortSignal; onOutput?: (text: string) => void } = {},
    ): Promise<CommandResult> => runCommand(line.split(' '), { folder, services, environment, ...more });
    /** Tenants 1 and 11 are on the first shard, 2 and 12 on the second one where there is one. */
    const shardOf = (tenant: number): Place => places[((tenant - 1) % 10) % places.length]!;

    beforeAll(async () => {
      const catalogServer = await grounds.catalog.start();
      servers.push(catalogServer);
      for (const ground of shardGrounds) {
        const server = await ground.start();
        servers.push(server);
        const name = `shop_${servers.length - 1}`;
        const address = await server.createDatabase(name);
        await server.makeTables(address);
        places.push({ name, address, server, root: engineOf(engines, address).open(address, server.superuser) });
      }
      environment = {
        TENANTRY_CATALOG_URL: urlOf(await catalogServer.createDatabase('catalog'), catalogServer.superuser),
        TENANTRY_FLEET_KEY: Buffer.alloc(32, 5).toString('base64'),
        TENANTRY_DEVELOPMENT_KEY: Buffer.alloc(32, 6).toString('base64'),
        TENANTRY_PASSWORD: 'A password, 3 words',
      };
      folder = await mkdtemp(join(tmpdir(), 'tenantry-story-'));
      await writeFile(join(folder, 'tenantry.config.json'), configurationOf(grounds.catalog.engine, users));
    });
    afterAll(async () => {
      for (const { root } of places) await root.close();
      for (const server of servers) await server.stop(users);
      if (folder !== undefined) await rm(folder, { recursive: true });
    });

    it('makes the catalog and the map, and adds shards that it prepares itself', async () => {
      expect(await run('map create')).toMatchObject({ code: 0, err: 'Made the schema of the catalog.\n' });
      expect((await run('map create')).err).toContain('There is a shard map customers already (CONFLICT)');
      for (const { name, address, server } of places) {
        const { engine, host, port, database, tls } = address;
        const add = `shard add ${name} --engine ${engine} --host ${host} --port ${port} --database ${database} --tls ${tls}`;
        expect((await run(add)).err).toContain(`Database ${database} is not prepared to be a shard`);
        const { user, password = '' } = server.superuser;
        Object.assign(environment, { TENANTRY_BOOTSTRAP_USER: user, TENANTRY_BOOTSTRAP_PASSWORD: password });
        expect(await run(`${add} --bootstrap`)).toMatchObject({ code: 0, err: '' });
      }
      const listed = itemsOf<{ engine: string; state: string }>((await run('shard list --json')).out);
      expect(listed.map(({ engine, state }) => [engine, state])).toEqual(places.map(({ address }) => [address.engine, 'ONLINE']));
    });

    it('finds nothing to do to the policies, and mends what was taken from them', async () => {
      expect((await run('policy apply --dry-run')).code).toBe(0);
      const { name, root } = places[0]!;
      await root.query(keyStatements.unprotect());
      expect(await run('policy apply --dry-run')).toMatchObject({
        code: 2,
        out: expect.stringContaining(`shard ${name}: 1 to change`) as string,
      });
      expect((await run('policy diff')).code).toBe(2);
      expect((await run('policy plan --out plan.json')).code).toBe(2);
      const changed = expect.stringMatching(new RegExp(`^shard ${name}( \\(canary\\))?: 1 changed$`, 'm')) as string;
      expect(await run('policy apply --plan plan.json')).toMatchObject({ code: 0, out: changed });
      expect((await run('policy diff')).code).toBe(0);
      const audited = itemsOf<{ subject: string; outcome: string }>((await run('audit list --json')).out);
      expect(audited.map(({ subject, outcome }) => `${subject} ${outcome}`)).toEqual([`shard ${name} DONE`, `shard ${name} BEGUN`]);
    });

    it('places tenants, and doctor finds no problem', async () => {
      for (const tenant of [1, 2, 11])
        expect(await run(`tenant add ${tenant} --shard ${shardOf(tenant).name}`)).toMatchObject({ code: 0, err: '' });
      const { out } = await run('doctor --json');
      const problems = itemsOf<{ level: string; text: string }>(out).filter(({ level }) => level === 'problem');
      // Servers of tests may have no certificate.
      expect(problems.filter(({ text }) => !text.startsWith('This connection is not encrypted'))).toEqual([]);
    });

    it('serves each tenant its own rows over HTTP: made, read, changed, listed in pages and removed', async () => {
      const stop = new AbortController();
      const listening = Promise.withResolvers<{ readonly api: string }>();
      const served = run('serve --json', {
        stop: stop.signal,
        onOutput: (text) => listening.resolve(JSON.parse(text) as { api: string }),
      });
      const { api } = await Promise.race([listening.promise, served.then((ended) => Promise.reject(new Error(ended.err)))]);
      const call = async (tenant: number, method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> => {
        const token = (await run(`token mint ${tenant}`)).out.trim();
        const answer = await fetch(`${api}/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
      };
      for (const tenant of [1, 2, 11]) {
        for (const BlogId of [1, 2, 3])
          expect(await call(tenant, 'POST', '/Blogs', { BlogId, Name: `${tenant} wrote ${BlogId}` })).toMatchObject({ status: 201 });
      }
      for (const tenant of [1, 2, 11]) {
        expect(await call(tenant, 'GET', '/Blogs/2')).toMatchObject({ status: 200, body: { BlogId: 2, Name: `${tenant} wrote 2` } });
        expect(await call(tenant, 'GET', '/Blogs/4')).toMatchObject({ status: 404 });
      }
      expect(await call(1, 'POST', '/Blogs', { BlogId: 1, Name: 'again' })).toMatchObject({ status: 409 });
      expect(await call(1, 'POST', '/Posts', { PostId: 1, BlogId: 99 })).toMatchObject({ status: 422 });
      expect(await call(1, 'PATCH', '/Blogs/2', { Name: 'changed' })).toMatchObject({ status: 200, body: { BlogId: 2, Name: 'changed' } });
      const first = (await call(1, 'GET', '/Blogs?limit=2')).body as { data: { BlogId: number }[]; next: string };
      expect(first.data.map(({ BlogId }) => BlogId)).toEqual([1, 2]);
      const second = (await call(1, 'GET', `/Blogs?limit=2&cursor=${encodeURIComponent(first.next)}`)).body as {
        data: { BlogId: number }[];
      };
      expect(second.data.map(({ BlogId }) => BlogId)).toEqual([3]);
      expect((await call(1, 'DELETE', '/Blogs/3')).status).toBe(204);
      expect(await call(1, 'GET', '/Blogs/3')).toMatchObject({ status: 404 });
      expect(await call(11, 'GET', '/Blogs/3')).toMatchObject({ status: 200, body: { Name: '11 wrote 3' } });
      stop.abort();
      expect(await served).toMatchObject({ code: 0 });
    });

    it("takes a tenant away with its rows, and no other tenant's", async () => {
      expect((await run('tenant offline 1')).code).toBe(0);
      expect((await run('tenant remove 1 --purge', { answers: ['y'] })).code).toBe(0);
      const { root } = shardOf(11);
      expect((await root.query(localByHand.blogsOf(1))).rowCount).toBe(0);
      const eleven = (await root.query(localByHand.blogsOf(11))).rowCount;
      // The administrator of a PostgreSQL sees every row, that of a SQL Server none of a routed table.
      expect(eleven).toBe(shardOf(11).address.engine === 'mssql' ? 0 : 3);
      expect((await run('tenant where 1')).err).toContain('(UNKNOWN_TENANT)');
    });

    it('finds nothing left, and then what was changed by hand', async () => {
      expect(await run('recover')).toMatchObject({ code: 0, out: 'Nothing was left, and shards and catalog agree.\n' });
      await places[0]!.root.query(localByHand.raiseEpochs(5));
      expect(await run('recover')).toMatchObject({
        code: 2,
        out: expect.stringMatching(/^disagreement shard \w+, epoch of mapping \d+/) as string,
      });
    });
  },
  'also mixed',
);

function urlOf({ engine, host, port, database, tls }: ShardAddress, { user, password = '' }: Login): string {
  return `${engine}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}?sslmode=${tls}`;
}

function configurationOf(engine: string, users: readonly string[]): string {
  const [app, superuser, mover, admin] = users.map((user) => ({ user, password: { env: 'TENANTRY_PASSWORD' } }));
  return configuration({ catalog: { engine, url: { env: 'TENANTRY_CATALOG_URL' } }, logins: { app, superuser, mover, admin } });
}
