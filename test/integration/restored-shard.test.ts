import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNotesFleet, type NotesFleet } from '../support/notes-fleet.ts';
import type { FleetShard, RealFleet } from '../support/real-fleet.ts';
import { backUp, restore, whileStandby } from '../support/restored-server.ts';

let fleet: RealFleet;
let [a, b]: FleetShard[] = [];
let add: NotesFleet['add'];
let notes: NotesFleet['notes'];
beforeAll(async () => {
  // Tenants 2 and 4 on the first shard, 1 and 3 on the second.
  ({ fleet, add, notes } = await startNotesFleet(4));
  [a, b] = fleet.shards;
});
afterAll(() => fleet?.close());

describe('a shard whose data directory was restored through recovery', () => {
  it('is refused until recover has found its local map as the catalog has it; of rows that it lacks nothing is known', async () => {
    await add(2, 'before');
    await backUp(a!.server);
    await add(2, 'after');
    await restore(a!.server, 'by recovery');

    await expect(notes(2)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    await expect(fleet.tenantry.manager.tenants.offline(2)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
    expect(await notes(1)).toEqual([]);

    expect(await fleet.tenantry.manager.recover()).toMatchObject({ disagreements: [], reopened: [a!.name] });
    await expect.poll(() => notes(2)).toEqual(['before']);
    await add(2, 'again');
    expect(await notes(2)).toEqual(['again', 'before']);
  });

  it('stays closed where the shard map has changed since', async () => {
    await backUp(a!.server);
    await fleet.tenantry.manager.tenants.add(6, { shard: a!.name });
    await restore(a!.server, 'by recovery');
    for (let time = 0; time < 2; time += 1) {
      await expect(notes(2)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
      const { disagreements, reopened } = await fleet.tenantry.manager.recover();
      expect(disagreements.map(({ shard, what }) => `${shard} ${what}`)).toEqual([`${a!.name} server`, `${a!.name} missing`]);
      expect(reopened).toEqual([]);
    }
  });
});

describe('a shard whose server only follows another one', () => {
  it('takes no changes, and is named by recover, which goes on with the others', async () => {
    const { manager } = fleet.tenantry;
    const follows = { what: 'unreachable', inCatalog: 'a server that takes changes' };
    await whileStandby(b!.server, b!.root, async () => {
      await expect(manager.tenants.offline(1)).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        detail: expect.stringContaining('it only follows another one') as string,
      });
      const { disagreements } = await manager.recover();
      expect(disagreements.filter(({ shard }) => shard === b!.name)).toMatchObject([follows]);
      expect(disagreements.map(({ shard }) => shard)).toContain(a!.name);
    });
    // It was promoted: another timeline, and everything else as it was.
    expect(await manager.recover()).toMatchObject({ reopened: [b!.name] });
  });
});

describe('a shard whose database is another one of the same server, loaded from a dump', () => {
  it('is refused until recover has found its local map as the catalog has it', async () => {
    const { manager } = fleet.tenantry;
    const { server } = b!;
    const { database } = (await manager.shards.show(b!.name)).address;
    const maintenance = new pg.Client({ connectionString: server.url() });
    await maintenance.connect();
    const run = (text: string): Promise<unknown> => maintenance.query(text);
    // A copy made by the server has everything that a dump has.
    await run(`alter database "${database}" allow_connections false`);
    await run(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${database}'`);
    await run(`create database loaded template "${database}"`);
    await run(`drop database "${database}"`);
    await run(`alter database loaded rename to "${database}"`);
    // What the bootstrap has given and taken of the database itself: it protects tenants, and goes with no dump.
    await run(`revoke temporary on database "${database}" from public; grant create on database "${database}" to tenantry_admin;
      grant connect on database "${database}" to tenantry_app, tenantry_superuser, tenantry_mover, tenantry_admin`);
    await maintenance.end();

    const refused = { code: 'SHARD_UNVERIFIED' };
    await expect(notes(1)).rejects.toMatchObject(refused);
    await expect(manager.tenants.offline(1)).rejects.toMatchObject(refused);
    expect(await manager.recover()).toMatchObject({ reopened: [b!.name] });
    await expect.poll(() => notes(1)).toEqual([]);
  });
});

describe('a shard whose data directory is an older copy on the same timeline', () => {
  it('is taken for the same server, as docs/operations.md says: only changes of the shard map since are noticed', async () => {
    const { manager } = fleet.tenantry;
    await add(3, 'before');
    await backUp(b!.server);
    await add(3, 'after');
    await manager.tenants.offline(1);
    await manager.tenants.online(1);
    await manager.tenants.add(5, { shard: b!.name });
    await add(1, 'after');
    await add(5, 'after');
    await restore(b!.server, 'as it is');

    expect(await notes(3)).toEqual(['before']);
    for (const tenant of [1, 5]) await expect(notes(tenant)).rejects.toMatchObject({ code: 'TENANT_MOVING' });
    const { disagreements } = await manager.recover();
    const onB = disagreements.filter(({ shard }) => shard === b!.name).map(({ what }) => what);
    expect(onB).toEqual(expect.arrayContaining(['epoch', 'missing']));
    expect(onB).not.toContain('server');
  });
});
