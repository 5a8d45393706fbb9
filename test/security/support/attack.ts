import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContextProtection } from '../../../src/core/context-protection.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { WorldServer, type World } from './world.ts';

/** What an attacker does, and what of it is shown: data that was seen, or `succeeded` where the deed itself is the harm. */
export type Attack = (world: World) => Promise<unknown>;

/** How the defence against an attack is switched off; the attack must then get through. */
export type Defence = (world: World) => Promise<unknown>;

/** Given by an attack whose deed is the harm, whatever was seen. */
export const succeeded = Symbol('succeeded');

/**
 * Runs each attack twice: against the shard as it is, where nothing of tenant 2 may be seen or changed, and with its
 * defence switched off, where something must, or the test could not fail. An attack without a defence, and a defence
 * without an attack, fail.
 */
export function describeAttacks(
  title: string,
  attacks: Readonly<Record<string, Attack>>,
  defences: Readonly<Record<string, Defence>>,
  protection: ContextProtection = 'guarded',
): void {
  describe(title, () => {
    let server: WorldServer;
    let whole: World;
    beforeAll(async () => {
      server = await WorldServer.start(protection);
      whole = await server.createWorld();
    });
    afterAll(async () => {
      await whole.close();
      await server.stop();
    });

    it('has a way to switch off the defence against every attack', () => {
      expect(Object.keys(defences)).toEqual(Object.keys(attacks));
    });
    for (const [name, attack] of Object.entries(attacks)) {
      it(`${name}: denied`, async () => {
        expect(await harm(whole, attack)).toEqual([]);
      });
      it(`${name}: gets through once its defence is off`, async () => {
        const weakened = await server.createWorld();
        try {
          await defences[name]?.(weakened);
          expect(await harm(weakened, attack)).not.toEqual([]);
        } finally {
          await weakened.close();
        }
      });
    }
  });
}

async function harm(world: World, attack: Attack): Promise<string[]> {
  const before = await possessions(world);
  const shown = await attack(world).catch(refusal);
  const after = await possessions(world);
  return [...harmSeen(shown), ...(after === before ? [] : ['rows of tenant 2 were changed'])];
}

function harmSeen(shown: unknown): string[] {
  if (shown === succeeded) return ['the deed succeeded'];
  return /tenant-2|\bsecret\b/.test(JSON.stringify(shown) ?? '') ? [`what was shown: ${JSON.stringify(shown)}`] : [];
}

/** A refusal of the database is an answer, and may itself say too much. */
function refusal(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) return { message: error.message, detail: error.detail, hint: error.hint, where: error.where };
  if (error instanceof TenantryError) return { code: error.code, message: error.message, cause: String(error.cause) };
  throw error;
}

/** Everything that is tenant 2's, and everything that claims to be. */
async function possessions({ root }: World): Promise<string> {
  const { rows } = await root
    .query(`
    select t::text as "row" from (
      select 'Blogs', b::text from "Blogs" b where "TenantId" = 2 or "Name" like '%tenant-2%' union all
      select 'Posts', p::text from "Posts" p where "TenantId" = 2 or "Text" like '%tenant-2%' union all
      select 'Events', e::text from "Events" e where "TenantId" = 2 or "Text" like '%tenant-2%') t order by 1`)
    .catch(tableGone);
  return JSON.stringify(rows);
}

function tableGone(error: unknown): { rows: string[] } {
  if (error instanceof pg.DatabaseError && error.code === '42P01') return { rows: ['a table is gone'] };
  throw error;
}
