import type pg from 'pg';
import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { enter, enterPoint, entryOf, rowsOf } from './support/world.ts';

/** Tenant 1 tries to become tenant 2 inside its transaction, then reads. */
const become =
  (deed: (client: pg.Client) => Promise<unknown>): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      await client.query('savepoint before');
      const answer = await deed(client);
      return [answer, await rowsOf(client, 'select * from "Blogs"')];
    });
const run = (text: string): Attack => become((client) => rowsOf(client, text));

describeAttacks(
  'Changing the context of one’s own transaction',
  {
    'by SET LOCAL of the guarded setting': run(`set local backtrace_functions = 'tenantry_x80000002'`),
    'by SET of the guarded setting for the session': run(`set backtrace_functions = 'tenantry_x80000002'`),
    'by set_config': run(`select set_config('backtrace_functions', 'tenantry_x80000002', true)`),
    'by an update of pg_settings': run(`update pg_settings set setting = 'tenantry_x80000002' where name = 'backtrace_functions'`),
    'by RESET of the guarded setting': run('reset backtrace_functions'),
    'by RESET ALL': run('reset all'),
    'by DISCARD ALL outside a transaction': async (world) => {
      const client = await world.app();
      await client.query('begin');
      await enter(client, 1);
      await client.query('commit');
      await client.query('discard all');
      return rowsOf(client, 'select * from "Blogs"');
    },
    'by ROLLBACK TO a savepoint from before': async (world) => {
      const client = await world.app();
      await client.query('begin; savepoint before');
      await enter(client, 1);
      await client.query('rollback to before');
      return rowsOf(client, 'select * from "Blogs"');
    },
    'by entering another mapping without its token': become((client) => enter(client, 2, { token: new Uint8Array(16) })),
    'by entering another mapping with its own token': become((client) => enter(client, 2, { token: entryOf(1).token })),
    'by entering its own mapping with another key': become((client) => enter(client, 1, { key: entryOf(2).key })),
    'by entering with no token at all': run(`select tenantry.enter(2, decode('80000002', 'hex'), null)`),
    'by entering another mapping as a point, without its token': become((client) => enterPoint(client, 2, { token: new Uint8Array(16) })),
    'by entering another mapping as a point, with its own token': become((client) => enterPoint(client, 2, { token: entryOf(1).token })),
    'by entering its own mapping as a point, with another key': become((client) => enterPoint(client, 1, { key: entryOf(2).key })),
    'by entering with nothing to show': run('select tenantry.enter_point(2, null)'),
    'by the helper that sets it': run(`select tenantry.set_context('tenantry_x80000002'::text)`),
    'by reading the tokens of the local shard map': become(async (client) => {
      const { rows } = await client.query<{ token: Uint8Array }>('select token from tenantry.local_mapping where mapping_id = 2');
      for (const { token } of rows) await enter(client, 2, { token });
    }),
    'by a function of the same name put before the real one': run(
      'create or replace function tenantry.current_tenant() returns integer stable language sql as $$ select 2 $$',
    ),
  },
  defences['changing the context'],
);
