import { expect, test } from 'vitest';
import { tenantKeyFromText, type KeyType } from '../../../shardmap/key.ts';
import { sql } from '../../../src/core/sql.ts';
import { createPostgresEngine } from '../../../src/engine/postgres/postgres-engine.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, entryOf, read, write } from '../../support/app-shard.ts';
import { createTestShard, shardLogins } from '../../support/postgres-shard.ts';

const engine = createPostgresEngine();
const app = useAppConnection();
const contextValues = JSON.stringify({ userId: 'u"1', roles: ['admin', 'Zoë'] });
const brought = compiled(
  sql`select tenantry.context_value('userId') as user, tenantry.context_list('roles') as roles, tenantry.current_tenant()::text as tenant`,
);
const nothing = { user: null, roles: [] };

app.describeOnBothForms('values that a call brings besides its tenant', () => {
  test.each<[KeyType, string]>([
    ['int', '-42'],
    ['bigint', '9007199254740993'],
    ['uuid', '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'],
    ['string', 'Zoë:7'],
    ['bytes', '00ff10'],
  ])('%s: stand beside the tenant for as long as its transaction, and are nobody else’s', async (keyType, text) => {
    for (const protection of ['guarded', 'plain'] as const) {
      const typed = await createTestShard(app.server, `values_${keyType}_${protection}_${app.isPoint}`, { keyType, protection });
      const { bytes } = tenantKeyFromText(keyType, text);
      await typed.admin.query(
        sql`insert into tenantry.local_mapping (mapping_id, kind, low, state, epoch, token)
          values (1, ${app.isPoint ? 'point' : 'range'}, ${app.isPoint ? bytes : new Uint8Array()}, 'ONLINE', 1, ${entryOf(1).token})`,
      );
      const connection = await engine.connect(typed.address, shardLogins.app, {
        ...app.expected,
        shardId: typed.shardId,
        incarnation: typed.incarnation,
        contextProtection: protection,
      });
      const own = { ...app.entry(1), key: bytes };
      const tenant = keyType === 'bytes' ? `\\x${text}` : text;
      const expected = { user: 'u"1', roles: ['admin', 'Zoë'], tenant };
      for (const options of [write, read])
        expect((await connection.execute(own, brought, { ...options, contextValues })).rows).toEqual([expected]);
      expect((await connection.execute(own, brought, write)).rows).toEqual([{ ...nothing, tenant }]);
      for (const isolation of ['read committed', 'serializable'] as const) {
        const transaction = await connection.begin(own, { ...write, isolation, contextValues });
        expect((await transaction.query(brought)).rows).toEqual([expected]);
        await transaction.commit();
      }
      expect((await connection.execute(own, brought, read)).rows).toEqual([{ ...nothing, tenant }]);
      await connection.close();
      await typed.close();
    }
  });

  test('a refused entry brings nothing, and says why as any other', async () => {
    const stranger = { ...app.entry(1), token: new Uint8Array(16) };
    await expect(app.connection.execute(stranger, brought, { ...write, contextValues })).rejects.toMatchObject({
      refusal: { reason: 'BAD_TOKEN' },
    });
    expect((await app.connection.execute(app.entry(1), brought, write)).rows).toEqual([{ ...nothing, tenant: '1' }]);
  });

  const forgeries = {
    'the setting itself': sql`select set_config('backtrace_functions', 'tenantry_x80000001tenantry_x7b7d', true)`,
    'the helper that adds them': sql`select tenantry.add_context_values('{"userId":"boss"}')`,
    'the helper that sets them': sql`select tenantry.set_context('tenantry_x80000001tenantry_x7b7d'::text)`,
    'an entry without a token': sql`select tenantry.enter(1, decode('80000001', 'hex'), null, '{"userId":"boss"}')`,
    'a reading entry without a token': sql`select tenantry.enter_read_only(1, decode('80000001', 'hex'), null, '{"userId":"boss"}')`,
  };
  test.each(Object.entries(forgeries))('cannot be changed from within by %s', async (_, forgery) => {
    const attempt = async (): Promise<unknown> => {
      const transaction = await app.connection.begin(app.entry(1), { ...write, isolation: 'read committed', contextValues });
      try {
        await transaction.query(compiled(forgery));
        return (await transaction.query(brought)).rows;
      } finally {
        await transaction.rollback();
      }
    };
    await expect(attempt()).rejects.toMatchObject({ code: expect.stringMatching(/^(FORBIDDEN|STATEMENT_FAILED)$/) as string });
  });
});
