import type { CommandResult } from '../../test/support/command-line.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

/** Runs a command line that must succeed, and tells what it said. */
export async function command(stage: Stage, narrator: Narrator, line: string): Promise<CommandResult> {
  narrator.code(`tenantry ${line}`);
  const answer = await stage.tenantry(line);
  narrator.answer([answer.out, answer.err].filter((text) => text !== '').flatMap((text) => text.split('\n')));
  if (answer.code !== 0) narrator.check(`tenantry ${line} succeeds`, answer.code, 0);
  return answer;
}

/** The command line that adds a database as a shard: the stage's on its first server, where nothing else is said. */
export function shardAdd(stage: Stage, name: string, at: { readonly server?: number; readonly database?: string } = {}): string {
  const { host, port } = stage.servers[at.server ?? 0] ?? stage.catalog;
  return `shard add ${name} --host ${host} --port ${port} --database ${at.database ?? stage.database} --bootstrap`;
}
