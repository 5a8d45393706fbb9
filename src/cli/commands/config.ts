import type { Command } from 'commander';
import { redactSettings } from '../../config/redact.ts';
import { counted } from '../../core/counted.ts';
import type { Settings } from '../../config/settings.ts';
import type { ColumnPair } from '../../core/predicate.ts';
import { addCommand, type CliWorld } from '../command.ts';

/** `tenantry config show|check`. */
export function addConfigCommands(program: Command, world: CliWorld): void {
  const config = program.command('config').description('look at the configuration');
  addCommand(
    config,
    world,
    {
      usage: 'check',
      summary: 'check the configuration and the environment it refers to; ends with 1 where something is wrong',
      examples: ['config check'],
    },
    (command) => command,
    async ({ settings, output }) => {
      output.result({ ok: true }, overview(await settings()));
    },
  );
  addCommand(
    config,
    world,
    { usage: 'show', summary: 'show the configuration with its defaults; secrets are hidden', examples: ['config show --json'] },
    (command) => command,
    async ({ settings, output }) => {
      const shown = redactSettings(await settings());
      output.result({ configuration: shown }, JSON.stringify(shown, null, 2));
    },
  );
}

/** What is configured, with the policies and parents of tables on lines of their own. */
function overview({ map, tables, policies }: Settings): string {
  const names = Object.keys(policies);
  const counts = [counted(tables.length, 'table'), ...(names.length === 0 ? [] : [counted(names.length, 'policy', 'policies')])];
  return [
    `The configuration is valid: map ${map.name} (${map.kind} of ${map.key}), ${counts.join(', ')}.`,
    ...tables.flatMap(({ name, parent }) =>
      parent === undefined
        ? []
        : [`  table ${name}: its rows belong to those of ${parent.table}, ${parent.columns.map(pairText).join(', ')}`],
    ),
    ...Object.entries(policies).map(([name, { on, ...parts }]) => `  policy ${name} on ${on.join(', ')}: ${Object.keys(parts).join(', ')}`),
  ].join('\n');
}

function pairText({ child, parent }: ColumnPair): string {
  return `${child} = ${parent}`;
}
