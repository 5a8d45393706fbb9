import type { Login } from '../../../src/core/principal.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import type { KeyType } from '../../../shardmap/key.ts';
import type { Need } from '../needs.ts';

/** Whether who reads sees row versions, or takes locks and waits for those of who writes. */
export type Readers = 'see versions' | 'take locks';

/** A server on which suites make databases of their own. */
export interface GroundServer {
  /** Its administrator. */
  readonly superuser: Login;
  /** Makes an empty database, whose name ends with this one. Default: its readers see versions. */
  createDatabase(name: string, readers?: Readers): Promise<ShardAddress>;
  /** Makes the tables Blogs and Posts of integer tenants in it, as somebody who knows nothing of Tenantry has them. */
  makeTables(address: ShardAddress): Promise<void>;
  /** Prepares a database to be a shard: provisioned, with the tables Blogs and Posts, not installed. Default: integer keys. */
  prepareShard(address: ShardAddress, keyType?: KeyType): Promise<void>;
  /** Nobody reaches the databases that were made here until they are brought back. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  /** Nothing of what was made stays; `logins` are those that the suite itself made. */
  stop(logins?: readonly string[]): Promise<void>;
}

/** A kind of database server for suites that are written once for all of them. */
export interface EngineGround {
  readonly engine: 'postgres' | 'mssql';
  readonly title: string;
  readonly need: Need;
  /** The kinds of readers that its databases may have. */
  readonly readers: readonly Readers[];
  start(): Promise<GroundServer>;
}

/** The tables that are routed in `prepareShard`. */
export const groundTables = [
  { table: 'Blogs', tenantColumn: 'TenantId' },
  { table: 'Posts', tenantColumn: 'TenantId' },
] as const;
