import type { Command } from 'commander';
import type { CliWorld } from '../command.ts';
import { addPolicyApplyCommand } from './policy-apply.ts';
import { addPolicyDiffCommand } from './policy-diff.ts';
import { addPolicyInspectCommand } from './policy-inspect.ts';
import { addPolicyOverrideCommand } from './policy-override.ts';
import { addPolicyPlanCommand } from './policy-plan.ts';
import { addPolicyVerifyCommand } from './policy-verify.ts';
import { addPolicyTestCommand } from './policy-test.ts';

/** `tenantry policy ...`. */
export function addPolicyCommands(program: Command, world: CliWorld): void {
  const policy = program.command('policy').description("row-level security of the configuration's tables");
  addPolicyInspectCommand(policy, world);
  addPolicyDiffCommand(policy, world);
  addPolicyPlanCommand(policy, world);
  addPolicyApplyCommand(policy, world);
  addPolicyVerifyCommand(policy, world);
  addPolicyOverrideCommand(policy, world);
  addPolicyTestCommand(policy, world);
}
