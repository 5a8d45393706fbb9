import { createHash } from 'node:crypto';
import type { Login, PrincipalName } from '../../../src/core/principal.ts';
import type { ShardAddress } from '../../../src/core/shard-address.ts';
import { shardLogins } from '../shard-logins.ts';

/** The logins of a prepared shard. */
export type GroundLogins = Readonly<Record<PrincipalName, Login>>;

/** The logins by which a prepared shard is reached, whoever asks. */
export function loginsOf(address: ShardAddress): GroundLogins {
  return address.engine === 'mssql' ? mssqlLogins(address) : shardLogins;
}

/**
 * On SQL Server logins belong to the server, and one that entered two databases would serve no tenant: each database has its own.
 * Every process of a test finds them by the name of the database alone.
 */
export function mssqlLogins({ database }: Pick<ShardAddress, 'database'>): GroundLogins {
  // Of every kind that the server's rule for passwords wants.
  const password = `Aa1-${createHash('sha256').update(database).digest('hex').slice(0, 24)}`;
  const login = (principal: string): Login => ({ user: `${database}_${principal}`, password });
  return { app: login('app'), superuser: login('reports'), mover: login('mover'), admin: login('admin') };
}
