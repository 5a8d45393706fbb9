import { describe, expect, it } from 'vitest';
import { fleetKeyFromBase64 } from '../../../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../../../shardmap/shard-signer.ts';
import { signAgain } from '../../../../src/policy/acceptance.ts';
import { applyPolicies } from '../../../../src/policy/apply.ts';
import { accepting, signerOfTests } from '../../../support/accepting.ts';
import { entryOf, read } from '../../../support/app-shard.ts';
import { allBlogs, refusing, type GatedShard } from '../../../support/gated-shard.ts';
import { blogs, postgresPolicies } from '../../../support/policy-shard.ts';

/** What a connection is refused for when it is opened. */
export function testConnection(shard: GatedShard): void {
  describe('A connection for tenants', () => {
    it('is refused where what no trigger sees was changed, by the name of the object, until it is put back', async () => {
      await shard.change('alter role tenantry_app createdb');
      await expect(shard.connect()).rejects.toMatchObject(refusing('role tenantry_app (changed)'));
      await shard.change('alter role tenantry_app nocreatedb');
      await expect(shard.connect()).resolves.toBeDefined();
    });

    it.each([
      ['nothing was accepted', 'delete from tenantry_watch.accepted', 'was not accepted yet'],
      [
        'it was accepted in another form',
        'update tenantry_watch.accepted set format = 1',
        'by another program, for another shard or by another fleet key',
      ],
      [
        'the signature is of another time',
        "update tenantry_watch.accepted set valid_until = now() + interval '1 day'",
        'by another fleet key',
      ],
      [
        'its gate ends later than what was accepted',
        "update tenantry_watch.gate set accepted_until = now() + interval '1 day'",
        'its gate ends at another time than what was accepted',
      ],
      ['the fingerprint is another one', "update tenantry_watch.accepted set fingerprint = repeat('0', 64)", 'by another fleet key'],
      [
        'the function that tells it was replaced',
        'create or replace function tenantry_watch.fingerprint_items() returns table (kind text, object text, digest text) language sql stable as $$ select kind, object, digest from tenantry_watch.accepted_item $$',
        "is not this program's",
      ],
      [
        'the function that tells it is gone',
        'alter event trigger tenantry_changed disable; alter event trigger tenantry_dropped disable; drop function tenantry_watch.fingerprint_items() cascade',
        'does not tell',
      ],
    ])('is refused where %s', async (_, statement, why) => {
      await shard.change(statement);
      await expect(shard.connect()).rejects.toMatchObject(refusing(why));
    });

    it('is refused what was accepted for another shard, or by another fleet key, until that one is known', async () => {
      const other = fleetKeyFromBase64(Buffer.alloc(32, 8).toString('base64'), 'it');
      const tests = fleetKeyFromBase64(Buffer.alloc(32, 7).toString('base64'), 'it');
      await expect(shard.connect(signerOfTests('00000000-0000-4000-8000-000000000001'))).rejects.toMatchObject(
        refusing('for another shard'),
      );
      await expect(shard.connect(createShardSigner({ current: other }, shard.shardId))).rejects.toMatchObject(
        refusing('by another fleet key'),
      );
      await expect(shard.connect(createShardSigner({ current: other, previous: tests }, shard.shardId))).resolves.toBeDefined();
      expect(await signAgain(shard.admin, createShardSigner({ current: other }, shard.shardId))).toBe(false);
      expect(await signAgain(shard.admin, createShardSigner({ current: other, previous: tests }, shard.shardId))).toBe(true);
      await expect(shard.connect(createShardSigner({ current: other }, shard.shardId))).resolves.toBeDefined();
      await expect(shard.connect()).rejects.toMatchObject(refusing('by another fleet key'));
    });

    it('is opened again once what was changed is accepted, which is shown before', async () => {
      await shard.change(
        'alter table "Blogs" no force row level security; alter table "Blogs" force row level security; grant references on "Blogs" to public',
      );
      await shard.change('create policy more on "Blogs" as restrictive for delete using (false)');
      const request = { tables: [blogs], procedures: [], keyType: 'int', accepting: accepting(shard.shardId) } as const;
      const { changes } = await applyPolicies(shard.admin, postgresPolicies, { ...request, dryRun: true });
      expect(changes.map(({ of, item, before, after }) => [of, item, before, after])).toContainEqual([
        'shard',
        'policy public."Blogs" more',
        'added since it was accepted',
        'accepted',
      ]);
      await expect(shard.connect()).rejects.toMatchObject(refusing('policy public."Blogs" more (added)'));
      await applyPolicies(shard.admin, postgresPolicies, { ...request, dryRun: false });
      const app = await shard.connect();
      expect((await app.execute(entryOf(1), allBlogs, read)).rows).toHaveLength(1);
    });
  });
}
