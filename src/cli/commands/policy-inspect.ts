import type { Command } from 'commander';
import type { PolicyModel } from '../../config/policy-model.ts';
import { counted } from '../../core/counted.ts';
import { TenantryError } from '../../core/errors.ts';
import type { InspectedPolicies, InspectedTable, Inspection } from '../../policy/inspection.ts';
import { withManager } from '../administration.ts';
import { addCommand, type CliWorld, type Invocation } from '../command.ts';
import { databaseOfVariable } from '../database-variable.ts';
import { visible } from '../../core/visible.ts';
import { chosenFleet } from './fleet.ts';

interface InspectOptions {
  readonly shard?: string;
  readonly url?: string;
  readonly sql?: boolean;
}

/** `tenantry policy inspect`. */
export function addPolicyInspectCommand(policy: Command, world: CliWorld): void {
  addCommand<InspectOptions>(
    policy,
    world,
    {
      usage: 'inspect',
      summary:
        'show what protects the tables of a shard, as the configuration would say it, or as SQL where the configuration cannot say it; or of any database, all as SQL',
      examples: [
        'policy inspect --shard a',
        'policy inspect --url LEGACY_DATABASE_URL --json',
        'policy inspect --shard a --sql > policies.sql',
      ],
      ofMap: true,
    },
    (command) =>
      command
        .option('--shard <name>', 'a shard of the map, as its admin login')
        .option('--url <variable>', 'the database whose URL is in this variable of the environment; needs no configuration')
        .option('--sql', 'print the statements that would make the same'),
    inspect,
  );
}

async function inspect(invocation: Invocation<InspectOptions>): Promise<void> {
  const { options, output } = invocation;
  if (options.sql === true && options.json === true)
    throw new TenantryError('INVALID_REQUEST', '--sql and --json do not go together: say one of them.');
  const { inspection, script } = await inspected(invocation);
  if (options.sql === true) output.script(script.trimEnd());
  else output.result({ ...inspection }, options.shard === undefined ? toldAsIs(inspection) : described(inspection));
}

async function inspected(invocation: Invocation<InspectOptions>): Promise<InspectedPolicies<PolicyModel>> {
  const { options, world } = invocation;
  const { shard, url } = options;
  if ((shard === undefined) === (url === undefined))
    throw new TenantryError(
      'INVALID_REQUEST',
      'Say either --shard, the name of a shard, or --url, the variable with the URL of a database.',
    );
  if (url !== undefined) {
    const { address, login } = databaseOfVariable(world, url, '--url');
    return world.services.inspectDatabase(address, login);
  }
  return withManager(invocation, async (manager, settings) => {
    const { shards } = await chosenFleet(manager, settings, options);
    const [chosen] = shards;
    if (chosen === undefined) throw new TenantryError('INTERNAL', 'A fleet has no shard.');
    return world.services.policies.inspect(settings, chosen);
  });
}

function described({ model, tables }: Inspection<PolicyModel>): string {
  const policies = Object.entries(model.policies).map(([name, { on }]) => `policy ${name} on ${[on].flat().join(', ')}`);
  const known = tables.filter(({ inModel }) => inModel !== null).length;
  return [
    `${counted(tables.length, 'table')}, ${known} of them as a configuration says it, with ${counted(policies.length, 'policy', 'policies')} beyond the tenant's`,
    ...policies.map((text) => `  ${text}`),
    ...tables.flatMap((table) => describedTable(table, `${asConfigured(table, model)}; `)),
  ].join('\n');
}

/** Of a database that nobody has compared with a configuration. */
function toldAsIs({ tables }: Inspection<PolicyModel>): string {
  return [counted(tables.length, 'table'), ...tables.flatMap((table) => describedTable(table, ''))].join('\n');
}

function asConfigured({ inModel }: InspectedTable, { tables }: PolicyModel): string {
  const setting = inModel === null ? undefined : tables[inModel];
  if (setting === undefined) return 'not as a configuration says it';
  return setting === 'reference' ? 'reference' : `tenant ${setting.tenant}`;
}

function describedTable({ table, owner, rowSecurity, raw, rights }: InspectedTable, known: string): string[] {
  return [
    `${table}: ${known}row security ${rowSecurity}; owner ${owner ?? 'unknown'}`,
    ...raw.map(({ name, kind, command, roles, using, check }) => {
      const conditions = [using === null ? '' : ` using ${inOneLine(using)}`, check === null ? '' : ` check ${inOneLine(check)}`].join('');
      return `  ${kind} ${name}${command === null ? '' : ` for ${command}`}${roles === null ? '' : ` to ${roles.join(', ')}`}${conditions}`;
    }),
    ...rights.map(({ to, rights: given, state }) => `  ${state} to ${to}: ${given}`),
  ].map(visible);
}

/** An expression as the server writes it, sub-queries on lines of their own. */
function inOneLine(expression: string): string {
  return expression.replaceAll(/\s*\n\s*/g, ' ');
}
