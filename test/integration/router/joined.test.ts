import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import type { OpenTenantry } from '../../../src/main/tenantry.ts';
import { fleetKeyFromBase64 } from '../../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../../shardmap/shard-signer.ts';
import { signAgain } from '../../../src/policy/acceptance.ts';
import { fleetKeyOf, startFleet, type RealFleet } from '../../support/real-fleet.ts';

const whoAmI = sql`select tenantry.current_tenant() as tenant`;

const schema = `create table "Notes" ("TenantId" integer not null, "NoteId" integer not null, primary key ("TenantId", "NoteId"));
    grant select, insert on "Notes" to tenantry_app`;

let fleet: RealFleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: 2,
    tenants: 8,
    schema,
    tables: ['Notes'],
    limits: { poolPerShard: 4, idleMs: 200, catalogTimeoutMs: 120_000 },
    fsync: false,
  });
});
afterAll(() => fleet?.close());

const serves = async ({ router }: OpenTenantry, tenant: number): Promise<unknown> => (await router.query(tenant, whoAmI)).rows;

describe('while the catalog', () => {
  /** What goes on by what is known, connections that are opened anew included, and what does not, within the time it has. */
  async function lookAround(warm: number, cold: number): Promise<void> {
    for (let time = 0; time < 5; time += 1) expect(await serves(fleet.tenantry, warm)).toEqual([{ tenant: warm }]);
    await expect.poll(() => connections()).toBe(0);
    expect(await serves(fleet.tenantry, warm)).toEqual([{ tenant: warm }]);
    const startedAt = performance.now();
    await expect(fleet.tenantry.router.query(cold, whoAmI, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'CATALOG_UNAVAILABLE',
      retryable: true,
    });
    // The limit is the call’s own, not the two minutes that the catalog has by itself.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  }

  /** Connections of tenants that the first shard has. */
  async function connections(): Promise<unknown> {
    const [shard] = fleet.shards;
    const { rows } = await shard!.root.query(sql`select count(*)::int as n from pg_stat_activity where usename = 'fleet_app'`);
    return rows[0]!['n'];
  }

  it('is killed, tenants whose routes are known are served, others get CATALOG_UNAVAILABLE, and all are once it is back', async () => {
    await serves(fleet.tenantry, 2);
    await fleet.catalog.kill();
    await lookAround(2, 4);
    await fleet.catalog.restart();
    await expect.poll(() => serves(fleet.tenantry, 4).catch((error: unknown) => error)).toEqual([{ tenant: 4 }]);
  });

  it('stands still, it is the same', async () => {
    await serves(fleet.tenantry, 2);
    fleet.catalog.freeze();
    try {
      await lookAround(2, 6);
    } finally {
      fleet.catalog.thaw();
    }
    await expect.poll(() => serves(fleet.tenantry, 6).catch((error: unknown) => error)).toEqual([{ tenant: 6 }]);
  });
});

describe('while the fleet key is being replaced', () => {
  it('processes of the new key serve tenants of both, those of the old key their own, and nobody takes an unknown one', async () => {
    const replaced = await fleet.open({ TENANTRY_FLEET_KEY: fleetKeyOf(3), TENANTRY_FLEET_KEY_PREVIOUS: fleetKeyOf(9) });
    await fleet.nameKey(fleetKeyOf(3));
    const onlyNew = await fleet.open({ TENANTRY_FLEET_KEY: fleetKeyOf(3) });
    try {
      await replaced.manager.tenants.add(21, { shard: 'shard_1' });
      expect([await serves(replaced, 1), await serves(replaced, 21)]).toEqual([[{ tenant: 1 }], [{ tenant: 21 }]]);
      expect(await serves(fleet.tenantry, 1)).toEqual([{ tenant: 1 }]);
      await expect(serves(fleet.tenantry, 21)).rejects.toMatchObject({
        code: 'SHARD_UNVERIFIED',
        message: expect.stringContaining('another fleet key') as unknown,
      });
      // It knows nobody who has accepted what protects the shard, either, and is not even let into a connection.
      await expect(serves(onlyNew, 1)).rejects.toMatchObject({ code: 'SHARD_UNVERIFIED' });
      expect((await replaced.manager.recover()).disagreements).toEqual([]);
      // A tenant whose mapping is changed from now on is one of the new key.
      await replaced.manager.tenants.offline(1);
      await replaced.manager.tenants.online(1);
      // So is what protects the shard, once it is signed again.
      const { shardId } = await replaced.manager.shards.show('shard_2');
      const [current, previous] = [3, 9].map((byte) => fleetKeyFromBase64(fleetKeyOf(byte), 'the key'));
      expect(await signAgain(fleet.shards[1]!.root, createShardSigner({ current: current!, previous: previous! }, shardId))).toBe(true);
      const later = await fleet.open({ TENANTRY_FLEET_KEY: fleetKeyOf(3) });
      onTestFinished(() => later.close());
      expect(await serves(later, 1)).toEqual([{ tenant: 1 }]);
      expect((await onlyNew.manager.recover()).disagreements).toContainEqual(expect.objectContaining({ what: 'token' }));
    } finally {
      await Promise.all([replaced.close(), onlyNew.close(), fleet.nameKey(fleetKeyOf(9))]);
    }
  });
});

describe('a map of ranges', () => {
  it('serves the tenants of a range, those whose range was split since included, and no other', async () => {
    await using stack = new AsyncDisposableStack();
    const ranges = await startFleet({
      shards: 2,
      tenants: 8,
      kind: 'range',
      schema,
      tables: ['Notes'],
      limits: {},
      fsync: false,
    });
    stack.defer(() => ranges.close());
    const { router, manager } = ranges.tenantry;
    const note = sql`insert into "Notes" values (tenantry.current_tenant(), 1)`;
    const notes = sql`select "TenantId" as tenant from "Notes"`;
    for (const tenant of [1, 4, 5, 8]) {
      await router.query(tenant, note);
      expect((await router.query(tenant, notes, { readOnly: true })).rows).toEqual([{ tenant }]);
    }
    await manager.ranges.split(3);
    for (const tenant of [1, 4, 5, 8]) {
      const read = { readOnly: true, isolation: 'repeatable read' } as const;
      expect((await router.withTenant(tenant, read, (session) => session.query(notes))).rows).toEqual([{ tenant }]);
    }
    await expect(router.query(9, notes)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
  });
});
