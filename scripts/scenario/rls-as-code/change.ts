import { bareQuery } from '../bare-query.ts';
import { command } from '../command.ts';
import type { Narrator } from '../narrator.ts';
import type { Stage } from '../stage.ts';
import { changed } from './config.ts';

/** A change of the configuration is seen as a diff, made a plan, and the plan is what is done. */
export async function tellChange(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.chapter('A change: reviewed as a diff, saved as a plan');
  narrator.answer(JSON.stringify(changed.policies, null, 2).split('\n'));
  await stage.configure(changed);
  const diff = await tell(stage, narrator, 'policy diff');
  narrator.check('policy diff tells which tables of which shards lack it, and ends with 2', diff.code, 2);
  const plan = await tell(stage, narrator, 'policy plan --out plan.json');
  narrator.check('policy plan writes down what is to be done, and does nothing', plan.code, 2);
  narrator.check('… so that nothing has changed', (await stage.tenantry('policy diff')).out, diff.out);

  narrator.chapter('A plan is done to the letter, or not at all');
  await bareQuery(stage.url('admin', { server: 1 }), 'drop policy tenantry_superuser on users');
  narrator.say('Meanwhile somebody changes shard b by hand:');
  const refused = await tell(stage, narrator, 'policy apply --plan plan.json');
  narrator.check('The plan is refused: a shard is not what it was made for', refused.code, 1);
  narrator.check('… and the other shard was left as it was, too', await policiesOn(stage, 0), []);
  await tell(stage, narrator, 'policy plan --out plan.json');
  await command(stage, narrator, 'policy apply --plan plan.json');
  narrator.check('Another plan, of how things stand, is done', (await stage.tenantry('policy diff')).code, 0);
  for (const server of [0, 1])
    narrator.check(`The policy is on shard ${server === 0 ? 'a' : 'b'}`, await policiesOn(stage, server), [
      { polname: 'tenantry_rows_own_update' },
    ]);
  const { out } = await stage.tenantry('policy inspect --shard b --json');
  const { policies } = (JSON.parse(out) as { model: { policies: unknown } }).model;
  narrator.check('policy inspect reads it back from the shard as the configuration has it', policies, {
    own: { on: ['users'], update: { owner: 'name', is: 'userName' } },
  });
}

function policiesOn(stage: Stage, server: number): Promise<unknown> {
  return bareQuery(stage.url(undefined, { server }), `select polname from pg_policy where polname like 'tenantry_rows%'`);
}

/** Runs a command line that may end in any way, and tells what it said. */
async function tell(stage: Stage, narrator: Narrator, line: string): Promise<{ readonly code: number; readonly out: string }> {
  narrator.code(`tenantry ${line}`);
  const { code, out, err } = await stage.tenantry(line);
  narrator.answer([out, err].filter((text) => text !== '').flatMap((text) => text.split('\n')));
  return { code, out };
}
