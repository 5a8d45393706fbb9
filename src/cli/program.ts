import { Command } from 'commander';
import { addAuditCommands } from './commands/audit.ts';
import { addConfigCommands } from './commands/config.ts';
import { addInitCommand } from './commands/init.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addKeyCommands } from './commands/key.ts';
import { addMapCommands } from './commands/map.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addRangeCommands } from './commands/range.ts';
import { addRecoverCommand } from './commands/recover.ts';
import { addServeCommand } from './commands/serve.ts';
import { addShardCommands } from './commands/shard.ts';
import { addTenantCommands } from './commands/tenant.ts';
import { addTokenCommands } from './commands/token.ts';
import type { CliWorld } from './command.ts';

/** The whole command line. What is to be said of an error of usage is handed to `onMisuse`, line by line. */
export function createProgram(world: CliWorld, onMisuse: (text: string) => void): Command {
  const { terminal, version } = world;
  const program = new Command('tenantry')
    .description('A sharded multi-tenant data router')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: onMisuse });
  addInitCommand(program, world);
  addServeCommand(program, world);
  addDoctorCommand(program, world);
  addRecoverCommand(program, world);
  addConfigCommands(program, world);
  addShardCommands(program, world);
  addMapCommands(program, world);
  addTenantCommands(program, world);
  addRangeCommands(program, world);
  addPolicyCommands(program, world);
  addKeyCommands(program, world);
  addAuditCommands(program, world);
  addTokenCommands(program, world);
  sayWhatIsAllowed(program, 'tenantry');
  return program;
}

/** An error of usage is followed by the commands or options that there are. */
function sayWhatIsAllowed(command: Command, path: string): void {
  const isGroup = command.commands.length > 0;
  const names = isGroup ? command.commands.map((each) => each.name()) : command.options.map((each) => each.flags);
  command.showHelpAfterError(`(allowed: ${names.join(', ')}; ${path} --help says more)`);
  for (const each of command.commands) sayWhatIsAllowed(each, `${path} ${each.name()}`);
}
