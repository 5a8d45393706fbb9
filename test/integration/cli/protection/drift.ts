import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlText } from '../../../../src/core/sql.ts';
import { fleetKeyFromBase64 } from '../../../../shardmap/mapping-token.ts';
import { createShardSigner } from '../../../../shardmap/shard-signer.ts';
import { postgresPolicyRenderer } from '../../../../src/engine/postgres/policy-renderer.ts';
import { accept } from '../../../../src/policy/acceptance.ts';
import { itemsOf } from '../../../support/command-line.ts';
import type { SqlDatabase } from '../../../../src/core/session.ts';
import { configuration, type CliWorld } from '../world.ts';
import type { TwoShards } from './two-shards.ts';

/** What may stay as it is for a while. */
export function testDrift(fleet: () => TwoShards): void {
  let world: CliWorld;
  let catalog: SqlDatabase;
  let a: SqlDatabase;
  beforeAll(() => {
    ({ world, catalog, a } = fleet());
  });

  describe('drift that the configuration accepts for a while', () => {
    const reason = 'Change 4711.';
    const object = 'public.Blogs: rights of tenantry_mover';
    const lessen = sqlText('revoke insert on "Blogs" from tenantry_mover');
    // One day for all of them, also where it ends meanwhile.
    const startedAt = Date.now();
    const dayIn = (days: number): string => new Date(startedAt + 86_400_000 * days).toISOString().slice(0, 10);
    const endIn = (days: number): string => `${dayIn(days + 1)}T00:00:00.000Z`;
    const accepting = (drift: object): Promise<void> =>
      writeFile(join(world.folder, 'drift.json'), configuration({ drift: [{ shards: ['a'], reason, ...drift }] }));
    const run = (line: string): ReturnType<CliWorld['run']> => world.run(`${line} --config drift.json`);
    const validUntil = async (): Promise<number | null> =>
      (await a.run<{ validUntilMs: number | null }>('policy/signatures')).rows[0]?.validUntilMs ?? null;
    const findings = async (): Promise<{ subject: string; level: string; text: string; remedy?: string; advice?: string }[]> =>
      itemsOf((await run('doctor --json')).out);

    beforeEach(async () => {
      expect((await world.run('policy apply')).code).toBe(0);
    });

    it('is told by policy diff with its end and its reason, and left as it is by policy apply, which accepts it until then', async () => {
      await a.query(lessen);
      await accepting({ object, until: dayIn(30) });
      expect((await world.run('policy diff')).code).toBe(2);
      const { code, out, err } = await run('policy diff --json --shard a --table Blogs');
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(itemsOf(out)).toMatchObject([
        { state: 'accepted', items: [{ accepted: { until: endIn(30), reason } }] },
        { of: 'shard', object: null, state: 'different' },
      ]);
      expect(itemsOf((await run('policy apply --dry-run --json --shard a')).out)).toMatchObject([
        { changes: [{ item: 'rights public."Blogs"', after: `accepted until ${endIn(30)}` }] },
      ]);
      expect(await run('policy apply')).toMatchObject({ code: 0 });
      expect(await validUntil()).toBe(Date.parse(endIn(30)));
      expect(await run('policy apply --dry-run')).toMatchObject({ code: 0 });
      expect((await run('policy diff')).code).toBe(0);
      expect(await findings()).toContainEqual({
        subject: 'shard a',
        level: 'ok',
        text: `${object} may stay as it is until ${endIn(30)}: ${reason}`,
      });
    });

    it('is warned of in the week before its end, and accepted for another time once its entry is renewed', async () => {
      await a.query(lessen);
      await accepting({ object, until: dayIn(3) });
      expect((await run('policy apply')).code).toBe(0);
      expect(await findings()).toContainEqual({
        subject: 'shard a',
        level: 'warning',
        text: `${object} may stay as it is until ${endIn(3)}: ${reason}. Then it may serve no tenants.`,
        advice: expect.stringContaining('renew the entry') as string,
      });
      await accepting({ object, until: dayIn(60) });
      const renewal = {
        kind: 'renew',
        item: 'end of what was accepted',
        before: `accepted until ${endIn(3)}`,
        after: `accepted until ${endIn(60)}`,
      };
      expect(itemsOf((await run('policy apply --dry-run --json --shard a')).out)).toMatchObject([{ changes: [renewal] }]);
      expect((await run('policy apply')).code).toBe(0);
      expect(await validUntil()).toBe(Date.parse(endIn(60)));
    });

    it('is set back by policy apply once its entry is gone or over, where it is of a configured table', async () => {
      await a.query(lessen);
      await accepting({ object, until: dayIn(30) });
      expect((await run('policy apply')).code).toBe(0);
      await accepting({ object, until: dayIn(-1) });
      expect((await run('policy diff')).code).toBe(2);
      expect(await findings()).toContainEqual({
        subject: 'configuration, drift[0]',
        level: 'warning',
        text: `The time of ${object} was over with ${dayIn(-1)}: it is no accepted drift any more.`,
        advice: 'take the entry away, or renew it',
      });
      expect((await run('policy apply')).code).toBe(0);
      expect(await validUntil()).toBeNull();
      expect((await world.run('policy diff')).code).toBe(0);
    });

    it('keeps tenants out once its time is over, until something is done about it', async () => {
      const { shardId } = (
        await catalog.query<{ shardId: string }>(sqlText(`select shard_id as "shardId" from tenantry.shard where name = 'a'`))
      ).rows[0]!;
      const signer = createShardSigner({ current: fleetKeyFromBase64(world.environment['TENANTRY_FLEET_KEY']!, 'It') }, shardId);
      await a.query(sqlText('create view "Totals" as select 1 as one; grant select on "Totals" to tenantry_app'));
      const over = { object: 'view public."Totals"', reason, untilMs: Date.now() - 1_000 };
      const tables = ['Blogs', 'Posts'].map((table) => ({ schema: 'public', table, tenantColumn: 'TenantId' }));
      await a.transaction((session) =>
        accept(
          session,
          postgresPolicyRenderer,
          tables,
          { shardId, signer, acceptedBy: 'tests' },
          { nowMs: Date.now(), drift: [over], kept: [], permit: () => Promise.resolve() },
        ),
      );
      const { out } = await world.run('policy verify --json --shard a');
      expect(itemsOf(out)).toMatchObject([{ objection: 'the time for which what protects its tenants was accepted is over' }]);
      expect((await world.run('policy apply')).code).toBe(0);
      expect((await world.run('policy verify --shard a')).code).toBe(0);
      await a.query(sqlText('drop view "Totals"'));
    });

    it('is nothing that is always there, which would close a shard on its day; doctor warns of an entry that comes to nothing', async () => {
      for (const idle of ['table public."Blogs"', 'trigger public."Blogs" tenantry_capture_insert', 'view public."Totals"']) {
        await accepting({ object: idle, until: dayIn(30) });
        expect((await run('policy apply')).code).toBe(0);
        expect(await validUntil(), idle).toBeNull();
        expect(await findings()).toContainEqual(
          expect.objectContaining({
            subject: 'shard a',
            level: 'warning',
            text: `It has no ${idle} that differs: drift[0] of the configuration comes to nothing on it.`,
          }),
        );
      }
    });

    it('may be an object of the shard that no policy is made of', async () => {
      await a.query(
        sqlText('create view "Totals" with (security_invoker) as select count(*) from "Blogs"; grant select on "Totals" to tenantry_app'),
      );
      await accepting({ object: 'view public."Totals"', until: dayIn(30) });
      expect((await run('policy apply')).code).toBe(0);
      expect(await validUntil()).toBe(Date.parse(endIn(30)));
      const told = await run('policy diff --shard a');
      expect({ code: told.code, last: told.out.split('\n').at(-2) }).toEqual({
        code: 0,
        last: `a\tshard\t\taccepted\tview public."Totals" is there, accepted until ${endIn(30)}: ${reason}`,
      });
      // Beside what is wrong with the shard for another reason.
      await a.query(
        sqlText(`create function own_tenant() returns integer language sql immutable as 'select tenantry.current_tenant()';
          revoke execute on function own_tenant() from public`),
      );
      const drift = [{ shards: ['a'], reason, object: 'view public."Totals"', until: dayIn(30) }];
      await writeFile(join(world.folder, 'drift.json'), configuration({ drift, procedures: { own_tenant: { returns: 'nothing' } } }));
      expect((await run('policy diff --shard a')).out.split('\n').at(-2)).toMatch(
        /^a\tshard\t\tdifferent\tpublic\.own_tenant is IMMUTABLE.*\. Besides: view public\."Totals" is there, accepted until /,
      );
      await accepting({ object: 'view public."Totals"', until: dayIn(30) });
      await a.query(sqlText('drop function own_tenant(); drop view "Totals"'));
      expect((await run('policy apply')).code).toBe(0);
      expect(await validUntil()).toBeNull();
    });

    it('is never accepted for good by an entry that is over: nothing is, until the object or the entry is gone or renewed', async () => {
      await a.query(
        sqlText('create view "Totals" with (security_invoker) as select count(*) from "Blogs"; grant select on "Totals" to tenantry_app'),
      );
      const entry = { object: 'view public."Totals"' };
      await accepting({ ...entry, until: dayIn(30) });
      expect((await run('policy apply')).code).toBe(0);
      await accepting({ ...entry, until: dayIn(-1) });
      const refusal = `view public."Totals", until ${endIn(-1)}: ${reason}\nTake each away, or renew its entry`;
      for (const line of [
        'policy apply --shard a',
        'policy apply --dry-run --shard a',
        `policy plan --shard a --out ${join(world.folder, 'p.json')}`,
      ]) {
        const { code, out, err } = await run(line);
        expect({ line, code, said: `${out}${err}` }).toEqual({ line, code: 1, said: expect.stringContaining(refusal) as string });
      }
      expect(await findings()).toContainEqual(
        expect.objectContaining({ level: 'problem', text: expect.stringContaining(refusal) as string }),
      );
      expect(await validUntil()).toBe(Date.parse(endIn(30)));
      await accepting({ ...entry, until: dayIn(40) });
      expect((await run('policy apply')).code).toBe(0);
      expect(await validUntil()).toBe(Date.parse(endIn(40)));
      await a.query(sqlText('drop view "Totals"'));
      await accepting({ ...entry, until: dayIn(-1) });
      expect((await run('policy apply')).code).toBe(0);
      expect(await validUntil()).toBeNull();
    });
  });
}
