import { readFile } from 'node:fs/promises';
import { bareQuery } from '../bare-query.ts';
import { command, shardAdd } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import { startService } from '../service.ts';
import { createStage, type Stage } from '../stage.ts';
import { Caller } from './caller.ts';
import { rolesConfig } from './config.ts';

/**
 * Tells the story of users, their roles, and what these may do by which method, from servers that start to servers that are gone. Throws
 * `NotAsTold`.
 */
export async function tellRoles(narrator: Narrator): Promise<void> {
  const stage = await createStage({ config: rolesConfig, servers: 1, database: 'roles' });
  try {
    await tellSetup(stage, narrator);
    const service = await startService(stage);
    try {
      const caller = async (user: string, tenant = 1): Promise<Caller> => {
        const line = `token mint ${tenant} --subject ${user}`;
        narrator.code(`${user.toUpperCase()}=$(tenantry ${line})`);
        return new Caller(service, narrator, { variable: user.toUpperCase(), text: (await stage.tenantry(line)).out });
      };
      narrator.chapter('Three users, three roles');
      const [ada, dev, stan] = [await caller('ada'), await caller('dev'), await caller('stan')] as const;
      await tellMethods({ ada, dev, stan }, narrator);
      await tellChanges(stage, { dev, stan }, narrator);
      narrator.chapter('The same name in another tenant');
      const other = await caller('ada', 2);
      narrator.check('Ada of tenant 2 has no role there, whatever a role of that name may do', await other.list('Accounts'), []);
    } finally {
      await service.stop();
    }
  } finally {
    await stage.close();
  }
}

async function tellSetup(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Users, roles, and what a role may do by which method');
  await bareQuery(stage.url(), await readFile(new URL('tables.postgres.sql', import.meta.url), 'utf8'));
  const rights = await bareQuery(
    stage.url(),
    'select r.*, u."UserId" from "RoleRights" r join "UserRoles" u using ("TenantId", "Role") order by 2, 3',
  );
  if (Array.isArray(rights)) narrator.answer(rights.map((row) => JSON.stringify(row)));
  await command(stage, narrator, 'map create');
  await command(stage, narrator, shardAdd(stage, 'a'));
  for (const tenant of [1, 2]) await command(stage, narrator, `tenant add ${tenant} --shard a`);
}

async function tellMethods({ ada, dev, stan }: Readonly<Record<'ada' | 'dev' | 'stan', Caller>>, narrator: Narrator): Promise<void> {
  narrator.check('An administrator sees the users', await ada.list('Users'), ['ada', 'dev', 'stan']);
  narrator.check('… and the accounts', await ada.list('Accounts'), [1, 2]);
  narrator.check('A developer sees the accounts', await dev.list('Accounts'), [1, 2]);
  narrator.check('… and no user, not himself either', await dev.list('Users'), []);
  narrator.check('Everybody else sees neither', [await stan.list('Users'), await stan.list('Accounts')], [[], []]);

  narrator.chapter('Method by method');
  narrator.check('The developer adds an account', await dev.send('POST', 'Accounts', { Id: 3, Holder: 'Third' }), 201);
  narrator.check('… and may not change it', await dev.send('PATCH', 'Accounts/3', { Holder: 'His' }), 409);
  narrator.check('… nor delete it', await dev.send('DELETE', 'Accounts/3'), 409);
  narrator.check('The administrator changes it', await ada.send('PATCH', 'Accounts/3', { Holder: 'Hers' }), 200);
  narrator.check('… and deletes it', await ada.send('DELETE', 'Accounts/3'), 204);
  narrator.check('Stan adds nothing', await stan.send('POST', 'Accounts', { Id: 4, Holder: 'Fourth' }), 403);
  narrator.check('… and makes himself no administrator', await stan.send('POST', 'UserRoles', { UserId: 'stan', Role: 'admin' }), 403);
  narrator.check(
    'Nor does the administrator, who is no operator',
    await ada.send('POST', 'UserRoles', { UserId: 'stan', Role: 'admin' }),
    403,
  );
}

/** Rights are rows: a change of one counts from the next request on, and the service goes on. */
async function tellChanges(stage: Stage, { dev, stan }: Readonly<Record<'dev' | 'stan', Caller>>, narrator: Narrator): Promise<void> {
  narrator.chapter('Rights that change while the service runs');
  const change = async (text: string): Promise<void> => {
    narrator.code(text);
    await bareQuery(stage.url('admin'), text);
  };
  await change(`update "RoleRights" set "CanPatch" = true where "TenantId" = 1 and "Role" = 'developer'`);
  narrator.check('From now on a developer changes accounts', await dev.send('PATCH', 'Accounts/2', { Holder: 'Changed' }), 200);
  await change(`insert into "UserRoles" values (1, 'stan', 'developer')`);
  narrator.check('Stan, a developer too now, sees the accounts', await stan.list('Accounts'), [1, 2]);
  await change(`delete from "UserRoles" where "TenantId" = 1 and "UserId" = 'stan' and "Role" = 'developer'`);
  narrator.check('… and no longer, once he is none', await stan.list('Accounts'), []);
  await change(`update "RoleRights" set "CanGet" = false where "TenantId" = 1 and "Role" = 'developer'`);
  narrator.check(
    'What is not seen is not changed either, whatever the method’s right',
    await dev.send('PATCH', 'Accounts/2', { Holder: 'Again' }),
    404,
  );
}
