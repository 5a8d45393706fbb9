import { describe, expect, it } from 'vitest';
import { sql } from '../../../src/core/sql.ts';
import { EntryRefused } from '../../../src/engine/entry.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { FakeFleet } from '../../support/fake-fleet.ts';

describe('a routed statement', () => {
  it('goes to the shard of its tenant, with the entry and the compiled text', async () => {
    const fleet = new FakeFleet();
    fleet.shards.a.answer = async ({ entry, statement, options }) => [{ entry, statement, readOnly: options.readOnly }];
    const { rows } = await fleet.router.query(42, sql`select ${7} from ${sql.id('Blogs')}`, { readOnly: true });
    expect(rows).toEqual([
      {
        entry: { mappingId: 42, key: Uint8Array.of(0x80, 0, 0, 42), epoch: 1, token: Uint8Array.of(1), isPoint: false },
        statement: { text: 'select $1 from "Blogs"', values: [7] },
        readOnly: true,
      },
    ]);
    expect(fleet.shards.b.opened).toBe(0);
    await fleet.router.close();
  });

  it('follows a tenant that has moved without asking the catalog', async () => {
    const fleet = new FakeFleet();
    fleet.known.set(42, { mappingId: 42, shardId: 'a', epoch: 1 });
    fleet.shards.a.answer = async () => {
      throw new EntryRefused({ reason: 'MOVED', shardId: 'b', epoch: 2 });
    };
    fleet.shards.b.answer = async ({ entry }) => [{ epoch: entry.epoch, mappingId: entry.mappingId }];
    expect((await fleet.router.query(42, sql`select 1`)).rows).toEqual([{ epoch: 2, mappingId: 42 }]);
    expect(fleet.found).toBe(0);
    expect(fleet.known.get(42)).toEqual({ mappingId: 42, shardId: 'b', epoch: 2 });
    await fleet.router.close();
  });

  it.each(['STALE_EPOCH', 'UNKNOWN_MAPPING'] as const)('looks up anew after %s', async (reason) => {
    const fleet = new FakeFleet();
    fleet.known.set(42, { mappingId: 41, shardId: 'b', epoch: 1 });
    fleet.catalog.set(42, { mappingId: 42, shardId: 'b', epoch: 3 });
    fleet.shards.b.answer = async ({ entry }) => {
      if (entry.epoch < 3) throw new EntryRefused({ reason });
      return [{ epoch: entry.epoch }];
    };
    expect((await fleet.router.query(42, sql`select 1`)).rows).toEqual([{ epoch: 3 }]);
    expect(fleet.found).toBe(1);
    await fleet.router.close();
  });

  it('passes a statement error on as it is, and keeps the connection', async () => {
    const fleet = new FakeFleet();
    fleet.shards.a.answer = async () => {
      throw new TenantryError('CONSTRAINT_VIOLATION');
    };
    for (let time = 0; time < 20; time += 1)
      await expect(fleet.router.query(42, sql`select 1`)).rejects.toMatchObject({ code: 'CONSTRAINT_VIOLATION' });
    expect(fleet.shards.a).toMatchObject({ opened: 1, asked: 20 });
    expect(fleet.events).not.toContain('breaker a open');
    await fleet.router.close();
    expect(fleet.shards.a.open).toBe(0);
  });
});
