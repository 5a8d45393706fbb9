import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ZodType } from 'zod';
import { engineNames, engineOfUrl, urlForm, type EngineName } from '../../config/database-url.ts';
import { columnName, contextName, mapName as mapNameSchema, tableName } from '../../config/names.ts';
import { TenantryError } from '../../core/errors.ts';
import { keyTypes, type KeyType } from '../../../shardmap/key.ts';
import { addCommand, type CliWorld, type Invocation } from '../command.ts';
import { readTables } from '../init/inspect.ts';
import type { InitPlan } from '../init/plan.ts';
import { neededVariables, renderJson, renderModule } from '../init/render.ts';

const defaultEngine: EngineName = 'postgres';

interface InitOptions {
  readonly engine?: EngineName;
  readonly from?: string;
  readonly mapName: string;
  readonly kind: 'list' | 'range';
  readonly key?: KeyType;
  readonly tenantColumn: string;
  readonly table?: readonly string[];
  readonly reference?: readonly string[];
  readonly output: string;
  readonly force?: boolean;
}

/** `tenantry init`: writes a configuration. */
export function addInitCommand(program: Command, world: CliWorld): void {
  addCommand<InitOptions>(
    program,
    world,
    {
      usage: 'init',
      summary: 'write a configuration, for tables named here, asked for, or read from a database',
      examples: [
        'init --table Blogs Posts --reference Countries --key int',
        'init --from LEGACY_DATABASE_URL --tenant-column TenantId',
        'init --from LEGACY_DATABASE_URL --engine mssql --output tenantry.config.json',
      ],
      changes: true,
      isUnconfigured: true,
    },
    (command) =>
      command
        .addOption(
          new Option('--engine <name>', `engine of catalog and shards (default: that of --from, else ${defaultEngine})`).choices(
            engineNames,
          ),
        )
        .option(
          '--from <url>',
          'read the tables and the key type from this database; better the name of a variable of the environment that holds its URL: the command line is no place for a password',
        )
        .option('--map-name <name>', 'name of the shard map', 'customers')
        .addOption(new Option('--kind <kind>', 'kind of the shard map').choices(['list', 'range']).default('list'))
        .addOption(new Option('--key <type>', 'type of the tenant ids').choices(keyTypes))
        .option('--tenant-column <name>', 'column that holds the tenant id', 'TenantId')
        .option('--table <names...>', 'tables with the tenant column')
        .option('--reference <names...>', 'tables that all tenants read')
        .option('--output <file>', 'file to write: .ts, .js or .json', configFile, 'tenantry.config.ts')
        .option('--force', 'overwrite the file where there is one'),
    init,
  );
}

async function init(invocation: Invocation<InitOptions>): Promise<0 | 2> {
  const { options, output, world } = invocation;
  const plan = await planOf(invocation);
  const text = extname(options.output) === '.json' ? renderJson(plan) : renderModule(plan);
  const unset = neededVariables.filter((name) => !world.environment[name]);
  if (options.dryRun === true) {
    output.result({ file: options.output, text }, text.trimEnd());
    return 2;
  }
  await writeNew(resolve(world.folder, options.output), text, options);
  output.result(
    { file: options.output, tables: plan.tables, undecided: plan.undecided, unsetVariables: unset },
    `Wrote ${options.output}.`,
  );
  if (unset.length > 0) output.note(`Set these variables: ${unset.join(', ')}`);
  output.note('Then: tenantry config check, tenantry map create, tenantry shard add');
  return 0;
}

async function planOf({ options, world }: Invocation<InitOptions>): Promise<InitPlan> {
  const { mapName, kind, tenantColumn, table = [], reference = [] } = options;
  check(mapNameSchema, mapName, '--map-name');
  check(columnName, tenantColumn, '--tenant-column');
  const twice = [...table, ...reference].find((name, index, all) => all.indexOf(name) !== index);
  if (twice !== undefined) throw new TenantryError('INVALID_REQUEST', `--table and --reference name ${JSON.stringify(twice)} twice.`);
  const url = urlOf(options, world);
  const engine = engineFor(options, url);
  const seen = url === undefined ? undefined : await readTables(world.services, engine, url, tenantColumn);
  const tables = [...new Set([...(seen?.tables ?? []), ...table])].filter((name) => !reference.includes(name));
  const key = options.key ?? seen?.key;
  const asked = tables.length === 0 || key === undefined ? await askFor(world, tables, key) : { tables, key };
  const undecided = (seen?.undecided ?? []).filter((name) => !reference.includes(name));
  for (const name of [...asked.tables, ...reference]) check(tableName, name, `The table ${JSON.stringify(name)}`);
  const context = contextName.safeParse(tenantColumn).success ? tenantColumn : 'TenantId';
  return {
    engine,
    map: { name: mapName, kind, key: asked.key, context },
    tenantColumn,
    tables: asked.tables,
    references: reference,
    undecided,
  };
}

/** Of the database to read, which `--from` says itself or by the name of a variable. */
function urlOf({ from }: InitOptions, { environment }: CliWorld): string | undefined {
  return from !== undefined && Object.hasOwn(environment, from) ? environment[from] : from;
}

/** The URL's scheme says the engine, where nobody else does. */
function engineFor({ engine }: InitOptions, url: string | undefined): EngineName {
  const found = engine ?? (url === undefined ? defaultEngine : engineOfUrl(url));
  if (found !== undefined) return found;
  throw new TenantryError(
    'INVALID_REQUEST',
    `--from is neither a variable that is set nor a URL of the form ${engineNames.map((name) => urlForm(name)).join(' or ')}.`,
  );
}

function check(schema: ZodType, value: string, what: string): void {
  const problem = schema.safeParse(value).error?.issues[0];
  if (problem !== undefined) throw new TenantryError('INVALID_REQUEST', `${what} ${problem.message}.`);
}

async function askFor(
  { terminal }: CliWorld,
  tables: readonly string[],
  key: KeyType | undefined,
): Promise<{ readonly tables: readonly string[]; readonly key: KeyType }> {
  if (terminal.ask === undefined) {
    throw new TenantryError(
      'INVALID_REQUEST',
      'There is no terminal to ask on: say --table and --key, or --from the URL of a database that has the tables.',
    );
  }
  const named =
    tables.length > 0
      ? tables
      : (await terminal.ask('Tables with a tenant column, with spaces between: ')).split(/\s+/).filter((name) => name !== '');
  const typed = key ?? (await terminal.ask(`Type of the tenant ids (${keyTypes.join(', ')}): `));
  const found = keyTypes.find((type) => type === typed);
  if (named.length === 0) throw new TenantryError('INVALID_REQUEST', 'A configuration needs at least one table.');
  if (found === undefined) throw new TenantryError('INVALID_REQUEST', `The type of the tenant ids must be one of ${keyTypes.join(', ')}.`);
  return { tables: named, key: found };
}

async function writeNew(path: string, text: string, { output, force }: InitOptions): Promise<void> {
  try {
    await writeFile(path, text, { flag: force === true ? 'w' : 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new TenantryError('CONFLICT', `${output} is there already; say --force to overwrite it, or --output for another file.`);
    }
    throw error;
  }
}

function configFile(text: string): string {
  if (!/\.(ts|js|json)$/.test(text)) throw new InvalidArgumentError('It must end in .ts, .js or .json.');
  return text;
}
