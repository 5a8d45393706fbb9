import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { enter, enterBringing, entryOf, letWorkersRead, rowsOf, WorldServer, type World } from './support/world.ts';

const blogs = 'select * from "Blogs"';
const diaries = 'select * from "Diaries"';
const tenant2 = 'tenantry_x80000002';
/** Tenant 1 with the boss behind it. */
const asBoss = `tenantry_x80000001tenantry_x${Buffer.from(JSON.stringify({ userId: 'boss', roles: ['auditor'] })).toString('hex')}`;

/** The setting as a transaction has it: a code of 64 digits, then the context. */
const settingOf = async (client: pg.Client): Promise<string> =>
  (await rowsOf<{ setting: string }>(client, `select current_setting('tenantry.context', true) as setting`))[0]?.setting ?? '';

/** Tenant 1 puts something into the setting inside its transaction, made of what `enter` put there, then reads. */
const put =
  (made: (own: string) => string, read = blogs, set = 'set local'): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      await client.query('savepoint before');
      await client.query(`${set} tenantry.context = '${made(await settingOf(client))}'`);
      return rowsOf(client, read);
    });

/** Tenant 1 tries a statement, then reads. */
const run =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, async (client) => [await rowsOf(client, text), await rowsOf(client, blogs)]);

/** What tenant 2 had in its setting, on a connection that is open still or in a transaction that is over. */
async function seenOfTenant2(client: pg.Client): Promise<string> {
  await client.query('begin');
  await enter(client, 2);
  return settingOf(client);
}

describeAttacks(
  'Changing the context of one’s own transaction, where it is an ordinary setting with a code',
  {
    'by SET LOCAL without a code': put(() => tenant2),
    'by SET for the session': put(() => tenant2, blogs, 'set'),
    'by a code of zeros': put(() => '0'.repeat(64) + tenant2),
    'by its own code for another tenant': put((own) => own.slice(0, 64) + tenant2),
    'by what it was given, with more behind it': put((own) => own + tenant2),
    'by what it was given, with less of it and more behind': put((own) => own.slice(0, -1) + tenant2),
    'by what it was given, with other values behind its tenant': put((own) => own.slice(0, 64) + asBoss, diaries),
    'by a code and nothing else': put((own) => own.slice(0, 64)),
    'by set_config': run(`select set_config('tenantry.context', repeat('0', 64) || '${tenant2}', true)`),
    'by what tenant 2 has in another session at the same time': async (world) => {
      const seen = await seenOfTenant2(await world.app());
      return put(() => seen)(world);
    },
    'by what tenant 2 had on the same connection': async (world) => {
      const client = await world.app();
      const seen = await seenOfTenant2(client);
      await client.query('commit; begin');
      await enter(client, 1);
      await client.query(`set local tenantry.context = '${seen}'`);
      return rowsOf(client, blogs);
    },
    'by what tenant 2 had, kept for the session, without entering': async (world) => {
      const client = await world.app();
      const seen = await seenOfTenant2(client);
      await client.query(`set tenantry.context = '${seen}'; commit`);
      return rowsOf(client, blogs);
    },
    'by what tenant 2 had, as the default of the login': async (world) => {
      const seen = await seenOfTenant2(await world.app());
      await world.root.query(`alter role ${world.appLogin.user} set tenantry.context = '${seen}'`);
      const client = await world.app();
      await world.root.query(`alter role ${world.appLogin.user} reset tenantry.context`);
      return rowsOf(client, blogs);
    },
    'by what the boss brought on the same connection': async (world) => {
      const client = await world.app();
      await client.query('begin');
      await enterBringing(client, 1, { userId: 'boss', roles: ['auditor'] });
      const seen = await settingOf(client);
      await client.query('commit; begin');
      await enterBringing(client, 1, { userId: 'ann', roles: [] });
      await client.query(`set local tenantry.context = '${seen}'`);
      return rowsOf(client, diaries);
    },
    'by ROLLBACK TO a savepoint from before': async (world) => {
      const client = await world.app();
      const seen = await seenOfTenant2(client);
      await client.query(`commit; set tenantry.context = '${seen}'; begin; savepoint before`);
      await enter(client, 1);
      await client.query('rollback to before');
      return rowsOf(client, blogs);
    },
    'by the helper that sets it': run(`select tenantry.set_context('${tenant2}'::text)`),
    'by the helper that adds values': async (world) =>
      world.asTenant(1, async (client) => {
        await client.query(`select tenantry.add_context_values('{"userId":"boss","roles":["auditor"]}')`);
        return rowsOf(client, diaries);
      }),
    'by reading the key': (world) =>
      world.asTenant(1, async (client) => {
        const code = `tenantry.context_code(inner_pad, outer_pad, '${tenant2}')`;
        await rowsOf(client, `select ${code} from tenantry.context_key`);
        return succeeded;
      }),
    'by changing the key': run(`update tenantry.context_key set inner_pad = decode(repeat('00', 64), 'hex')`),
    'by a function of the same name put before the real one': run(
      `create or replace function tenantry.context() returns text stable language sql as $$ select '${tenant2}' $$`,
    ),
    'by entering another mapping without its token': (world) =>
      world.asTenant(1, async (client) => {
        await enter(client, 2, { token: new Uint8Array(16) });
        return rowsOf(client, blogs);
      }),
    'by entering its own mapping with another key': (world) =>
      world.asTenant(1, async (client) => {
        await enter(client, 1, { key: entryOf(2).key });
        return rowsOf(client, blogs);
      }),
  },
  defences['changing the context with a code'],
  'mac',
);

describe('The context in an ordinary setting with a code', () => {
  let server: WorldServer;
  let world: World;
  beforeAll(async () => {
    server = await WorldServer.start('mac');
    world = await server.createWorld();
  });
  afterAll(async () => {
    await world.close();
    await server.stop();
  });

  it('is known by the process too: at the same start of a transaction another session’s is none', async () => {
    const unbound = await server.createWorld();
    const { rows } = await unbound.root.query<{ text: string }>(`select pg_get_functiondef('tenantry.context_code'::regproc) as text`);
    const timeless = rows[0]!.text.replace('timestamptz_send(transaction_timestamp())', `'\\x'::bytea`);
    expect(timeless).not.toBe(rows[0]!.text);
    await unbound.root.query(timeless);
    const client = await unbound.app();
    const seen = await seenOfTenant2(client);
    await client.query('commit; begin');
    await client.query(`set local tenantry.context = '${seen}'`);
    expect(await rowsOf(client, 'select from "Blogs"')).toHaveLength(3);
    expect(
      await unbound.asTenant(1, async (other) => [await other.query(`set local tenantry.context = '${seen}'`), await rowsOf(other, blogs)]),
    ).toMatchObject([{}, []]);
    await unbound.close();
  });

  it('leaves tables their parallel plans, in which the leader alone asks for the tenant', async () => {
    await world.root.query(`insert into "Posts" select 1, n, 1, 'more' from generate_series(10, 3000) n; analyze "Posts"`);
    const plan = await world.asTenant(1, async (client) => {
      await client.query(
        'set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0; set local min_parallel_table_scan_size = 0',
      );
      const rows = await rowsOf(client, `explain (analyze, costs off, timing off) select count(*) from "Posts" where "Text" like 'more%'`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toMatch(/Workers Launched: [1-9]/);
    expect(plan).toMatch(/Parallel Seq Scan on "Posts"/);
    expect(
      await world.asTenant(1, (client) => rowsOf(client, `select count(*)::integer as n from "Posts" where "Text" like 'more%'`)),
    ).toEqual([{ n: 2991 }]);
  });

  it('is told alike by every function that tells it, whoever of a parallel plan were to call it', async () => {
    const client = await world.app();
    await client.query('begin');
    await enterBringing(client, 1, { userId: 'ann', roles: ['reader'] });
    await letWorkersRead(client);
    const told = `tenantry.current_tenant() as tenant, tenantry.context_value('userId') as user, tenantry.context_list('roles') as roles,
      tenantry.context_holds('roles', 'reader') as holds, tenantry.context_values() as values`;
    expect(await rowsOf(client, `select distinct ${told} from "Countries"`)).toEqual([
      { tenant: 1, user: 'ann', roles: ['reader'], holds: true, values: { userId: 'ann', roles: ['reader'] } },
    ]);
    expect(await rowsOf(client, diaries)).toMatchObject([{ Owner: 'ann' }]);
    await client.query('commit');
  });

  it('is the same to a prepared statement, whoever it was made for', async () => {
    const client = await world.app();
    const tenants: unknown[] = [];
    await client.query('prepare mine as select distinct "TenantId" as tenant from "Blogs"');
    for (let round = 0; round < 8; round += 1) {
      const tenant = 1 + (round % 2);
      await client.query('begin');
      await enter(client, tenant);
      tenants.push((await rowsOf(client, 'execute mine'))[0]?.['tenant']);
      await client.query('commit');
    }
    expect(tenants).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
    expect(await rowsOf(client, 'execute mine')).toEqual([]);
  });

  it('has no part of its key in a plan that is printed or explained, nor in the settings', async () => {
    const { rows: keys } = await world.root.query<{ inner: Buffer; outer: Buffer }>(
      'select inner_pad as "inner", outer_pad as "outer" from tenantry.context_key',
    );
    const said: string[] = [];
    const shown = await world.asTenant(1, async (client) => {
      client.on('notice', (notice) => said.push(JSON.stringify(notice)));
      await client.query(
        'set local client_min_messages = log; set local debug_print_plan = on; set local debug_print_rewritten = on; set local debug_print_parse = on',
      );
      await rowsOf(client, blogs);
      return [await rowsOf(client, `explain (analyze, verbose) ${blogs}`), await rowsOf(client, 'select name, setting from pg_settings')];
    });
    expect(said.join('')).toContain('PLANNEDSTMT');
    const all = JSON.stringify([said, shown]);
    for (const key of keys.flatMap(({ inner, outer }) => [inner, outer])) {
      expect(all).not.toContain([...key.subarray(0, 8)].join(' '));
      expect(all).not.toContain([...key.subarray(0, 8)].map((byte) => (byte << 24) >> 24).join(' '));
      expect(all).not.toContain(key.subarray(0, 8).toString('hex'));
    }
  });
});
