import { bareQuery } from '../bare-query.ts';
import { command, shardAdd } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';

/** The policy by hand goes, whoever it was for has no rights any more, and two shards have what the configuration declares. */
export async function tellSetup(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Declared once, for every shard');
  for (const server of [0, 1]) await bareQuery(stage.url(undefined, { server }), 'drop policy tenant_isolation on users');
  await bareQuery(stage.url(), 'revoke all on users, tenants from webapp');
  await command(stage, narrator, 'map create');
  for (const [server, name] of ['a', 'b'].entries()) await command(stage, narrator, shardAdd(stage, name, { server }));
  await command(stage, narrator, 'tenant add 1 --shard a');
  await command(stage, narrator, 'tenant add 3 --shard a');
  await command(stage, narrator, 'tenant add 2 --shard b');
  narrator.check('policy diff: both shards are what the configuration says', (await stage.tenantry('policy diff')).code, 0);
}
