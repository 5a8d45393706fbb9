import { defences } from './defences.ts';
import { describeAttacks, succeeded, type Attack } from './support/attack.ts';
import { entryOf, rowsOf } from './support/world.ts';

const beginCapture = (mapping: number): string => `select tenantry.begin_capture(${mapping})`;

/** Tenant 1 says this while it is captured, and then writes; harm is done where what it has written is not in the log. */
const writeUnseen =
  (text: string): Attack =>
  async (world) => {
    await world.root.query(`${beginCapture(1)}; delete from tenantry.captured_change`);
    await world.asTenant(1, async (client) => {
      await client.query(text);
      await client.query(`update "Blogs" set "Name" = 'unseen'`);
    });
    const logged = await rowsOf(world.root, 'select from tenantry.captured_change where mapping_id = 1');
    return logged.length === 0 ? succeeded : 'it was logged';
  };

/** Tenant 1 says this while tenant 2 is captured and has changed a row. */
const whileOtherIsCaptured =
  (text: string): Attack =>
  async (world) => {
    await world.root.query(beginCapture(2));
    await world.asTenant(2, (client) => client.query(`update "Blogs" set "Name" = "Name"`));
    const { rowCount } = await world.asTenant(1, (client) => client.query(text));
    return rowCount === 0 ? 'nothing was there' : succeeded;
  };

describeAttacks(
  'The log of what a tenant changes while it is moved',
  {
    'reading which rows another tenant changes': whileOtherIsCaptured('select * from tenantry.captured_change'),
    'emptying it': whileOtherIsCaptured('delete from tenantry.captured_change'),
    'asking which tenants are captured': whileOtherIsCaptured('select captured from tenantry.local_mapping where captured'),
    'switching the capture off': writeUnseen('select tenantry.end_capture(1)'),
    'switching the triggers off': writeUnseen('alter table "Blogs" disable trigger tenantry_capture_update'),
    'writing as a replica': writeUnseen('set local session_replication_role = replica'),
    'changing what the triggers ask': writeUnseen(
      `create or replace function tenantry.may_be_captured() returns boolean language sql begin atomic select false; end`,
    ),
    'taking the flag out of the context': writeUnseen(`set local backtrace_functions = 'tenantry_x${hex(entryOf(1).key)}'`),
  },
  defences.capture,
);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
