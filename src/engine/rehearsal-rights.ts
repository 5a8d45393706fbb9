import { TenantryError } from '../core/errors.ts';
import type { SqlSession } from '../core/session.ts';

/** Throws INVALID_CONFIGURATION, with the statements that an administrator runs, where admin may not act as one of the users. */
export async function requireRehearsalRights(session: SqlSession, users: readonly string[]): Promise<void> {
  const { rows } = await session.run<{ remedy: string }>('rehearsal/missing-rights', { users: JSON.stringify(users) });
  if (rows.length === 0) return;
  const statements = rows.map(({ remedy }) => `${remedy};`).join(' ');
  throw new TenantryError(
    'INVALID_CONFIGURATION',
    `The admin login may not act as the others, as which it tries what they may: an administrator of the server has to run, in the database of the shard: ${statements}`,
  );
}
