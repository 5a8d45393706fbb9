import { describe, expect, test } from 'vitest';
import { tenantKeyFromText, type KeyType } from '../../../shardmap/key.ts';
import { sql } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, insert, read, write, entryOf } from '../../support/app-shard.ts';
import { createTestShard, shardLogins } from '../../support/postgres-shard.ts';

const engine = createPostgresEngine();
const app = useAppConnection();
const { token } = entryOf(1);

app.describeOnBothForms('the key types', () => {
  test.each<[KeyType, string]>([
    ['int', '-42'],
    ['bigint', '9007199254740993'],
    ['uuid', '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'],
    ['string', 'Zoë:7'],
    ['bytes', '00ff10'],
  ])('%s: the tenant that entered is the tenant that policies see', async (keyType, text) => {
    for (const protection of ['guarded', 'plain'] as const) {
      const typed = await createTestShard(app.server, `key_${keyType}_${protection}_${app.isPoint}`, { keyType, protection });
      const key = tenantKeyFromText(keyType, text);
      await typed.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token) values (1, ${app.isPoint ? 'point' : 'range'}, ${app.isPoint ? key.bytes : new Uint8Array()}, 'ONLINE', 1, ${token})`,
      );
      const typedApp = await engine.connect(typed.address, shardLogins.app, {
        ...app.expected,
        shardId: typed.shardId,
        incarnation: typed.incarnation,
        contextProtection: protection,
      });
      const own = { ...app.entry(1), key: key.bytes };
      await typedApp.execute(own, compiled(insert(1)), write);
      const { rows } = await typedApp.execute(
        own,
        compiled(sql`select "TenantId" = tenantry.current_tenant() as same, "TenantId"::text as tenant from "Blogs"`),
        read,
      );
      expect(rows).toEqual([{ same: true, tenant: keyType === 'bytes' ? `\\x${text}` : text }]);
      await typedApp.close();
      await typed.close();
    }
  });
});

describe('a key whose length is not its type’s', () => {
  test.each<[KeyType, string, string]>([
    ['int', 'shorter', '85'],
    ['int', 'longer', '8500000001'],
    ['bigint', 'shorter', '85000000'],
    ['uuid', 'shorter', '85'],
  ])('%s, %s: nobody’s, though the mapping has room for it', async (keyType, _, hex) => {
    const typed = await createTestShard(app.server, `length_${keyType}_${hex}`, { keyType });
    await typed.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, high, state, epoch, token)
        values (1, 'range', decode('80', 'hex'), decode('90', 'hex'), 'ONLINE', 1, ${token})`,
    );
    const typedApp = await engine.connect(typed.address, shardLogins.app, {
      ...app.expected,
      shardId: typed.shardId,
      incarnation: typed.incarnation,
    });
    const wrong = { ...app.entry(1), key: Buffer.from(hex, 'hex') };
    const tenant = typedApp.execute(wrong, compiled(sql`select tenantry.current_tenant() is null as none`), read);
    if (keyType === 'uuid') expect((await tenant).rows).toEqual([{ none: true }]);
    else await expect(tenant).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    await typedApp.close();
    await typed.close();
  });
});
