import { resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { findConfig, loadConfig, resolveConfig, type Environment, type Settings } from '../config.ts';
import { TenantryError } from '../core/errors.ts';
import { Output } from './output.ts';
import type { Services } from './services.ts';
import type { Terminal } from './terminal.ts';

/** 0: done. 1: an error. 2: changes are pending, or a check failed. */
export type ExitCode = 0 | 1 | 2;

/** What the command line stands on; everything that reaches outside is injected. */
export interface CliWorld {
  readonly terminal: Terminal;
  readonly environment: Environment;
  /** Working folder: relative paths and the configuration are looked for here. */
  readonly folder: string;
  readonly services: Services;
  /** Of the program. */
  readonly version: string;
  /** Who runs the process, as its operating system knows him. */
  readonly userName: () => string;
  /** Aborted when the process is asked to end; from the first call on, asking does not end it by itself. */
  readonly untilStopped: () => AbortSignal;
}

/**
 * What a command does with the fleet key, and when it is refused. `writes`: it makes what is signed by the current one, or a token of it,
 * and so needs one of the fleet's as that. `rotates`: it makes the current one the fleet's, and needs those that are. `reads`: it says that
 * they are not the fleet's, and goes on.
 */
export type FleetKeyUse = 'writes' | 'rotates' | 'reads';

/** What a command says of itself. */
export interface CommandSpec {
  /** Name and arguments: `add <name>`. */
  readonly usage: string;
  readonly summary: string;
  /** Lines of an example, without `tenantry` before them. */
  readonly examples: readonly string[];
  /** It changes something: `--dry-run` shows what, and ends with 2 where there is something to do. */
  readonly changes?: boolean;
  /** Default: `writes` for whatever `changes`, else `reads`. */
  readonly fleetKey?: FleetKeyUse;
  /** It destroys something: it asks first, and `--yes` answers. */
  readonly destroys?: boolean;
  /** It needs no configuration, and has no `--config`. */
  readonly isUnconfigured?: boolean;
  /** It works on one shard map: `--map` names another than the configuration does. */
  readonly ofMap?: boolean;
}

/** Options that several commands have. */
interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly map?: string;
}

/** One run of a command. */
export interface Invocation<Options> {
  readonly args: readonly string[];
  readonly options: Options & CommonOptions;
  readonly world: CliWorld;
  readonly output: Output;
  readonly fleetKey: FleetKeyUse;
  /** Reads and checks the configuration; its path is for messages. Throws INVALID_CONFIGURATION. */
  readonly settings: () => Promise<Settings>;
  /** Goes on only with a yes. Throws CANCELLED after a no, INVALID_REQUEST where nobody can be asked. */
  readonly confirm: (question: string) => Promise<void>;
}

/** Adds a command. `configure` declares its own options; `run` answers with the exit code, nothing meaning 0. */
export function addCommand<Options>(
  parent: Command,
  world: CliWorld,
  spec: CommandSpec,
  configure: (command: Command) => Command,
  run: (invocation: Invocation<Options>) => Promise<ExitCode | void>,
): void {
  const command = configure(parent.command(spec.usage).description(spec.summary));
  if (spec.ofMap === true) command.option('--map <name>', 'another shard map than the one configured');
  if (spec.changes === true)
    command.option('--dry-run', 'show what would be done and do nothing; ends with 2 where there is something to do');
  if (spec.destroys === true) command.option('--yes', 'do not ask');
  if (spec.isUnconfigured !== true)
    command.option('--config <path>', 'configuration file (default: TENANTRY_CONFIG, else tenantry.config.ts, .js or .json here)');
  command.option('--json', 'print data as JSON');
  command.addHelpText(
    'after',
    `\nExample${spec.examples.length === 1 ? '' : 's'}:\n${spec.examples.map((line) => `  tenantry ${line}`).join('\n')}`,
  );
  command.action(async () => {
    const code = await run(invocation<Options>(command, world, spec));
    if (code !== undefined && code !== 0) throw new CommanderError(code, 'tenantry.exit', '');
  });
}

function invocation<Options>(
  command: Command,
  world: CliWorld,
  { changes = false, fleetKey = changes ? 'writes' : 'reads' }: CommandSpec,
): Invocation<Options> {
  const options = command.opts<Options & CommonOptions>();
  return {
    args: command.args,
    options,
    world,
    output: new Output(world.terminal, options.json === true),
    fleetKey,
    settings: async () => {
      const path = findConfig(options.config, world.environment, world.folder);
      return resolveConfig(await loadConfig(resolve(world.folder, path)), world.environment, path);
    },
    confirm: (question) => confirm(world.terminal, question, options.yes === true),
  };
}

async function confirm(terminal: Terminal, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (terminal.ask === undefined) throw new TenantryError('INVALID_REQUEST', `${question} There is no terminal to ask on: say --yes.`);
  const answer = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer)) throw new TenantryError('CANCELLED', 'Not confirmed; nothing was done.');
}
