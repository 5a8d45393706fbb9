import { sql, type Tenantry } from '../../../src/index.ts';
import type { Narrator } from '../narrator.ts';

/** Tenants, each with its own users. */
export async function tellTenants(tenantry: Tenantry, narrator: Narrator): Promise<void> {
  narrator.chapter('The tenants');
  for (const [tenant, name] of [
    [1, 'John'],
    [2, 'Sarah'],
    [3, 'Sue'],
  ] as const) {
    narrator.code(`tenantry.query(${tenant}, sql\`select name from users\`)`);
    const { rows } = await tenantry.query(tenant, sql`select name from users`);
    narrator.check(`Tenant ${tenant} sees ${name} and nobody else`, rows, [{ name }]);
  }
  const renamed = (userName: string): Promise<number> =>
    tenantry.query(1, sql`update users set id = 7 where name = ${'John'}`, { context: { userName } }).then(({ rowCount }) => rowCount);
  narrator.check('Somebody else of tenant 1 cannot change John', await renamed('Jim'), 0);
  narrator.check('… but John can', await renamed('John'), 1);
}
