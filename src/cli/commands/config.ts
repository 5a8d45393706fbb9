import type { Command } from 'commander';
import { redactSettings } from '../../config/redact.ts';
import { counted } from '../../core/counted.ts';
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
      const { map, tables } = await settings();
      output.result(
        { ok: true },
        `The configuration is valid: map ${map.name} (${map.kind} of ${map.key}), ${counted(tables.length, 'table')}.`,
      );
    },
  );
  addCommand(
    config,
    world,
    { usage: 'show', summary: 'show the configuration with its defaults; secrets are hidden', examples: ['config show --json'] },
    (command) => command,
    async ({ settings, output }) => {
      const shown = redactSettings(await settings());
      output.result(shown, JSON.stringify(shown, null, 2));
    },
  );
}
