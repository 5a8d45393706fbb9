import { tenantKeyFromText, type KeyType } from '../../shardmap/key.ts';
import { contextProtections } from '../../src/core/context-protection.ts';
import { sql } from '../../src/core/sql.ts';
import type { EngineConnection } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { signerOfTests } from './accepting.ts';
import { createPostgresEngine } from '../../src/engine/postgres/postgres-engine.ts';
import type { useAppConnection } from './app-connection.ts';
import { createTestShard, shardLogins } from './postgres-shard.ts';

/** One tenant for each type of key, by its canonical text. */
export const typedTenants: readonly (readonly [KeyType, string])[] = [
  ['int', '-42'],
  ['bigint', '9007199254740993'],
  ['uuid', '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'],
  ['string', 'Zoë:7'],
  ['bytes', '00ff10'],
];

/** The tenant of a shard of its key's type. */
interface TypedTenant {
  readonly connection: EngineConnection;
  /** What a router shows for it. */
  readonly own: Entry;
  /** As PostgreSQL writes it. */
  readonly tenant: string;
}

/** Has `use` work with a tenant on a new shard of its key's type, with each protection, entered as the tests that run say. */
export async function withTypedTenant(
  app: ReturnType<typeof useAppConnection>,
  name: string,
  [keyType, text]: readonly [KeyType, string],
  use: (tenant: TypedTenant) => Promise<void>,
): Promise<void> {
  for (const protection of contextProtections) {
    const shard = await createTestShard(app.server, `${name}_${keyType}_${protection}_${app.isPoint}`, { keyType, protection });
    try {
      const { bytes } = tenantKeyFromText(keyType, text);
      const own = { ...app.entry(1), key: bytes };
      const [kind, low] = app.isPoint ? ['point', bytes] : ['range', new Uint8Array()];
      await shard.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
          values (1, ${kind}, ${low}, 'ONLINE', 1, ${own.token})`,
      );
      const { address, shardId, incarnation } = shard;
      const expected = { ...app.expected, shardId, incarnation, signer: signerOfTests(shardId), contextProtection: protection };
      const connection = await createPostgresEngine().connect(address, shardLogins.app, expected);
      try {
        await use({ connection, own, tenant: keyType === 'bytes' ? `\\x${text}` : text });
      } finally {
        await connection.close();
      }
    } finally {
      await shard.close();
    }
  }
}
