import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { bareQuery } from '../bare-query.ts';
import { command, shardAdd } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';

/** What the database knows a user by. */
export function hashOf(user: string): string {
  return hash('sha256', user);
}

/** A shard with sensitive data, and permissions by hashes of users; the policies are off. */
export async function tellSetup(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Sensitive data, and who has access to it');
  await bareQuery(stage.url(), await readFile(new URL('tables.postgres.sql', import.meta.url), 'utf8'));
  const permissions = [
    [1, 'jane.dean', 1, true],
    [1, 'john.doe', 1, false],
    [1, 'john.doe', 2, true],
  ] as const;
  for (const [tenant, user, row, hasAccess] of permissions) {
    narrator.say(`${user} ${hasAccess ? 'has' : 'is denied'} access to row ${row}, as ${hashOf(user).slice(0, 12)}…`);
    const values = `${tenant}, '${hashOf(user)}', ${row}, ${hasAccess}`;
    await bareQuery(stage.url(), `insert into "SensitiveDataPermissions" values (${values})`);
  }
  await command(stage, narrator, 'map create');
  await command(stage, narrator, shardAdd(stage, 'a'));
  for (const tenant of [1, 2]) await command(stage, narrator, `tenant add ${tenant} --shard a`);
  await tellOwner(stage, narrator);
}

/** Who owns a table switches its policies off. */
async function tellOwner(stage: Stage, narrator: Narrator): Promise<void> {
  const owners = `select tableowner = current_user as "owned" from pg_tables where schemaname = 'public'`;
  const owned = await bareQuery(stage.url('app'), owners);
  const none = { owned: false };
  narrator.check('The API’s login owns none of the tables', owned, [none, none, none]);
  const off = await bareQuery(stage.url('app'), 'alter table "SensitiveData" disable row level security');
  narrator.check('… so it cannot switch their protection off', off, 'must be owner of table SensitiveData');
}
