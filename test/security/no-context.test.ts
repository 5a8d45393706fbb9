import { defences } from './defences.ts';
import { describeAttacks } from './support/attack.ts';
import { enter, rowsOf } from './support/world.ts';

describeAttacks(
  'Without a tenant',
  {
    'reading without a tenant': async (world) => rowsOf(await world.app(), 'select * from "Blogs"'),

    'reading after the transaction of a tenant has ended': async (world) => {
      const client = await world.app();
      await client.query('begin');
      await enter(client, 2);
      await client.query('commit');
      return rowsOf(client, 'select * from "Blogs"');
    },

    'inserting without a tenant': async (world) => {
      await (await world.app()).query(`insert into "Blogs" values (2, 100, 'forged')`);
    },

    'inserting without a tenant, the tenant column left to its default': async (world) => {
      await (await world.app()).query(`insert into "Blogs" ("BlogId", "Name") values (100, 'forged')`);
    },
  },
  defences['no context'],
);
