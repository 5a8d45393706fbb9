import { command, shardAdd } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';

/** A shard map, two shards, four tenants. */
export async function tellSetup(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Tenantry takes over: a shard map, two shards, row-level security on both');
  narrator.say('--bootstrap prepares a server’s roles and logins; everything after it runs as admin, which is no superuser.');
  await command(stage, narrator, 'map create');
  for (const [server, name] of ['a', 'b'].entries()) await command(stage, narrator, shardAdd(stage, name, { server }));
  for (const tenant of [1, 2, 3, 4]) await command(stage, narrator, `tenant add ${tenant} --shard ${tenant <= 2 ? 'a' : 'b'}`);
  const { out } = await stage.tenantry('tenant list --json');
  const placed = (JSON.parse(out) as { items: { tenant: string; shard: string; state: string }[] }).items.map(
    ({ tenant, shard, state }) => `${tenant} ${shard} ${state}`,
  );
  narrator.check('Four tenants are placed, two on each shard', placed, ['1 a ONLINE', '2 a ONLINE', '3 b ONLINE', '4 b ONLINE']);
  narrator.check('The policies of both shards are what the configuration says', (await stage.tenantry('policy apply --dry-run')).code, 0);
}
