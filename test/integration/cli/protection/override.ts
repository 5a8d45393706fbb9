import { beforeAll, describe, expect, it } from 'vitest';
import { sqlText } from '../../../../src/core/sql.ts';
import type { CliWorld } from '../world.ts';
import type { TwoShards } from './two-shards.ts';

/** Tenants that are let in though what protects them was not accepted. */
export function testOverride(fleet: () => TwoShards): void {
  let world: CliWorld;
  beforeAll(() => {
    ({ world } = fleet());
  });

  describe('an override in force', () => {
    it('is told by doctor and shard show, with its end, who decided it and why, until it is ended', async () => {
      const before = JSON.parse((await world.run('shard show a --json')).out) as { override: unknown };
      expect(before.override).toBeNull();
      expect(await world.run('policy override --shard a --for 5m --reason reviewed --dry-run')).toMatchObject({
        code: 2,
        out: 'Would be done: shard a: tenants are let in for 300 s\n',
      });
      expect(JSON.parse((await world.run('shard show a --json')).out)).toMatchObject({ override: null });
      expect((await world.run('policy override --shard a --for 5m --reason reviewed --actor Ann')).code).toBe(0);
      const { override } = JSON.parse((await world.run('shard show a --json')).out) as { override: { until: string } };
      expect(override).toEqual({ until: expect.stringMatching(/^20/) as string, reason: 'reviewed', decidedBy: 'Ann', isSigned: true });
      const told = `enants are let in until ${override.until} though what protects them was not accepted, by Ann: reviewed`;
      expect((await world.run('shard show a')).out).toContain(told);
      const { code, out } = await world.run('doctor');
      expect(code).toBe(0);
      expect(out).toContain(`shard a: T${told}\n         run: tenantry policy override --shard a --end`);
      const root = world.openDatabase('shop_a');
      await root.query(
        sqlText(
          `update tenantry_watch.gate set override_signature = decode(repeat('00', 32), 'hex'), override_by = null, override_reason = null`,
        ),
      );
      const unsigned = `Tenants are let in until ${override.until} though what protects them was not accepted, by somebody who is not named. The override is signed by no key of the fleet`;
      for (const line of ['shard show a', 'doctor']) expect((await world.run(line)).out).toContain(unsigned);
      expect((await world.run('policy override --shard a --end')).code).toBe(0);
      expect((await world.run('doctor')).out).not.toContain('are let in until');
      expect((await world.run('shard show a')).out).not.toContain('are let in until');
    });

    it('says in JSON whether it was done, for how long and until when', async () => {
      const json = async (line: string): Promise<unknown> => JSON.parse((await world.run(`policy override --shard a ${line} --json`)).out);
      const told = { version: 1, shard: 'a', forMs: 300_000 };
      expect(await json('--for 5m --reason reviewed --dry-run')).toEqual({ ...told, done: false, until: null });
      expect(await json('--for 5m --reason reviewed')).toEqual({ ...told, done: true, until: expect.stringMatching(/^20/) as string });
      expect(await json('--end')).toEqual({ ...told, forMs: null, done: true, until: null });
    });

    it('says what keeps tenants out in spite of it, and ends with 2', async () => {
      const root = world.openDatabase('shop_a');
      await root.query(sqlText('alter table "Blogs" no force row level security'));
      try {
        const reason = 'Blogs: row-level security is not enabled and forced.';
        expect(await world.run('policy override --shard a --for 5m --reason reviewed')).toMatchObject({
          code: 2,
          out: expect.stringMatching(
            new RegExp(`^shard a: an override is in force until 20\\S+, and tenants are not let in by it alone: ${reason}\n$`),
          ) as string,
        });
        const { code, out } = await world.run('policy override --shard a --for 5m --reason reviewed --json');
        expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 2, done: true, refused: reason });
      } finally {
        expect((await world.run('policy override --shard a --end')).code).toBe(0);
        expect((await world.run('policy apply')).code).toBe(0);
      }
    });
  });
}
