import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { resolveConfig } from '../../../src/config.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { sqlText } from '../../../src/core/sql.ts';
import { createEngines } from '../../../src/main/engines.ts';
import { createServices } from '../../../src/main/services.ts';
import { serverDirectory } from '../../support/servers/server-directory.ts';
import { startPostgres } from '../../support/servers/postgres.ts';
import { TestIssuer } from '../../support/test-issuer.ts';

/** A server program in a process of its own. */
export interface Served {
  readonly port: number;
  readonly pid: number;
}

/** `tenantry serve` and the bare route over the same rows, and a token for each tenant from 1 on. */
export interface HttpWorld {
  readonly service: Served;
  readonly bare: Served;
  readonly tokens: readonly string[];
  close(): Promise<void>;
}

/** Starts a catalog, a shard with rows of as many tenants, the program itself as users start it, and the bare route. */
export async function startHttpWorld(tenants: number, rowsPerTenant: number): Promise<HttpWorld> {
  const [postgres, issuer] = await Promise.all([startPostgres(), new TestIssuer('https://issuer.test').start()]);
  const folder = serverDirectory('tenantry-bench-', 'SIGTERM');
  const environment = {
    TENANTRY_CATALOG_URL: await postgres.createDatabase('catalog'),
    TENANTRY_FLEET_KEY: Buffer.alloc(32, 7).toString('base64'),
    TENANTRY_PASSWORD: 'a password of the bench',
  };
  const config = configuration(issuer);
  const settings = resolveConfig(config, environment);
  const engines = createEngines();
  const services = createServices({ engines, clock: systemClock, now: () => new Date(), warn: (warning) => process.stderr.write(warning) });
  const shard = { engine: 'postgres', host: postgres.host, port: postgres.port, database: 'shop', tls: 'disable' } as const;
  const ownersUrl = await postgres.createDatabase(shard.database);
  const owner = services.openDatabase(shard, postgres);
  await owner.query(
    sqlText(`create table "Blogs" ("TenantId" integer not null, "BlogId" integer not null, "Name" text not null, primary key ("TenantId", "BlogId"));
      insert into "Blogs" select t, b, 'blog ' || b || ' of tenant ' || t from generate_series(1, ${tenants}) t, generate_series(1, ${rowsPerTenant}) b;
      analyze "Blogs"`),
  );
  await owner.close();
  await services.installCatalog(settings, false);
  await services.preparation.prepare(settings, shard, postgres, async () => undefined);
  const administration = await services.openAdministration(settings);
  const { manager } = administration;
  await manager.maps.create({ name: 'customers', kind: 'list', keyType: 'int', context: 'TenantId' });
  await manager.shards.add('shop', shard);
  for (let tenant = 1; tenant <= tenants; tenant += 1) await manager.tenants.add(tenant, { shard: 'shop' });
  await administration.close();

  const file = join(folder, 'tenantry.config.json');
  await writeFile(file, JSON.stringify(config));
  const log = join(folder, 'serve.log');
  const service = await start(['bin/tenantry.js', 'serve', '--json', '--config', file], environment, log);
  const bare = await start([new URL('bare-program.ts', import.meta.url).pathname, ownersUrl], {}, join(folder, 'bare.log'));
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const tokens = await Promise.all(Array.from({ length: tenants }, (_, index) => issuer.token({ tenant: index + 1, exp })));
  return {
    service,
    bare,
    tokens,
    close: async () => {
      await Promise.all([service.stop(), bare.stop()]);
      await Promise.all([postgres.stop(), issuer.stop()]);
    },
  };
}

function configuration(issuer: TestIssuer) {
  const login = (name: string) => ({ user: `bench_${name}`, password: { env: 'TENANTRY_PASSWORD' } });
  const { audience, keys } = issuer.settings();
  if (keys.kind !== 'jwks') throw new Error('The issuer has its keys at an address.');
  return {
    catalog: { engine: 'postgres', url: { env: 'TENANTRY_CATALOG_URL' } },
    fleetKey: { current: { env: 'TENANTRY_FLEET_KEY' } },
    map: { name: 'customers', kind: 'list', key: 'int', context: 'TenantId' },
    logins: { app: login('app'), superuser: login('superuser'), mover: login('mover'), admin: login('admin') },
    tables: { Blogs: { tenant: 'TenantId' } },
    auth: { issuers: [{ issuer: issuer.issuer, audience, jwks: keys.url.href, algorithms: ['RS256'], tenants: '*' }] },
    http: { port: 0, opsPort: 0 },
  };
}

/** A program of Node's that says on stdout, as JSON, where it listens. */
async function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  log: string,
): Promise<Served & { stop(): Promise<void> }> {
  const logFile = openSync(log, 'w');
  const child = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', logFile] }) as ChildProcessByStdio<
    null,
    Readable,
    null
  >;
  closeSync(logFile);
  const exited = once(child, 'exit');
  let output = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.endsWith('}\n')) break;
  }
  child.stdout.resume();
  if (child.pid === undefined || !output.endsWith('}\n')) throw new Error(`${args[0]} did not start: ${log}`);
  const { api } = JSON.parse(output) as { api: string };
  return {
    port: Number(new URL(api).port),
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
