import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuditTrail, type AuditEvent } from '../../../shardmap/audit-trail.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { describeOnEachGround } from '../../support/grounds/map-grounds.ts';
import { startShardMapWorld, type ShardMapWorld } from '../../support/shard-map-world.ts';

describeOnEachGround(
  'the audit trail',
  (grounds) => {
    let world: ShardMapWorld;
    let audit: AuditTrail;
    const event: AuditEvent = {
      runId: '0b6c1f2e-8f43-4a5b-9a36-0d6a3c1b2f11',
      actor: "Ann O'Hara — 張",
      action: 'policy apply',
      subject: 'shard a',
      outcome: 'BEGUN',
      detail: { map: 'customers', changes: 2, objects: ['public.Blogs'], accepted: [] },
    };

    beforeAll(async () => {
      world = await startShardMapWorld(grounds, 'list', []);
      audit = new AuditTrail(world.catalog);
    });
    afterAll(async () => {
      await world?.close();
    });

    it('gives events as they were recorded, the last first, page by page', async () => {
      const subjects = ['a', 'b', 'c', 'd', 'e'].map((name) => `shard ${name}`);
      const before = Date.now();
      for (const subject of subjects) await audit.record({ ...event, subject });
      const first = await audit.list({ limit: 2 });
      expect(first).toEqual([
        { ...event, subject: 'shard e', auditId: expect.any(Number) as number, recordedAt: expect.any(String) as string },
        { ...event, subject: 'shard d', auditId: expect.any(Number) as number, recordedAt: expect.any(String) as string },
      ]);
      const rest = await audit.list({ limit: 10, before: first[1]!.auditId });
      expect(rest.map(({ subject }) => subject)).toEqual(['shard c', 'shard b', 'shard a']);
      // The server's clock, on this machine or another one nearby.
      expect(Math.abs(Date.parse(first[0]!.recordedAt) - before)).toBeLessThan(600_000);
      expect(first[0]!.recordedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    });

    it.each<[what: string, event: Partial<AuditEvent>]>([
      ['nobody', { actor: '' }],
      ['a name of 129 characters', { actor: 'x'.repeat(129) }],
      ['an outcome that is none', { outcome: 'PERHAPS' as AuditEvent['outcome'] }],
    ])('is refused by the catalog: %s', async (_, wrong) => {
      await expect(audit.record({ ...event, ...wrong })).rejects.toBeInstanceOf(TenantryError);
    });
  },
  'each alone',
);
