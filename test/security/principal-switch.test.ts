import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { logins, rowsOf } from './support/world.ts';

/** Tenant 1 tries to become another principal, then reads. */
const become =
  (...texts: readonly string[]): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      for (const text of texts) await client.query(text);
      return rowsOf(client, 'select * from "Blogs"');
    });

describeAttacks(
  'Becoming someone else',
  {
    'SET ROLE to the superuser principal': become('set role tenantry_superuser'),
    'SET ROLE to admin': become('set role tenantry_admin'),
    'SET ROLE to the mover': become('set local role tenantry_mover'),
    'SET ROLE to the definer': become(
      'set role tenantry_definer',
      `select set_config('backtrace_functions', 'tenantry_x80000002', true)`,
      'reset role',
    ),
    'SET SESSION AUTHORIZATION': become(`set session authorization ${logins.superuser.user}`),
    'SET ROLE NONE and RESET SESSION AUTHORIZATION': become('reset session authorization', 'set role none'),
    'granting itself another role': (world) =>
      world.asTenant(1, async (client) => {
        await client.query(`grant tenantry_superuser to ${world.appLogin.user}`);
        await client.query('set role tenantry_superuser');
        return rowsOf(client, 'select * from "Blogs"');
      }),
    'giving itself BYPASSRLS': async (world) => {
      const client = await world.app();
      await client.query(`alter role ${world.appLogin.user} bypassrls`);
      return rowsOf(client, 'select * from "Blogs"');
    },
  },
  defences['becoming someone else'],
);
