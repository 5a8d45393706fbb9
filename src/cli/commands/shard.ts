import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { defaultPort, defaultTls, engineNames, type EngineName } from '../../config/database-url.ts';
import { contextProtections, protectsAtLeast, type ContextProtection } from '../../core/context-protection.ts';
import { isHostName } from '../../core/host-name.ts';
import { TenantryError } from '../../core/errors.ts';
import type { ShardAddress } from '../../core/shard-address.ts';
import { tlsModes } from '../../core/tls-mode.ts';
import { change, withManager } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import { describeOverride } from '../../policy/override.ts';
import { bootstrapLogin, withBootstrap } from './bootstrap.ts';
import { warn } from './policy-text.ts';
import { protectionOf } from './shard-protection.ts';
import { addShardProvisionCommand } from './shard-provision.ts';

interface AddOptions {
  readonly engine?: EngineName;
  readonly host: string;
  readonly port?: number;
  readonly database: string;
  readonly tls?: ShardAddress['tls'];
  readonly bootstrap?: boolean;
  readonly contextProtection?: ContextProtection;
}

const columns = ['name', 'engine', 'host', 'port', 'database', 'tls', 'state', 'shardId'] as const;

/** `tenantry shard add|provision|list|show|remove`. */
export function addShardCommands(program: Command, world: CliWorld): void {
  const shard = program.command('shard').description("databases that hold tenants' rows");
  addCommand<AddOptions>(
    shard,
    world,
    {
      usage: 'add <name>',
      summary:
        'make a database a shard: schema, policies, then its row in the catalog; a server that is not prepared needs --bootstrap, else the SQL for an administrator is printed',
      examples: [
        'shard add a --host db1.example.com --database shop',
        'shard add b --host 127.0.0.1 --port 5433 --database shop --bootstrap',
      ],
      changes: true,
      ofMap: true,
    },
    (command) =>
      withBootstrap(
        command
          .addOption(new Option('--engine <name>', "engine of its server (default: the catalog's)").choices(engineNames))
          .requiredOption('--host <host>', 'host name or IP address', host)
          .option('--port <port>', "port, 1 to 65535 (default: the engine's own)", port)
          .requiredOption('--database <name>', 'name of the database')
          .addOption(new Option('--tls <mode>', 'default: verify-full, and disable for a loopback host').choices(tlsModes))
          .addOption(
            new Option(
              '--context-protection <form>',
              "how it keeps the tenant of a transaction, where that is to be better than the configuration demands (default: the configuration's)",
            ).choices(contextProtections),
          ),
        'prepare server and database first',
      ),
    add,
  );
  addShardProvisionCommand(shard, world);
  addCommand(
    shard,
    world,
    { usage: 'list', summary: 'list the shards', examples: ['shard list'], ofMap: true },
    (command) => command,
    (invocation) =>
      withManager(invocation, async ({ shards }) =>
        invocation.output.list((await shards.list({ map: invocation.options.map })).map(shown), columns, 'There is no shard yet.'),
      ),
  );
  addCommand(
    shard,
    world,
    { usage: 'show <name>', summary: 'show a shard and what is on it', examples: ['shard show a'] },
    (command) => command,
    (invocation) =>
      withManager(invocation, async ({ shards }, settings) => {
        const { map, mappings, ...found } = await shards.show(invocation.args[0] ?? '');
        const { incarnation } = found;
        const counts = mappings.map(({ state, mappings: count }) => ({ state, mappings: count }));
        const { host: where, port: at, database } = found.address;
        const protection = await protectionOf(invocation.world, settings, found);
        const { override } = protection;
        const lines = [
          `shard ${found.name} of map ${map}: database ${database} on ${where}:${at}, ${found.state}, server ${incarnation}`,
          `  context protection ${protection.contextProtection ?? `unknown: ${protection.reason}`}`,
          ...(override === undefined ? [] : [`  ${describeOverride(override)}`]),
        ];
        invocation.output.result(
          {
            ...shown(found),
            map,
            incarnation,
            contextProtection: protection.contextProtection,
            override: override ?? null,
            mappings: counts,
          },
          [...lines, ...counts.map(({ state, mappings: count }) => `  ${count} ${state}`)].join('\n'),
        );
      }),
  );
  addCommand<{ readonly lost?: boolean }>(
    shard,
    world,
    {
      usage: 'remove <name>',
      summary: 'take a shard without mappings out of its map; the database stays',
      examples: ['shard remove a', 'shard remove a --lost --yes'],
      changes: true,
      destroys: true,
    },
    (command) => command.option('--lost', 'do not ask its server, which is gone for good'),
    async (invocation) => {
      const [name = ''] = invocation.args;
      const { lost = false, dryRun } = invocation.options;
      if (dryRun !== true) await invocation.confirm(`Remove shard ${name} from its map?`);
      return change(invocation, ({ shards }) => shards.remove(name, { lost }));
    },
  );
}

async function add(invocation: Invocation<AddOptions>): Promise<ExitCode> {
  const { args, options, settings, output, world } = invocation;
  const configured = withProtection(await settings(), options.contextProtection);
  const address = addressOf(configured, options);
  const { preparation } = world.services;
  const [name = ''] = args;
  const isPrepared = await preparation.isPrepared(configured, address);
  if (!isPrepared && (options.bootstrap !== true || options.dryRun === true)) {
    const sql = preparation.script(configured, address);
    output.note(
      `Database ${address.database} is not prepared to be a shard: have this SQL run in it by an administrator of its server, or say --bootstrap.`,
    );
    output.result({ done: false, prepared: false, sql }, sql);
    return 2;
  }
  const superuser = options.bootstrap === true && options.dryRun !== true ? bootstrapLogin(configured, world) : undefined;
  return change({ ...invocation, settings: async () => configured }, async ({ shards }) => {
    if (superuser !== undefined)
      await preparation.prepare(configured, address, superuser, (found) => shards.requireFree(name, address, found, { map: options.map }));
    const report = await shards.add(name, address, { map: options.map });
    warn(output, name, report.warnings);
    return report;
  });
}

function addressOf({ catalog }: Settings, options: AddOptions): ShardAddress {
  const { engine = catalog.address.engine, host: name, port: number, database, tls } = options;
  return { engine, host: name, port: number ?? defaultPort(engine), database, tls: tls ?? defaultTls(name) };
}

/** The settings for one shard that is to be better protected than the fleet has to be. Throws INVALID_REQUEST where it would be worse. */
function withProtection(settings: Settings, wanted = settings.contextProtection): Settings {
  if (protectsAtLeast(wanted, settings.contextProtection)) return { ...settings, contextProtection: wanted };
  throw new TenantryError(
    'INVALID_REQUEST',
    `A shard whose context protection is ${wanted} would not be let in: the configuration says ${settings.contextProtection}.`,
  );
}

function shown({
  name,
  shardId,
  state,
  address,
}: Pick<Shard, 'name' | 'shardId' | 'state' | 'address'>): Record<(typeof columns)[number], unknown> {
  return { name, ...address, state, shardId };
}

function host(text: string): string {
  if (!isHostName(text)) throw new InvalidArgumentError('It must be a host name or an IP address.');
  return text;
}

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 65_535) throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
  return value;
}
