import type { Login } from '../core/principal.ts';
import type { SqlDatabase } from '../core/session.ts';
import type { ShardAddress } from '../core/shard-address.ts';

/** What commands need of the rest of Tenantry; `main.ts` makes it. */
export interface Services {
  /** The time of day. */
  now(): Date;
  /** A database for the program's own work, with the engine that its address names. */
  openDatabase(address: ShardAddress, login: Login): SqlDatabase;
}
