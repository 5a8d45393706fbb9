import type { Command } from 'commander';
import type { CliWorld } from '../command.ts';
import { addPolicyApplyCommand } from './policy-apply.ts';

/** `tenantry policy ...`. */
export function addPolicyCommands(program: Command, world: CliWorld): void {
  const policy = program.command('policy').description("row-level security of the configuration's tables");
  addPolicyApplyCommand(policy, world);
}
