import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../src/core/sql.ts';
import { startNotesFleet, type NotesFleet } from '../support/notes-fleet.ts';
import type { FleetShard, RealFleet } from '../support/real-fleet.ts';
import { backUp, promote, restore } from '../support/restored-server.ts';

let fleet: RealFleet;
let [a, b]: FleetShard[] = [];
let write: NotesFleet['add'];
let notes: NotesFleet['notes'];
beforeAll(async () => {
  // Tenant 2 on the first shard, 1 on the second.
  ({ fleet, add: write, notes } = await startNotesFleet(2));
  [a, b] = fleet.shards;
});
afterAll(() => fleet?.close());

const refused = { code: 'CATALOG_UNVERIFIED', retryable: false, detail: expect.stringContaining('Run `tenantry recover`') as string };

describe('a catalog restored from a backup', () => {
  it('lets nobody put a tenant on a second shard whom it has forgotten on the first, where writes are still acknowledged', async () => {
    const { manager } = fleet.tenantry;
    await backUp(fleet.catalog);
    await manager.tenants.add(3, { shard: a!.name });
    await write(3, 'before');
    const lost = await manager.tenants.where(3);
    await restore(fleet.catalog, 'by recovery');

    for (const { tenants, maps, shards } of [manager, manager.dryRun]) {
      await expect(tenants.add(3, { shard: b!.name })).rejects.toMatchObject(refused);
      await expect(tenants.offline(1)).rejects.toMatchObject(refused);
      await expect(shards.remove(b!.name, { lost: true })).rejects.toMatchObject(refused);
      await expect(maps.create({ name: 'other', kind: 'list', keyType: 'int', context: 'T' })).rejects.toMatchObject(refused);
    }
    await expect(manager.sweep()).rejects.toMatchObject(refused);

    // Whoever knows the way goes on working.
    await write(3, 'after');
    await write(1, 'after');
    expect(await notes(3)).toEqual(['after', 'before']);

    const extra = { shard: a!.name, what: 'extra', onShard: expect.stringContaining('tenant 3') as string };
    expect(await manager.dryRun.recover()).toMatchObject({ catalog: 'refused', disagreements: [extra] });
    for (let time = 0; time < 2; time += 1) {
      const report = await manager.recover();
      expect(report).toMatchObject({ catalog: 'refused', compared: [a!.name, b!.name], disagreements: [extra], settled: [], reopened: [] });
      await expect(manager.tenants.add(3, { shard: b!.name })).rejects.toMatchObject(refused);
    }

    // As docs/operations.md says: its mapping is taken from the shard, and it is added again where its rows are.
    await a!.root.query(sql`delete from tenantry.local_mapping where low = ${Buffer.from('80000003', 'hex')}`);
    expect(await manager.recover()).toMatchObject({ catalog: 'accepted', disagreements: [] });
    await manager.tenants.add(3, { shard: a!.name });
    // Even where it gets the id again that it had, it has another token than whatever was forgotten.
    expect((await manager.tenants.where(3)).epoch).toBeGreaterThan(lost.epoch);
    expect(await notes(3)).toEqual(['after', 'before']);
    expect(await manager.recover()).toMatchObject({ catalog: 'known', disagreements: [] });
  });

  it('is not seen where it is an older copy on the same timeline, as docs/operations.md says', async () => {
    const { manager } = fleet.tenantry;
    await backUp(fleet.catalog);
    await manager.tenants.add(5, { shard: a!.name });
    await restore(fleet.catalog, 'as it is');
    expect(await manager.recover()).toMatchObject({ catalog: 'known', disagreements: [{ what: 'extra' }] });
    await a!.root.query(sql`delete from tenantry.local_mapping where low = ${Buffer.from('80000005', 'hex')}`);
  });
});

describe('a standby of the catalog that was promoted', () => {
  it('stops changes and no request, until recover has found nothing; two of them at once do no harm', async () => {
    const { manager } = fleet.tenantry;
    await promote(fleet.catalog);
    await write(1, 'promoted');
    await expect(manager.tenants.add(7, { shard: a!.name })).rejects.toMatchObject(refused);
    expect(await manager.dryRun.recover()).toMatchObject({ catalog: 'acceptable', disagreements: [] });
    await expect(manager.tenants.add(7, { shard: a!.name })).rejects.toMatchObject(refused);
    for (const report of await Promise.all([manager.recover(), manager.recover()])) expect(report).toMatchObject({ catalog: 'accepted' });
    expect(await manager.dryRun.recover()).toMatchObject({ catalog: 'known' });
    await manager.tenants.add(7, { shard: a!.name });
    await write(7, 'new');
  });

  it('is not accepted while a shard does not answer, unless the operator says so', async () => {
    const { manager } = fleet.tenantry;
    await b!.server.restart('fast', async () => {
      await promote(fleet.catalog);
      const unreachable = { catalog: 'refused', disagreements: [{ shard: b!.name, what: 'unreachable' }] };
      expect(await manager.recover()).toMatchObject(unreachable);
      await expect(manager.tenants.offline(2)).rejects.toMatchObject(refused);
      expect(await manager.recover({ confirmed: true })).toMatchObject({ ...unreachable, catalog: 'accepted' });
      await manager.tenants.offline(2);
    });
    await manager.tenants.online(2);
    await promote(fleet.catalog);
    expect(await manager.recover()).toMatchObject({ catalog: 'accepted', disagreements: [] });
  });
});
