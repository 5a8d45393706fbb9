import type { Command } from 'commander';
import type { Placement } from '../../../shardmap/manager/placement.ts';
import { change, withManager } from '../administration.ts';
import { addCommand, type CliWorld, type CommandSpec, type Invocation } from '../command.ts';
import { addDrainOptions, drainOf, listAll, mapOf, type DrainOptions } from './mappings.ts';

interface TenantOptions extends DrainOptions {
  readonly shard?: string;
  readonly purge?: boolean;
}

const columns = ['tenant', 'shard', 'state', 'epoch', 'mappingId'] as const;

/** `tenantry tenant add|where|list|offline|online|remove`. */
export function addTenantCommands(program: Command, world: CliWorld): void {
  const tenant = program.command('tenant').description('tenants of a list map; where works for every map');
  const add = (
    spec: CommandSpec,
    configure: (command: Command) => Command,
    run: (invocation: Invocation<TenantOptions>) => Promise<0 | 1 | 2 | void>,
  ): void => addCommand<TenantOptions>(tenant, world, { ofMap: true, ...spec }, configure, run);

  add(
    { usage: 'add <tenant>', summary: 'place a new tenant on a shard', examples: ['tenant add 42 --shard a'], changes: true },
    (command) => command.requiredOption('--shard <name>', 'the shard that gets it'),
    (invocation) =>
      change(invocation, ({ tenants }) => tenants.add(keyOf(invocation), { ...mapOf(invocation), shard: invocation.options.shard ?? '' })),
  );
  add(
    { usage: 'where <tenant>', summary: 'show where a tenant lives', examples: ['tenant where 42'] },
    (command) => command,
    (invocation) =>
      withManager(invocation, async ({ tenants }) => {
        const found = await tenants.where(keyOf(invocation), mapOf(invocation));
        invocation.output.result({ ...found }, describe(invocation.args[0] ?? '', found));
      }),
  );
  add(
    { usage: 'list', summary: 'list the tenants in order of their ids', examples: ['tenant list --shard a --json'] },
    (command) => command.option('--shard <name>', 'of this shard only'),
    (invocation) =>
      withManager(invocation, ({ tenants }) => listAll(invocation, tenants.list(scope(invocation)), columns, 'There is no tenant yet.')),
  );
  add(
    {
      usage: 'offline <tenant>',
      summary: 'let nobody in for a tenant any more, once its transactions have ended',
      examples: ['tenant offline 42', 'tenant offline 42 --force'],
      changes: true,
    },
    addDrainOptions,
    (invocation) =>
      change(invocation, ({ tenants }) => tenants.offline(keyOf(invocation), { ...mapOf(invocation), ...drainOf(invocation) })),
  );
  add(
    { usage: 'online <tenant>', summary: 'serve a tenant again', examples: ['tenant online 42'], changes: true },
    (command) => command,
    (invocation) => change(invocation, ({ tenants }) => tenants.online(keyOf(invocation), mapOf(invocation))),
  );
  add(
    {
      usage: 'remove <tenant>',
      summary: 'drop the mapping of a tenant that is offline; its rows stay unless purged',
      examples: ['tenant remove 42', 'tenant remove 42 --purge --yes'],
      changes: true,
      destroys: true,
    },
    (command) => command.option('--purge', 'delete its rows too'),
    async (invocation) => {
      const { args, options, confirm } = invocation;
      const purge = options.purge === true;
      if (options.dryRun !== true) await confirm(`Remove tenant ${args[0]}${purge ? ' and delete all of its rows' : ''}?`);
      return change(invocation, ({ tenants }) => tenants.remove(keyOf(invocation), { ...mapOf(invocation), purge }));
    },
  );
}

function keyOf({ args: [text = ''] }: Invocation<TenantOptions>): { readonly text: string } {
  return { text };
}

function scope({ options: { map, shard } }: Invocation<TenantOptions>): {
  readonly map: string | undefined;
  readonly shard: string | undefined;
} {
  return { map, shard };
}

function describe(tenant: string, { map, low, high, shard, state, epoch, mappingId }: Placement): string {
  const range = low === undefined && high === undefined ? '' : ` in range [${low ?? '...'}, ${high ?? '...'})`;
  return `Tenant ${tenant} of map ${map} lives${range} on shard ${shard}: ${state}, epoch ${epoch}, mapping ${mappingId}`;
}
