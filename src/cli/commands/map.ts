import { type Command, Option } from 'commander';
import { keyTypes, type KeyType } from '../../../shardmap/key.ts';
import { requirePossibleMap } from '../../../shardmap/manager/map-administration.ts';
import type { ShardMap, ShardMapKind } from '../../../shardmap/shard-map.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';

interface CreateOptions {
  readonly kind?: ShardMapKind;
  readonly key?: KeyType;
  readonly context?: string;
}

const columns = ['name', 'kind', 'keyType', 'context', 'version'] as const;

/** `tenantry map create|list|show`. `create` is the one step that also makes the catalog's schema. */
export function addMapCommands(program: Command, world: CliWorld): void {
  const map = program.command('map').description('shard maps: which tenant lives on which shard');
  addCommand<CreateOptions>(
    map,
    world,
    {
      usage: 'create [name]',
      summary: "create the configured shard map, or another; makes the catalog's schema where the database has none",
      examples: ['map create', 'map create archive --kind range --key bigint'],
      changes: true,
    },
    (command) =>
      command
        .addOption(new Option('--kind <kind>', 'of another map than the configured one').choices(['list', 'range']))
        .addOption(new Option('--key <type>', 'type of the tenant ids').choices(keyTypes))
        .option('--context <name>', 'what the tenant is called'),
    create,
  );
  addCommand(
    map,
    world,
    { usage: 'list', summary: 'list the shard maps', examples: ['map list --json'] },
    (command) => command,
    (invocation) =>
      withManager(invocation, async ({ maps }) =>
        invocation.output.list((await maps.list()).map(shown), columns, 'There is no shard map yet.'),
      ),
  );
  addCommand(
    map,
    world,
    {
      usage: 'show [name]',
      summary: 'show a shard map (the configured one by default) and how its mappings are spread',
      examples: ['map show customers'],
    },
    (command) => command,
    async (invocation) => {
      const { args, output } = invocation;
      await withManager(invocation, async ({ maps }, settings) => {
        const { mappings, ...found } = await maps.show(args[0] ?? settings.map.name);
        const spread = mappings.map(({ shard, state, mappings: count }) => ({ shard, state, mappings: count }));
        const lines = spread.map(({ shard, state, mappings: count }) => `  ${shard}: ${count} ${state}`);
        output.result({ map: shown(found), mappings: spread }, [describe(found), ...lines].join('\n'));
      });
    },
  );
}

async function create({ args, options, settings, output, world: { services } }: Invocation<CreateOptions>): Promise<ExitCode> {
  const configured = await settings();
  const { kind, key, context } = { ...configured.map, ...options };
  const wanted = { name: args[0] ?? configured.map.name, kind, keyType: key, context };
  // Before the catalog's schema is made for a map that cannot be.
  requirePossibleMap(wanted);
  const dryRun = options.dryRun === true;
  const catalog = await services.installCatalog(configured, dryRun);
  if (catalog === 'missing') {
    output.result({ done: false, catalog, map: wanted }, `Would be done: make the catalog's schema, create shard map ${wanted.name}`);
    return 2;
  }
  if (catalog === 'installed') output.note('Made the schema of the catalog.');
  const administration = await services.openAdministration(configured);
  try {
    if (!dryRun) await administration.keyNames.addFirst();
    await administration.keyNames.require();
    const { maps } = dryRun ? administration.manager.dryRun : administration.manager;
    const made = await maps.create(wanted);
    output.result({ done: !dryRun, catalog, map: shown(made) }, `${dryRun ? 'Would be done: create' : 'Created'} ${describe(made)}`);
  } finally {
    await administration.close();
  }
  return dryRun ? 2 : 0;
}

function shown({ name, kind, keyType, context, version }: ShardMap): Record<(typeof columns)[number], unknown> {
  return { name, kind, keyType, context, version };
}

function describe({ name, kind, keyType, context, version }: ShardMap): string {
  return `shard map ${name}: ${kind} of ${keyType}, context ${context}, version ${version}`;
}
