import { CommanderError } from 'commander';
import { TenantryError } from '../core/errors.ts';
import type { CliWorld, ExitCode } from './command.ts';
import { describeFailure } from './output.ts';
import { createProgram } from './program.ts';

/** Runs a command line (without program name) and gives its exit code; what went wrong is said on `err`. */
export async function runCommandLine(world: CliWorld, args: readonly string[]): Promise<ExitCode> {
  const { err } = world.terminal;
  const isJson = args.includes('--json');
  let misuse = '';
  const program = createProgram(world, (text) => void (misuse += text));
  try {
    await program.parseAsync(helpAsOption(args), { from: 'user' });
    return 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) err.write(`${describeFailure(error, isJson)}\n`);
    else if (error.code === 'tenantry.exit') return error.exitCode === 2 ? 2 : 1;
    else if (error.exitCode === 0) return 0;
    else
      err.write(
        isJson ? `${describeFailure(new TenantryError('INVALID_REQUEST', misuse.trimEnd().replace(/^error: /, '')), true)}\n` : misuse,
      );
    return 1;
  }
}

/** `help shard add` as `shard add --help`: commander's own knows the first word alone. */
function helpAsOption(args: readonly string[]): readonly string[] {
  const [first, ...words] = args;
  return first === 'help' && words.length > 1 ? [...words, '--help'] : args;
}
