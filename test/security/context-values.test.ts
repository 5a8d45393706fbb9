import type pg from 'pg';
import { sqlText } from '../../src/core/sql.ts';
import type { QueryOptions } from '../../src/router/router.ts';
import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { enterText, routerOf } from './support/traffic.ts';
import { enterBringing, letWorkersRead, rowsOf, type World } from './support/world.ts';

const ann = { userId: 'ann', roles: ['reader'] };
const boss = { userId: 'boss', roles: ['auditor'] };
const diaries = 'select * from "Diaries"';
/** Tenant 1 with the boss behind it, as the setting would hold them. */
const asBoss = `tenantry_x80000001tenantry_x${Buffer.from(JSON.stringify(boss)).toString('hex')}`;
const key = `decode('80000001', 'hex')`;
const ofBoss = `'${JSON.stringify(boss)}'`;

async function enteredAs(client: pg.Client, values: object): Promise<void> {
  await client.query('begin');
  await enterBringing(client, 1, values);
}

/** Ann tries to become the boss of her tenant inside her transaction, then reads. */
const become =
  (deed: (client: pg.Client, world: World) => Promise<unknown>): Attack =>
  async (world) => {
    const client = await world.app();
    await enteredAs(client, ann);
    const answer = await deed(client, world);
    return [answer, await rowsOf(client, diaries)];
  };
const run = (text: string): Attack => become((client) => rowsOf(client, text));

/** The boss and another caller of the tenant, one after the other on one connection of the router. */
const thenAnother =
  (first: QueryOptions & { readonly text: string }, options: QueryOptions): Attack =>
  async (world) => {
    const router = await routerOf(world);
    try {
      const { text, ...ofFirst } = first;
      await router.query(1, sqlText(text), { ...ofFirst, context: boss }).catch(() => undefined);
      return (await router.query(1, sqlText(diaries), options)).rows;
    } finally {
      await router.close();
    }
  };

describeAttacks(
  'Changing what one’s own call has brought besides its tenant',
  {
    'by SET LOCAL of the guarded setting': run(`set local backtrace_functions = '${asBoss}'`),
    'by set_config': run(`select set_config('backtrace_functions', '${asBoss}', true)`),
    'by an update of pg_settings': run(`update pg_settings set setting = '${asBoss}' where name = 'backtrace_functions'`),
    // Behind values that are there already it adds nothing that anybody reads.
    'by the helper that adds them, where the call brought none': async (world) =>
      world.asTenant(1, async (client) => [
        await rowsOf(client, `select tenantry.add_context_values(${ofBoss})`),
        await rowsOf(client, diaries),
      ]),
    'by the helper that sets the context': run(`select tenantry.set_context('${asBoss}'::text)`),
    'by entering again without a token': run(`select tenantry.enter(1, ${key}, null, ${ofBoss})`),
    'by entering again to read, without a token': run(`select tenantry.enter_read_only(1, ${key}, null, ${ofBoss})`),
    'by entering again with the token of the local shard map': become(async (client) => {
      const { rows } = await client.query<{ token: Uint8Array }>('select token from tenantry.local_mapping where mapping_id = 1');
      for (const { token } of rows) await enterBringing(client, 1, boss, { token });
    }),
    'by entering again with what its own message says': async (world) => {
      const client = await world.app();
      const texts = 'select current_query() as text union all select statement from pg_cursors';
      const told = await textsBehindTheEntry(client, world, texts);
      const ticket = /'\\x([0-9a-f]{48})'/.exec(JSON.stringify(told).replaceAll('\\\\', '\\'))?.[1];
      if (ticket === undefined) return 'says no ticket';
      await client.query(`begin; select tenantry.enter(1, ${key}, decode('${ticket}', 'hex'), ${ofBoss})`);
      return rowsOf(client, diaries);
    },
    'by a function of the same name put before the real one': run(
      `create or replace function tenantry.context_value(name text) returns text stable parallel safe language sql as $$ select 'boss' $$`,
    ),
    'by a list that reads like the text of a user': async (world) => {
      const client = await world.app();
      await world.root.query(`insert into "Diaries" values (1, 3, '["boss"]', 'a secret') on conflict do nothing`);
      await enteredAs(client, { userId: ['boss'] });
      return rowsOf(client, diaries);
    },
    'by a plan that was made for another': async (world) => {
      const client = await world.app();
      await enteredAs(client, boss);
      await client.query(`prepare mine as ${diaries}`);
      await client.query('execute mine; commit');
      await enteredAs(client, ann);
      return rowsOf(client, 'execute mine');
    },
    'by a worker of a parallel plan': async (world) => {
      const client = await world.app();
      await enteredAs(client, ann);
      await letWorkersRead(client);
      const seen = await rowsOf(client, `${diaries} order by "DiaryId"`);
      if (seen.length === 0) throw new Error('The worker saw nothing of what was brought.');
      return seen;
    },
  },
  defences['changing what a call brings'],
);

describeAttacks(
  'What a call has brought, after its end',
  {
    'on the same connection, before anybody enters': async (world) => {
      const client = await world.app();
      await enteredAs(client, boss);
      await client.query('commit');
      return rowsOf(client, diaries);
    },
    'for a caller who brings nothing': thenAnother({ text: diaries }, {}),
    'for a caller who brings nothing, after an error': thenAnother({ text: 'select 1 / 0' }, {}),
    'for a caller who brings nothing, after a timeout': thenAnother({ text: 'select pg_sleep(20)', timeoutMs: 200 }, {}),
    'for a caller who brings nothing and says it reads': thenAnother({ text: diaries, readOnly: true }, { readOnly: true }),
    'for a caller who brings something else': thenAnother({ text: diaries }, { context: ann }),
  },
  defences['what a call has brought'],
);

/** What texts are shown to a statement behind an entry: the engine's, or one that was put together by hand where nobody takes care. */
async function textsBehindTheEntry(client: pg.Client, world: World, texts: string): Promise<unknown> {
  if (!world.careless) {
    const router = await routerOf(world);
    try {
      return (await router.query(1, sqlText(texts), { context: ann })).rows;
    } finally {
      await router.close();
    }
  }
  const results = (await client.query(`${enterText(1)}; ${texts}`)) as unknown as pg.QueryResult[];
  return results.at(-1)?.rows;
}
