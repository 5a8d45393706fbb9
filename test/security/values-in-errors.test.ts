import { inspect } from 'node:util';
import { defences } from './defences.ts';
import { describeAttacks, type Attack } from './support/attack.ts';
import { trafficOf, type Traffic } from './support/traffic.ts';

/** All that a log could show of the error by which a request of tenant 2 fails. */
const failure =
  (request: (traffic: Traffic) => Promise<unknown>): Attack =>
  async (world) => {
    const traffic = await trafficOf(world);
    try {
      await request(traffic);
    } catch (error) {
      return inspect(error, { depth: 10, showHidden: true });
    } finally {
      await traffic.close();
    }
    throw new Error('The request did not fail.');
  };
const failing = (text: string): Attack => failure((traffic) => traffic.query(2, text));

describeAttacks(
  'Values of a tenant in the errors of its requests',
  {
    'a key that is taken': failing(`insert into "Strict" values (2, 'tenant-2 key'), (2, 'tenant-2 key')`),
    'a value of the wrong form': failing(`select 'tenant-2'::integer`),
    'a value that a check refuses': failing(`insert into "Strict" values (2, 'tenant-2 secret')`),
    'a value that is missing beside others': failing(`insert into "Strict" values (2, 'tenant-2 name', null)`),
    'a row for another tenant': failing(`insert into "Blogs" values (1, 200, refuse('tenant-2'))`),
    'what a function raises': failing(`select refuse('tenant-2')`),
    'a statement that does not parse': failing(`select 1 from "tenant-2"`),
    'a constraint that is checked at the end': failing(
      `insert into "Strict" values (2, 'tenant-2 x', 1, 4242); select 'tenant-2'::integer`,
    ),
    'a failing statement of a transaction': failure((traffic) =>
      traffic.transaction(2, {}, async (run) => void (await run(`select 'tenant-2'::integer`))),
    ),
  },
  defences['values in errors'],
);
