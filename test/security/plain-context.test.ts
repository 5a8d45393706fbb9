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
        await client.query(`select tenantry.set_context(decode('80000002', 'hex'))`);
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
