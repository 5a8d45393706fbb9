import pg from 'pg';
import { TenantryError } from '../../src/core/errors.ts';
import type { Row, SqlResult } from '../../src/core/session.ts';
import { compileSql, type Sql } from '../../src/core/sql.ts';
import { postgresDialect } from '../../src/engine/postgres/postgres-dialect.ts';
import { toEngineError } from '../../src/engine/postgres/postgres-errors.ts';
import type { QueryOptions, Router } from '../../src/router/router.ts';
import { tenantKey, type KeyType, type TenantId } from '../../shardmap/key.ts';
import { shardLogins, type TestShard } from './postgres-shard.ts';

const token = Buffer.alloc(16, 7);

/** A router to one shard, statement by statement: what the service needs of one, without cache, pool and retries. */
export interface DirectRouter extends Pick<Router, 'query'> {
  /** Gives a tenant a mapping on the shard. */
  addTenant(tenant: TenantId): Promise<void>;
  close(): Promise<void>;
}

export function createDirectRouter(shard: TestShard, keyType: KeyType): DirectRouter {
  const pool = new pg.Pool({ ...shard.address, ...shardLogins.app, ssl: false, max: 4 });
  const mappings = new Map<string, number>();
  return {
    addTenant: async (tenant) => {
      const { text, bytes } = tenantKey(keyType, tenant);
      mappings.set(text, mappings.size + 1);
      const client = new pg.Client({ ...shard.address, ...shardLogins.admin, ssl: false });
      await client.connect();
      await client.query(
        "insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values ($1, 'point', $2, 'ONLINE', 1, $3)",
        [mappings.size, Buffer.from(bytes), token],
      );
      await client.end();
    },
    query: async <R extends Row>(
      tenant: TenantId,
      statement: Sql,
      { readOnly = false, signal }: QueryOptions = {},
    ): Promise<SqlResult<R>> => {
      if (signal?.aborted === true) throw new TenantryError('CANCELLED');
      const { text, bytes } = tenantKey(keyType, tenant);
      const mappingId = mappings.get(text);
      if (mappingId === undefined) throw new TenantryError('UNKNOWN_TENANT');
      const client = await pool.connect();
      try {
        await client.query('begin');
        await client.query(`select tenantry.${readOnly ? 'enter_read_only' : 'enter'}($1, $2, 1, $3)`, [
          mappingId,
          Buffer.from(bytes),
          token,
        ]);
        const compiled = compileSql(statement, postgresDialect);
        const { rows, rowCount } = await client.query<R>(compiled.text, [...compiled.values]);
        await client.query('commit');
        return { rows, rowCount: rowCount ?? 0 };
      } catch (error) {
        await client.query('rollback');
        throw toEngineError(error);
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}
