import { mappingToken, type FleetKey } from '../../../../shardmap/mapping-token.ts';
import { tenantKey } from '../../../../shardmap/key.ts';
import type { SqlSession } from '../../../../src/core/session.ts';
import { sql } from '../../../../src/core/sql.ts';
import type { Entry } from '../../../../src/engine/entry.ts';

const fleetKey = new Uint8Array(32).fill(7) as FleetKey;

/** What a router would present for a tenant whose mapping has the tenant's number. */
export function entryOf(tenant: number, epoch = 5): Entry {
  return { mappingId: tenant, key: tenantKey('int', tenant).bytes, epoch, token: mappingToken(fleetKey, 'customers', tenant, epoch) };
}

/** Makes a transaction a tenant's. */
export async function enter(session: SqlSession, tenant: number, claims: Partial<Entry> = {}): Promise<void> {
  const { mappingId, key, epoch, token } = { ...entryOf(tenant), ...claims };
  await session.query(sql`EXEC [tenantry].[enter] ${mappingId}, ${key}, ${epoch}, ${token}`);
}

/** The same as a text, which a batch without parameters can begin with, for a call that brings values besides its tenant or none. */
export function enterText(tenant: number, claims: Partial<Entry> = {}, contextValues?: string): string {
  const { mappingId, key, epoch, token } = { ...entryOf(tenant), ...claims };
  const values = contextValues === undefined ? '' : `, N'${contextValues}'`;
  return `EXEC [tenantry].[enter] ${mappingId}, ${hex(key)}, ${epoch}, ${hex(token)}${values};`;
}

/** Bytes as a literal of T-SQL. */
export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
