import type pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { trafficOf } from './support/traffic.ts';
import { enter, rowsOf, WorldServer, type World } from './support/world.ts';

const asTenant1 =
  (text: string): Attack =>
  (world) =>
    world.asTenant(1, (client) => rowsOf(client, text));
const blogs = 'select * from "Blogs"';
/** Tenant 1 puts something into the setting inside its transaction, then reads. */
const forge =
  (deed: (client: pg.Client) => Promise<unknown>, read = blogs): Attack =>
  (world) =>
    world.asTenant(1, async (client) => {
      await deed(client);
      return rowsOf(client, read);
    });

describeAttacks(
  'Where the tenant is in an ordinary setting, what holds all the same',
  {
    'reading by key': asTenant1('select * from "Blogs" where "TenantId" = 2 and "BlogId" = 1'),
    'inserting for another tenant': asTenant1(`insert into "Blogs" values (2, 100, 'forged')`),
    'reading without a tenant': async (world) => rowsOf(await world.app(), blogs),
    'reading after the transaction of a tenant has ended': async (world) => {
      const client = await world.app();
      await client.query('begin');
      await enter(client, 2);
      await client.query('commit');
      return rowsOf(client, blogs);
    },
    'entering another mapping without its token': (world) =>
      world.asTenant(1, async (client) => {
        await enter(client, 2, { token: new Uint8Array(16) });
        return rowsOf(client, blogs);
      }),
    'the helper that sets the context': (world) =>
      world.asTenant(1, async (client) => {
        await client.query(`select tenantry.set_context('tenantry_x80000002')`);
        return rowsOf(client, blogs);
      }),
    set_config: (world) =>
      world.asTenant(1, async (client) => {
        await client.query(`select set_config('tenantry.tenant', 'tenantry_x80000002', true)`);
        return rowsOf(client, blogs);
      }),
    'the tokens of the local shard map': asTenant1(
      `select 'tenant-2' from tenantry.local_mapping where mapping_id = 2 and token is not null`,
    ),
  },
  defences['plain context'],
  'plain',
);

describe('Where the tenant is in an ordinary setting, what does not hold, as docs/isolation.md says', () => {
  async function plainWorld(): Promise<World> {
    const server = await WorldServer.start('plain');
    const world = await server.createWorld();
    onTestFinished(async () => {
      await world.close();
      await server.stop();
    });
    return world;
  }

  const asBoss = `tenantry_x80000001tenantry_x${Buffer.from(JSON.stringify({ userId: 'boss', roles: ['auditor'] })).toString('hex')}`;
  const forgeries: Readonly<Record<string, Attack>> = {
    'by SET LOCAL': forge((client) => client.query(`set local tenantry.tenant = 'tenantry_x80000002'`)),
    'by SET for the session': forge((client) => client.query(`set tenantry.tenant = 'tenantry_x80000002'`)),
    'by what it was given, for another tenant': forge(async (client) => {
      const [own] = await rowsOf<{ setting: string }>(client, `select current_setting('tenantry.tenant') as setting`);
      await client.query(`set local tenantry.tenant = '${own?.setting.replace('80000001', '80000002')}'`);
    }),
    'by other values behind its tenant': forge(
      (client) => client.query(`set local tenantry.tenant = '${asBoss}'`),
      'select * from "Diaries"',
    ),
    'without entering at all': async (world) => {
      const client = await world.app();
      await client.query(`begin; set local tenantry.tenant = 'tenantry_x80000002'`);
      return rowsOf(client, blogs);
    },
    'by ROLLBACK TO a savepoint from before': async (world) => {
      const client = await world.app();
      await client.query(`set tenantry.tenant = 'tenantry_x80000002'; begin; savepoint before`);
      await enter(client, 1);
      await client.query('rollback to before');
      return rowsOf(client, blogs);
    },
    'by the default of a login that somebody has set': async (world) => {
      await world.root.query(`alter role ${world.appLogin.user} set tenantry.tenant = 'tenantry_x80000002'`);
      const seen = await rowsOf(await world.app(), blogs);
      await world.root.query(`alter role ${world.appLogin.user} reset tenantry.tenant`);
      return seen;
    },
  };

  it('a statement names another tenant, or another caller, in every way that the other forms refuse', async () => {
    const world = await plainWorld();
    for (const [name, forgery] of Object.entries(forgeries))
      expect(JSON.stringify(await forgery(world)), name).toMatch(/tenant-2|a secret/);
  });

  it.each(['set local', 'set'])('a tenant becomes another by %s; whoever has the connection next is who it is', async (set) => {
    const world = await plainWorld();
    const traffic = await trafficOf(world);
    const tenants: unknown[] = [];
    await traffic.transaction(1, {}, async (run) => {
      await run(`${set} tenantry.tenant = 'tenantry_x80000002'`);
      tenants.push(...(await run('select distinct "TenantId" as tenant from "Blogs"')));
    });
    expect(tenants).toEqual([{ tenant: 2 }]);
    for (const tenant of [1, 2, 1])
      expect(await traffic.query(tenant, 'select distinct "TenantId" as tenant from "Blogs"')).toEqual([{ tenant }]);
    await traffic.close();
  });
});
