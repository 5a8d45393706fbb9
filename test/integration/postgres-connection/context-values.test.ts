import { expect, test } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { useAppConnection } from '../../support/app-connection.ts';
import { compiled, read, write } from '../../support/app-shard.ts';
import { typedTenants, withTypedTenant } from '../../support/typed-tenant.ts';

const app = useAppConnection();
const contextValues = JSON.stringify({ userId: 'u"1', roles: ['admin', 'Zoë'] });
const brought = compiled(
  sql`select tenantry.context_value('userId') as user, tenantry.context_list('roles') as roles, tenantry.current_tenant()::text as tenant`,
);
const nothing = { user: null, roles: [] };

app.describeOnBothForms('values that a call brings besides its tenant', () => {
  test.each(typedTenants)('%s: stand beside the tenant for as long as its transaction, and are nobody else’s', (...typed) =>
    withTypedTenant(app, 'values', typed, async ({ connection, own, tenant }) => {
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
    }),
  );

  test('a list is no value, and a value no list: its text would be somebody else’s', async () => {
    const mixed = sql`select tenantry.context_value('roles') as list, tenantry.context_list('userId') as one, tenantry.context_value(null) as none`;
    const { rows } = await app.connection.execute(app.entry(1), compiled(mixed), { ...read, contextValues });
    expect(rows).toEqual([{ list: null, one: [], none: null }]);
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
