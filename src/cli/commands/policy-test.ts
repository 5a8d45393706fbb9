import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadPolicyTests, type Settings } from '../../config.ts';
import { TenantryError } from '../../core/errors.ts';
import type { PolicyCases } from '../../core/policy-case.ts';
import type { CaseFileResult } from '../../policy/cases/case-result.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import { databaseOfVariable } from '../database-variable.ts';
import type { CaseRun } from '../services.ts';
import { countCases, tapBailOut, tapEnd, tapOfFile, tapVersion } from './case-report.ts';
import { chosenFleet } from './fleet.ts';

interface TestOptions {
  readonly shard?: string;
  readonly scratch?: string;
  readonly schema?: string;
  readonly only?: string;
}

/** `tenantry policy test`. */
export function addPolicyTestCommand(policy: Command, world: CliWorld): void {
  addCommand<TestOptions>(
    policy,
    world,
    {
      usage: 'test [files...]',
      summary:
        'run cases of who may see and change what (without files: policies/**/*.cases.ts, .js and .json), each in a transaction that is rolled back; prints TAP, and ends with 2 where a case failed',
      examples: [
        'policy test --shard a',
        'policy test --scratch SCRATCH_URL --schema schema.sql policies/projects.cases.ts',
        'policy test --shard a --only "ann sees" --json',
      ],
      ofMap: true,
    },
    (command) =>
      command
        .option('--shard <name>', 'on this shard, with the policies that it has')
        .option(
          '--scratch <variable>',
          "in a database that is made for it, and dropped, on the server whose superuser's URL is in this variable of the environment",
        )
        .option('--schema <file>', 'with --scratch: the statements that make the tables')
        .option('--only <text>', 'the cases whose names have this text in them'),
    test,
  );
}

async function test(invocation: Invocation<TestOptions>): Promise<ExitCode> {
  const { options, output, settings, world, args } = invocation;
  requirePlace(options);
  const configured = await settings();
  const files = await loadPolicyTests(args, configured, world.folder);
  const isChosen = chooser(options.only, files);
  const results: CaseFileResult[] = [];
  output.line(tapVersion);
  try {
    await run(invocation, configured, {
      files,
      isChosen,
      onFile: (result) => {
        results.push(result);
        output.line(tapOfFile(result, results.length));
      },
    });
  } catch (error) {
    output.line(tapBailOut(error instanceof TenantryError ? error.reason : 'An unexpected error occurred.'));
    throw error;
  }
  const counts = countCases(results);
  output.line(tapEnd(results.length, counts));
  output.whole({ ...counts, files: results });
  return counts.failed === 0 ? 0 : 2;
}

async function run(invocation: Invocation<TestOptions>, settings: Settings, cases: CaseRun): Promise<void> {
  const { options, world } = invocation;
  const { scratch, schema } = options;
  if (scratch !== undefined) {
    const place = databaseOfVariable(world, scratch, '--scratch');
    return world.services.testOnScratch(settings, { ...place, schema: await schemaText(schema ?? '', world) }, cases);
  }
  return withManager(invocation, async (manager) => {
    const { keyType, shards } = await chosenFleet(manager, settings, options);
    for (const shard of shards) await world.services.policies.test(settings, shard, { ...cases, keyType });
  });
}

function requirePlace({ shard, scratch, schema }: TestOptions): void {
  const refuse = (detail: string): never => {
    throw new TenantryError('INVALID_REQUEST', detail);
  };
  if ((shard === undefined) === (scratch === undefined))
    refuse('Say either --shard, the name of a shard, or --scratch, the variable with the URL of a server where a database may be made.');
  if ((scratch === undefined) !== (schema === undefined))
    refuse(
      scratch === undefined
        ? '--schema is for --scratch: a shard has its tables.'
        : '--scratch needs --schema, the file with the statements that make the tables.',
    );
}

/** Throws NOT_FOUND where no case has such a name. */
function chooser(only: string | undefined, files: readonly PolicyCases[]): CaseRun['isChosen'] {
  if (only === undefined) return () => true;
  const wanted = only.toLowerCase();
  const isChosen: CaseRun['isChosen'] = ({ name }) => name.toLowerCase().includes(wanted);
  if (!files.some(({ cases }) => cases.some(isChosen))) throw new TenantryError('NOT_FOUND', 'No case has the text of --only in its name.');
  return isChosen;
}

async function schemaText(path: string, { folder }: CliWorld): Promise<string> {
  return readFile(resolve(folder, path), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TenantryError('INVALID_REQUEST', `The schema ${path} cannot be read${cause.code === undefined ? '' : ` (${cause.code})`}.`, {
      cause,
    });
  });
}
