import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fleetKeyFromBase64 } from '../../../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../../../shardmap/shard-signer.ts';
import type { SqlDatabase } from '../../../../src/core/session.ts';
import { sqlText } from '../../../../src/core/sql.ts';
import { postgresPolicyRenderer } from '../../../../src/engine/postgres/policy-renderer.ts';
import { accept } from '../../../../src/policy/acceptance.ts';
import { itemsOf } from '../../../support/command-line.ts';
import { configuration, type CliWorld } from '../world.ts';
import type { TwoShards } from './two-shards.ts';

/** What shows tenants the rows of others, and what becomes of it that it is known. */
export function testLeaks(fleet: () => TwoShards): void {
  let world: CliWorld;
  let catalog: SqlDatabase;
  let a: SqlDatabase;
  beforeAll(() => {
    ({ world, catalog, a } = fleet());
  });

  describe('a view that shows every tenant’s rows', () => {
    const remedy = 'alter view public."All" set (security_invoker = true)';
    const told = 'public.All is a view over routed tables that reads as';
    const refusal = new RegExp(`What leaks is not accepted, and nothing was changed( \\(CONFLICT\\))?:\\n- ${told}`);
    const object = 'view public."All"';
    const until = new Date(Date.now() + 86_400_000 * 30).toISOString().slice(0, 10);
    const run = (line: string): ReturnType<CliWorld['run']> => world.run(`${line} --config leaks.json`);
    const configured = (drift: readonly object[]): Promise<void> =>
      writeFile(join(world.folder, 'leaks.json'), configuration({ drift: drift.map((each) => ({ shards: ['a'], reason: 'x', ...each })) }));
    const findings = async (): Promise<readonly Readonly<Record<string, string>>[]> => itemsOf((await run('doctor --json')).out);
    const ofView = async (): Promise<unknown> => (await findings()).find(({ code }) => code === 'view');

    beforeEach(async () => {
      await configured([]);
      expect((await run('policy apply')).code).toBe(0);
      await a.query(sqlText('create view "All" as select * from "Blogs"; grant select on "All" to tenantry_app'));
    });
    afterEach(async () => {
      await a.query(sqlText('drop view if exists "All"'));
      expect((await world.run('policy apply')).code).toBe(0);
      await catalog.query(sqlText('delete from tenantry.policy_verdict'));
    });

    it.each(['policy apply', 'policy apply --dry-run', 'policy plan --out leaks.plan.json'])(
      'is refused by %s, before anything is changed on any shard, with the statement that mends it and the entry that accepts it',
      async (line) => {
        await a.query(sqlText('alter table "Posts" no force row level security'));
        const { code, out, err } = await run(line);
        expect({ code, said: `${out}${err}` }).toEqual({ code: 1, said: expect.stringMatching(refusal) as string });
        expect(`${out}${err}`).toContain(`run: ${remedy};; to accept it until a day, name it in an entry of drift: ${object}`);
        const forced = sqlText(`select relforcerowsecurity as forced from pg_class where oid = 'public."Posts"'::regclass`);
        expect((await a.query(forced)).rows).toEqual([{ forced: false }]);
      },
    );

    it('is a problem that doctor tells first, with the statement that mends it in place of policy apply', async () => {
      expect((await run('doctor')).code).toBe(2);
      const ofShard = (await findings()).filter(({ subject, level }) => subject === 'shard a' && level !== 'ok');
      expect(ofShard[0]).toMatchObject({ level: 'problem', code: 'view', severity: 'leak', remedy });
      expect(ofShard[0]?.['advice']).toContain(`name it in an entry of drift: ${object}`);
      expect(ofShard[1]).toMatchObject({ level: 'problem', text: expect.stringContaining('It may serve no tenants.') as string });
      expect(ofShard.map((each) => each['remedy'])).not.toContain('tenantry policy apply --shard a');
      await a.query(sqlText(remedy));
      expect((await run('policy apply')).code).toBe(0);
      expect((await run('policy verify --shard a')).code).toBe(0);
      expect((await run('doctor')).code).toBe(0);
    });

    it('is accepted until the end of its entry, and for good by nobody', async () => {
      await configured([{ object, until }]);
      const applied = await run('policy apply');
      expect(applied).toMatchObject({ code: 0, err: expect.stringMatching(/warning a: public\.All: .*; accepted until /) as string });
      expect((await run('policy verify --shard a')).code).toBe(0);
      expect(await ofView()).toMatchObject({ level: 'warning', severity: 'leak' });
      await configured([]);
      expect(await run('policy verify --shard a')).toMatchObject({ code: 2, out: expect.stringContaining(told) as string });
      expect(await run('policy apply')).toMatchObject({ code: 1, err: expect.stringMatching(refusal) as string });
      expect(await ofView()).toMatchObject({ level: 'problem', remedy });
    });

    it('that was accepted for good all the same is told by policy verify, doctor and policy apply, which still sets what is to be set', async () => {
      const { rows } = await catalog.query<{ shardId: string }>(
        sqlText(`select shard_id as "shardId" from tenantry.shard where name = 'a'`),
      );
      const { shardId } = rows[0]!;
      const signer = createShardSigner({ current: fleetKeyFromBase64(world.environment['TENANTRY_FLEET_KEY']!, 'It') }, shardId);
      const found = { nowMs: Date.now(), drift: [], kept: [], permit: () => Promise.resolve() };
      await a.transaction((session) => accept(session, postgresPolicyRenderer, [], { signer, acceptedBy: 'tests', shardId }, found));
      expect(await run('policy verify --shard a')).toMatchObject({ code: 2, out: expect.stringContaining(told) as string });
      expect(await ofView()).toMatchObject({ level: 'problem', remedy });
      expect((await run('policy apply')).code).toBe(2);
      expect((await run('policy apply --dry-run')).code).toBe(2);
      await a.query(sqlText('drop policy tenantry_tenant on "Posts"'));
      const { code, out } = await run('policy apply --shard a');
      expect({ code, out }).toEqual({ code: 2, out: 'shard a: 1 changed\n  public.Posts: policy tenantry_tenant\n' });
      expect((await run('policy diff')).code).toBe(0);
    });
  });
}
