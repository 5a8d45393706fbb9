import { mappingToken, fleetKeyFromBase64 } from '../../shardmap/mapping-token.ts';
import type { MappingKeys } from '../../shardmap/mapping.ts';
import type { InstalledShard, ShardAccess } from '../../shardmap/shard-access.ts';
import type { ShardMap } from '../../shardmap/shard-map.ts';
import type { Shard } from '../../shardmap/shard.ts';
import type { SqlDatabase, SqlSession } from '../../src/core/session.ts';
import type { ShardAddress } from '../../src/core/shard-address.ts';
import { nothingSigned } from '../../src/core/shard-signer.ts';
import type { Engine, OpenOptions } from '../../src/engine/engine.ts';
import { createMssqlEngine } from '../../src/engine/mssql/mssql-engine.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import type { FullEngine } from '../../src/main/engines.ts';
import { groundTables } from './grounds/engine-ground.ts';
import { loginsOf } from './grounds/logins.ts';
import { accepting, signerOfTests } from './accepting.ts';

const fleetKey = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'TENANTRY_FLEET_KEY');

/** Tokens of all tests of the shard map. */
export function tokenOfTests(mapName: string, mappingId: number, epoch: number): Uint8Array {
  return mappingToken(fleetKey, mapName, mappingId, epoch);
}

/** An engine for what suites do themselves; each is made when it is first needed. */
export function engineFor({ engine }: Pick<ShardAddress, 'engine'>): Engine {
  return engine === 'mssql' ? (mssql ??= createMssqlEngine()) : (postgres ??= createPostgresEngine());
}
let mssql: Engine | undefined;
let postgres: Engine | undefined;

interface TestShardAccessOptions extends OpenOptions {
  /** Where an address is to be reached, if not there. */
  readonly route?: (address: ShardAddress) => ShardAddress;
}

/** Access to shards as their admin. */
export class TestShardAccess implements ShardAccess {
  readonly #route: (address: ShardAddress) => ShardAddress;
  readonly #bounds: OpenOptions;
  readonly #databases = new Map<string, SqlDatabase>();

  constructor({ route = (address) => address, ...bounds }: TestShardAccessOptions = {}) {
    this.#route = route;
    this.#bounds = bounds;
  }

  open({ address }: Shard): SqlDatabase {
    const reached = this.#route(address);
    const name = `${reached.host}:${reached.port}/${reached.database}`;
    const opened = this.#databases.get(name) ?? engineFor(reached).open(reached, loginsOf(address).admin, this.#bounds);
    this.#databases.set(name, opened);
    return opened;
  }

  async identify(shard: Shard): Promise<string> {
    return (await this.open(shard).run<{ incarnation: string }>('engine/incarnation')).rows[0]!.incarnation;
  }

  async install(shard: Shard, { keyType }: ShardMap): Promise<InstalledShard> {
    // Imported when needed: processes that tests start are to be up at once.
    const { installShard } = await import('../../src/policy/install.ts');
    const { warnings } = await installShard(this.open(shard), await fullEngine(shard), {
      tables: groundTables,
      procedures: [],
      accepting: accepting(shard.shardId),
      keyType,
      contextProtection: 'guarded',
    });
    return { warnings, latest: nothingSigned };
  }

  async isAccepted(shard: Shard): Promise<boolean> {
    const [{ lockPolicies }, { signedNumbers }] = await Promise.all([
      import('../../src/policy/lock.ts'),
      import('../../src/policy/acceptance.ts'),
    ]);
    return this.open(shard).transaction(async (session) => {
      await lockPolicies(session);
      return (await signedNumbers(session, signerOfTests(shard.shardId))).numbers.accepted > 0;
    });
  }

  async purge(session: SqlSession, shard: Shard, { keyType }: ShardMap, keys: MappingKeys, limit: number): Promise<number> {
    const { purgeRows } = await import('../../src/policy/purge.ts');
    return purgeRows(session, await fullEngine(shard), { tables: groundTables, keyType, keys, limit });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#databases.values()].map((database) => database.close()));
  }
}

async function fullEngine({ address }: Shard): Promise<FullEngine> {
  const { createEngines, engineOf } = await import('../../src/main/engines.ts');
  return engineOf(createEngines(), address);
}
