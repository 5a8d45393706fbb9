import type { Narrator } from '../narrator.ts';
import type { Token } from '../service.ts';
import type { Stage } from '../stage.ts';

/** A token of tenant 1, told as the command that makes it. */
export async function mint(stage: Stage, narrator: Narrator, variable: string, subject: string): Promise<Token> {
  const line = `token mint 1 ${subject}`.trimEnd();
  narrator.code(`${variable}=$(tenantry ${line})`);
  return { variable, text: (await stage.tenantry(line)).out };
}
