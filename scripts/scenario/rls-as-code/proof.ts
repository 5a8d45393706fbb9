import { bareQuery } from '../bare-query.ts';
import { command } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';

/** Every table is tried on every shard, also the one that has a single row of each tenant. */
export async function tellProof(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('Proven, on every shard');
  const { out } = await command(stage, narrator, 'policy verify');
  const proven = out.split('\n').map((line) => line.replace(/\d+/, 'so many'));
  narrator.check('policy verify acts as each login on each table, with rows that it makes up and undoes: all holds', proven, [
    'shard a: verified, so many statements tried',
    'shard b: verified, so many statements tried',
  ]);
  const { code } = await stage.tenantry('doctor');
  narrator.check('… and doctor finds nothing that is not as it must be', code, 0);

  const weakened = 'alter policy tenantry_tenant on tenants with check (true)';
  narrator.say('Somebody lets tenants write any row of their own table, by hand:');
  narrator.code(weakened);
  await bareQuery(stage.url(undefined, { server: 1 }), weakened);
  const leak = await stage.tenantry('policy verify --shard b');
  narrator.check('policy verify ends with 2', leak.code, 2);
  narrator.check('… and says what leaks', leak.out.includes('public.tenants: leaked: tenant: insert for another tenant'), true);
  await command(stage, narrator, 'policy apply --shard b');
  narrator.check('policy apply puts it right', (await stage.tenantry('policy verify')).code, 0);
}
