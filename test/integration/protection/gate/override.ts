import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { sqlText } from '../../../../src/core/sql.ts';
import { clientConfig } from '../../../../src/engine/postgres/client-config.ts';
import { endOverride, overrideGate } from '../../../../src/policy/override.ts';
import { signerOfTests } from '../../../support/accepting.ts';
import { entryOf, read, write } from '../../../support/app-shard.ts';
import { enterByHand, refusalOf, shownFor } from '../../../support/enter-by-hand.ts';
import { allBlogs, refusing, unverified, type GatedShard } from '../../../support/gated-shard.ts';
import { shardLogins } from '../../../support/postgres-shard.ts';

/** Tenants that are let in whatever protects them. */
export function testOverride(shard: GatedShard): void {
  describe('An override', () => {
    it('lets tenants in for a while, and no longer than it is signed for, or until it ends', async () => {
      const signer = signerOfTests(shard.shardId);
      const app = await shard.connect();
      await shard.change('create policy more on "Blogs" as restrictive for delete using (false)');
      const until = await overrideGate(shard.admin, signer, { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
      expect(until).toBeGreaterThan(Date.now());
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toHaveLength(1);
      await expect(shard.connect()).resolves.toBeDefined();
      await shard.change("update tenantry_watch.gate set override_until = override_until + interval '1 day'");
      await expect(shard.connect()).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
      await endOverride(shard.admin, signer, async () => undefined);
      await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
      await overrideGate(shard.admin, signer, { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
      await shard.change("update tenantry_watch.gate set override_until = now() - interval '1 second'");
      await expect(app.execute(entryOf(1), allBlogs, read)).rejects.toMatchObject(unverified);
    });

    it.each([
      ['to read', true, read],
      ['to write', true, write],
      ['to read, by a key of a range', false, read],
      ['to write, by a key of a range', false, write],
    ] as const)('lets nobody in after its end who began his transaction before: %s', async (_title, isPoint, options) => {
      await shard.change('create policy more on "Blogs" as restrictive for delete using (false)');
      await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
      const client = new pg.Client(clientConfig(shard.address, shardLogins.app));
      await client.connect();
      try {
        await client.query('begin');
        await shard.change('update tenantry_watch.gate set override_until = clock_timestamp()');
        const entry = entryOf(1, isPoint);
        expect(await refusalOf(enterByHand(client, { isPoint }, entry.mappingId, shownFor(entry), options))).toBe('TN012');
      } finally {
        await client.end();
      }
    });

    it('lets no connection be opened that no key has signed, also where the gate is open, until it is over or taken away', async () => {
      const signer = signerOfTests(shard.shardId);
      await overrideGate(shard.admin, signer, { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
      await expect(shard.connect()).resolves.toBeDefined();
      const unsigned = "override_number = 1, override_signature = decode(repeat('00', 32), 'hex')";
      await shard.change(`update tenantry_watch.gate set override_until = now() + interval '1 day', ${unsigned}`);
      await expect(shard.connect()).rejects.toMatchObject(refusing('overridden by nobody who has a key of the fleet'));
      await shard.change("update tenantry_watch.gate set override_until = now() - interval '1 second'");
      await expect(shard.connect()).resolves.toBeDefined();
      await shard.change("update tenantry_watch.gate set override_until = now() + interval '1 day'");
      await endOverride(shard.admin, signer, () => Promise.resolve());
      await expect(shard.connect()).resolves.toBeDefined();
    });

    it.each(['update tenantry_watch.gate set override_until', 'update tenantry_watch.accepted set valid_until'])(
      'ends at a time that can be told, as an acceptance does: %s',
      async (set) => {
        await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
        for (const end of ['infinity', '-infinity', '290000-01-01'])
          await expect(shard.admin.query(sqlText(`${set} = '${end}'`))).rejects.toMatchObject({ cause: { sqlState: '23514' } });
      },
    );

    it.each(['update tenantry_watch.gate set override_number', 'update tenantry_watch.accepted set number'])(
      'has a number that a program can read, as an acceptance has: %s',
      async (set) => {
        await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
        for (const number of ['9007199254740992', '-1'])
          await expect(shard.admin.query(sqlText(`${set} = ${number}`))).rejects.toMatchObject({ cause: { sqlState: '23514' } });
      },
    );

    it('has nobody stay inside when it ends before a change is committed that began while it was in force', async () => {
      const app = await shard.connect();
      await overrideGate(shard.admin, signerOfTests(shard.shardId), { forMs: 60_000, reason: 'a test', decidedBy: 'tests' });
      const staying = await shard.root.transaction(async (session) => {
        await session.query(sqlText('select'));
        await shard.admin.query(sqlText('update tenantry_watch.gate set override_until = clock_timestamp()'));
        const entered = await app.begin(entryOf(1), { ...write, isolation: 'read committed' });
        await session.query(sqlText('alter table "Blogs" disable row level security'));
        return entered;
      });
      await expect(staying.query(allBlogs)).rejects.toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    });

    it('is of a day at most', async () => {
      const override = { forMs: 86_400_001, reason: 'a test', decidedBy: 'tests' };
      await expect(overrideGate(shard.admin, signerOfTests(shard.shardId), override)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    });
  });
}
