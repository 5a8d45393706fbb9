import { systemClock } from '../../src/core/clock.ts';
import type { Login, PrincipalName } from '../../src/core/principal.ts';
import { resolveConfig, type TenantryConfig } from '../../src/config.ts';
import type { SqlDatabase } from '../../src/core/session.ts';
import { sql, sqlText } from '../../src/core/sql.ts';
import { openAdministration } from '../../src/main/administration.ts';
import { openCatalogDatabase } from '../../src/main/catalog-access.ts';
import { createEngines, engineOf } from '../../src/main/engines.ts';
import { fleetKeyFromBase64, fleetKeyName } from '../../shardmap/mapping-token.ts';
import { installCatalog } from '../../src/main/catalog.ts';
import { openTenantry, type OpenTenantry } from '../../src/main/tenantry.ts';
import { provision } from '../../src/policy/provision.ts';
import { silentObserver } from '../../src/router/router-observer.ts';
import type { ShardMapKind } from '../../shardmap/shard-map.ts';
import { startPostgres, type PostgresServer } from './servers/postgres.ts';

const password = 'a password of the fleet';

/** One shard on a server of its own. */
export interface FleetShard {
  readonly name: string;
  readonly server: PostgresServer;
  /** The server's superuser in the shard's database. */
  readonly root: SqlDatabase;
}

/** A catalog server, shard servers, and Tenantry over them as `createTenantry` joins it. */
export interface RealFleet {
  readonly tenantry: OpenTenantry;
  readonly catalog: PostgresServer;
  readonly shards: readonly FleetShard[];
  /** Tenantry once more over the same servers, as another process would have it, by other environment variables; the caller closes it. */
  open(environment?: Readonly<Record<string, string>>): Promise<OpenTenantry>;
  /** Has the catalog name another key as the fleet's, as a rotation at its end. */
  nameKey(key: string): Promise<void>;
  close(): Promise<void>;
}

interface FleetOptions {
  /** Shards, each with a server. */
  readonly shards: number;
  /** Tenants 1 to n, dealt out to the shards in turn; in a range map each shard has as many of them as come one after another. */
  readonly tenants: number;
  /** Default: list. */
  readonly kind?: ShardMapKind;
  /** Run in every shard as its admin: tables of integer tenant columns "TenantId". */
  readonly schema: string;
  readonly tables: readonly string[];
  readonly limits: NonNullable<TenantryConfig['limits']>;
  /** Flush to disk, for tests that kill servers. */
  readonly fsync: boolean;
}

/** Starts everything and adds the tenants, or ranges of them, to the map `customers`. */
export async function startFleet(options: FleetOptions): Promise<RealFleet> {
  const catalog = await startPostgres();
  const catalogUrl = await catalog.createDatabase('catalog');
  const environment = { TENANTRY_CATALOG_URL: catalogUrl, TENANTRY_FLEET_KEY: fleetKeyOf(9), TENANTRY_PASSWORD: password };
  const settings = resolveConfig(configuration(options), environment);
  const engines = createEngines();
  const database = openCatalogDatabase(engines, settings);
  await installCatalog(database, fleetKeyName(settings.fleetKey.current), false);
  await database.close();
  const administration = await openAdministration({ engines, clock: systemClock, onTrouble: () => undefined }, settings);
  const { manager } = administration;
  await manager.maps.create({ name: 'customers', kind: options.kind ?? 'list', keyType: 'int', context: 'TenantId' });

  const shards: FleetShard[] = [];
  for (let index = 0; index < options.shards; index += 1) {
    const name = `shard_${index + 1}`;
    const server = await startPostgres({ fsync: options.fsync });
    await server.createDatabase(name);
    const address = { engine: 'postgres', host: server.host, port: server.port, database: name, tls: 'disable' } as const;
    const engine = engineOf(engines, address);
    const root = engine.open(address, server);
    await provision(root, engine.provisioner, settings);
    const admin = engine.open(address, settings.logins.admin);
    await admin.query(sqlText(options.schema));
    await admin.close();
    await manager.shards.add(name, address);
    shards.push({ name, server, root });
  }
  if (options.kind === 'range') {
    const each = options.tenants / options.shards;
    for (const [index, { name }] of shards.entries())
      await manager.ranges.add({ low: index * each + 1, high: (index + 1) * each + 1 }, { shard: name });
  } else {
    for (let tenant = 1; tenant <= options.tenants; tenant += 1)
      await manager.tenants.add(tenant, { shard: `shard_${(tenant % options.shards) + 1}` });
  }
  await administration.close();

  const open: RealFleet['open'] = (more = {}) =>
    openTenantry(
      { engines, clock: systemClock, observer: silentObserver, onTrouble: () => undefined },
      resolveConfig(configuration(options), { ...environment, ...more }),
    );
  const tenantry = await open();
  return {
    tenantry,
    catalog,
    shards,
    open,
    nameKey: async (key) => {
      const name = fleetKeyName(fleetKeyFromBase64(key, 'the key'));
      const catalogDatabase = openCatalogDatabase(engines, settings);
      await catalogDatabase.query(sql`update tenantry.fleet_key set name = ${name}`);
      await catalogDatabase.close();
    },
    close: async () => {
      await tenantry.close();
      await Promise.all(shards.map(({ root }) => root.close()));
      await Promise.all([catalog.stop(), ...shards.map(({ server }) => server.stop())]);
    },
  };
}

/** A fleet key as the environment has it; that of a fleet at its start is made of nines. */
export function fleetKeyOf(byte: number): string {
  return Buffer.alloc(32, byte).toString('base64');
}

function configuration({ tables, limits, kind = 'list' }: FleetOptions): TenantryConfig {
  const login = (name: PrincipalName): { user: string; password: { env: string } } => ({
    user: `fleet_${name}` satisfies Login['user'],
    password: { env: 'TENANTRY_PASSWORD' },
  });
  return {
    catalog: { engine: 'postgres', url: { env: 'TENANTRY_CATALOG_URL' } },
    map: { name: 'customers', kind, key: 'int', context: 'TenantId' },
    logins: { app: login('app'), superuser: login('superuser'), mover: login('mover'), admin: login('admin') },
    tables: Object.fromEntries(tables.map((table) => [table, { tenant: 'TenantId' }])),
    limits,
  };
}
