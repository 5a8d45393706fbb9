import { describe, expect, it } from 'vitest';
import { sql } from '../../../../src/core/sql.ts';
import { fleetKeyFromBase64 } from '../../../../shardmap/mapping-token.ts';
import { LatestStatements } from '../../../../shardmap/latest-statements.ts';
import { createShardSigner, signerOfShard } from '../../../../shardmap/shard-signer.ts';
import { isSignedBy, signAgain, signedNumbers } from '../../../../src/policy/acceptance.ts';
import { applyPolicies } from '../../../../src/policy/apply.ts';
import { endOverride, findOverride, overrideGate } from '../../../../src/policy/override.ts';
import { accepting } from '../../../support/accepting.ts';
import { refusing, type GatedShard } from '../../../support/gated-shard.ts';
import { blogs, postgresPolicies } from '../../../support/policy-shard.ts';

/** What was signed and is so no more. */
export function testOutdated(shard: GatedShard): void {
  describe('What was accepted or overridden before', () => {
    const kept = (table: string, columns: string): string =>
      `create table if not exists kept (of text, row jsonb); insert into kept select '${table}', to_jsonb(t) from (select ${columns} from tenantry_watch.${table}) t`;
    const putBack = (table: string, columns: string): string =>
      `update tenantry_watch.${table} set (${columns}) = (select ${columns} from jsonb_populate_record(null::tenantry_watch.${table}, (select row from kept where of = '${table}')))`;
    const ofAcceptance = 'format, number, fingerprint, valid_until, signature';
    const ofOverride = 'override_until, override_number, override_reason, override_by, override_signature';
    const tests = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'it');

    it('is not accepted any more once something else was, for whoever has seen that or was told by the catalog', async () => {
      const latest = new LatestStatements();
      const seeing = createShardSigner({ current: tests }, shard.shardId, latest);
      const request = { tables: [blogs], procedures: [], keyType: 'int', dryRun: false } as const;
      await shard.change(kept('accepted', ofAcceptance));
      await shard.change('create view totals as select 1 as one; grant select on totals to tenantry_app');
      await applyPolicies(shard.admin, postgresPolicies, { ...request, accepting: accepting(shard.shardId) });
      await expect(shard.connect(seeing)).resolves.toBeDefined();
      await shard.change(
        `drop view totals; set constraints all immediate; ${putBack('accepted', ofAcceptance)}; update tenantry_watch.gate set open = true`,
      );
      const older = refusing('an older acceptance was put back in place of the last one');
      await expect(shard.connect(seeing)).rejects.toMatchObject(older);
      const acceptedNumber = latest.at(shard.shardId, Date.now()).accepted;
      const told = signerOfShard({ current: tests }, { shardId: shard.shardId, acceptedNumber });
      await expect(shard.connect(told)).rejects.toMatchObject(older);
      // Nobody knows of the later one.
      await expect(shard.connect()).resolves.toBeDefined();
      const { changes } = await applyPolicies(shard.admin, postgresPolicies, {
        ...request,
        accepting: { ...accepting(shard.shardId), signer: told },
      });
      expect(changes.map(({ item }) => item)).toEqual([
        expect.stringMatching(/an older acceptance was put back in place of the last one$/),
      ]);
      await expect(shard.connect(seeing)).resolves.toBeDefined();
      expect(latest.at(shard.shardId, Date.now()).accepted).toBeGreaterThan(acceptedNumber);
    });

    it('overrides nothing any more once something else did', async () => {
      const latest = new LatestStatements();
      const seeing = createShardSigner({ current: tests }, shard.shardId, latest);
      const override = { forMs: 60_000, reason: 'a test', decidedBy: 'tests' };
      await overrideGate(shard.admin, seeing, override);
      await shard.change(kept('gate', ofOverride));
      await overrideGate(shard.admin, seeing, { ...override, forMs: 30_000 });
      await shard.change('create policy more on "Blogs" as restrictive for delete using (false)');
      await expect(shard.connect(seeing)).resolves.toBeDefined();
      await shard.change(putBack('gate', ofOverride));
      await expect(shard.connect(seeing)).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
      expect(await findOverride(shard.admin, seeing)).toMatchObject({ reason: 'a test', isSigned: false });
      const told = signerOfShard(
        { current: tests },
        { shardId: shard.shardId, overrideNumber: latest.at(shard.shardId, Date.now()).overridden },
      );
      await expect(shard.connect(told)).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
    });

    it('is worth nothing where a key that leaked has signed what no program makes, whichever key signs again', async () => {
      const other = fleetKeyFromBase64(Buffer.alloc(32, 8).toString('base64'), 'it');
      const rotating = createShardSigner({ current: other, previous: tests }, shard.shardId);
      const leaked = createShardSigner({ current: tests }, shard.shardId);
      const [{ nowMs }] = (await shard.admin.run<{ nowMs: number }>('policy/verification')).rows as [{ nowMs: number }];
      const forge = async (number: number, untilMs: number): Promise<void> => {
        const signature = leaked.sign({ says: 'overridden', number, untilMs });
        await shard.admin.run('policy/override', { number, untilMs, reason: 'forged', decidedBy: 'nobody', signature });
      };
      const closed = refusing('policy public."Blogs" more (added)');
      await forge(nowMs, Date.UTC(9000, 0, 1));
      await shard.change('create policy more on "Blogs" as restrictive for delete using (false)');
      await expect(shard.connect(leaked)).rejects.toMatchObject(closed);
      expect(await findOverride(shard.admin, leaked)).toMatchObject({ reason: 'forged', isSigned: false });
      expect(await signAgain(shard.admin, rotating)).toBe(true);
      await expect(shard.connect(createShardSigner({ current: other }, shard.shardId))).rejects.toMatchObject(closed);
      expect(await isSignedBy(shard.admin, createShardSigner({ current: other }, shard.shardId))).toBe(false);

      const outdating = Number.MAX_SAFE_INTEGER;
      await forge(outdating, nowMs + 3_600_000);
      expect(await signedNumbers(shard.admin, rotating)).toMatchObject({ numbers: { overridden: 0 } });
      await shard.admin.query(sql`update tenantry_watch.accepted set number = ${outdating}`);
      const [row] = (await shard.admin.run<{ format: number; fingerprint: string }>('policy/signatures')).rows;
      const forged = leaked.sign({
        says: 'accepted',
        number: outdating,
        validUntilMs: null,
        format: row!.format,
        fingerprint: row!.fingerprint,
      });
      await shard.admin.query(sql`update tenantry_watch.accepted set signature = ${Buffer.from(forged)}`);
      expect(await signedNumbers(shard.admin, rotating)).toMatchObject({ numbers: { accepted: 0, overridden: 0 } });
      expect(await signAgain(shard.admin, rotating)).toBe(false);
      await expect(shard.connect(leaked)).rejects.toMatchObject(
        refusing('was accepted with the number of a time that is more than a day to come'),
      );
      const request = { tables: [blogs], procedures: [], keyType: 'int', dryRun: false } as const;
      await endOverride(shard.admin, leaked, () => Promise.resolve());
      await applyPolicies(shard.admin, postgresPolicies, { ...request, accepting: accepting(shard.shardId) });
      await expect(shard.connect()).resolves.toBeDefined();
    });

    it('keeps its number when another key signs it', async () => {
      const other = fleetKeyFromBase64(Buffer.alloc(32, 8).toString('base64'), 'it');
      const latest = new LatestStatements();
      await expect(shard.connect(createShardSigner({ current: tests }, shard.shardId, latest))).resolves.toBeDefined();
      const { accepted } = latest.at(shard.shardId, Date.now());
      expect(accepted).toBeGreaterThan(0);
      const rotating = createShardSigner({ current: other, previous: tests }, shard.shardId, latest);
      expect(await signAgain(shard.admin, rotating)).toBe(true);
      await expect(shard.connect(rotating)).resolves.toBeDefined();
      expect(latest.at(shard.shardId, Date.now()).accepted).toBe(accepted);
    });
  });
}
