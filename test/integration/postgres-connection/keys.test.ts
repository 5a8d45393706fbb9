import { describe, expect, test } from 'vitest';
import type { KeyType } from '../../../shardmap/key.ts';
import { sql } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { expectationsOf } from '../../support/shard-expectations.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, insert, read, write, entryOf } from '../../support/app-shard.ts';
import { createTestShard, shardLogins } from '../../support/postgres-shard.ts';
import { typedTenants, withTypedTenant } from '../../support/typed-tenant.ts';

const engine = createPostgresEngine();
const app = useAppConnection();
const { token } = entryOf(1);

app.describeOnBothForms('the key types', () => {
  test.each(typedTenants)('%s: the tenant that entered is the tenant that policies see', (...typed) =>
    withTypedTenant(app, 'key', typed, async ({ connection, own, tenant }) => {
      await connection.execute(own, compiled(insert(1)), write);
      const { rows } = await connection.execute(
        own,
        compiled(sql`select "TenantId" = tenantry.current_tenant() as same, "TenantId"::text as tenant from "Blogs"`),
        read,
      );
      expect(rows).toEqual([{ same: true, tenant }]);
    }),
  );
});

describe('a key whose length is not its type’s', () => {
  test.each<[KeyType, string, string]>([
    ['int', 'shorter', '85'],
    ['int', 'longer', '8500000001'],
    ['bigint', 'shorter', '85000000'],
    ['uuid', 'shorter', '85'],
    ['uuid', 'longer', `85${'00'.repeat(16)}`],
  ])('%s, %s: nobody’s, though the mapping has room for it', async (keyType, _, hex) => {
    const typed = await createTestShard(app.server, `length_${keyType}_${hex}`, { keyType });
    await typed.admin.query(
      sql`insert into tenantry.local_mapping (mapping_id, kind, low, high, state, epoch, token)
        values (1, 'range', decode('80', 'hex'), decode('90', 'hex'), 'ONLINE', 1, ${token})`,
    );
    const typedApp = await engine.connect(typed.address, shardLogins.app, expectationsOf(typed));
    const wrong = { ...app.entry(1), key: Buffer.from(hex, 'hex') };
    const tenant = typedApp.execute(wrong, compiled(sql`select tenantry.current_tenant() is null as none`), read);
    await expect(tenant).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
    await typedApp.close();
    await typed.close();
  });
});
