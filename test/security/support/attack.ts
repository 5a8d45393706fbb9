import pg from 'pg';
import type { ContextProtection } from '../../../src/core/context-protection.ts';
import { TenantryError } from '../../../src/core/errors.ts';
import { describeAttacksOn, type AttackOn, type DefenceOn } from '../../support/attacks.ts';
import { WorldServer, type World } from './world.ts';

export { succeeded } from '../../support/attacks.ts';

/** An attack on a shard of PostgreSQL. */
export type Attack = AttackOn<World>;

/** How the defence against one is switched off. */
export type Defence = DefenceOn<World>;

/** Runs each attack on PostgreSQL, against the shard as it is and with its defence switched off. */
export function describeAttacks(
  title: string,
  attacks: Readonly<Record<string, Attack>>,
  defences: Readonly<Record<string, Defence>>,
  protection: ContextProtection = 'guarded',
): void {
  const start = (): Promise<WorldServer> => WorldServer.start(protection);
  describeAttacksOn({ start, possessions, refusal }, title, attacks, defences);
}

function refusal(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) return { message: error.message, detail: error.detail, hint: error.hint, where: error.where };
  if (error instanceof TenantryError) return { code: error.code, message: error.message, cause: String(error.cause) };
  throw error;
}

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
