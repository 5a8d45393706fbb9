import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { recorded } from '../../../shardmap/recorded.ts';
import { TenantryError } from '../../core/errors.ts';
import { withAdministration } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import { withActor } from './fleet.ts';

interface ForgetOptions {
  readonly actor?: string;
}

/** `tenantry key forget`: the way out where no configuration can have a key that the catalog names. */
export function addKeyForgetCommand(key: Command, world: CliWorld): void {
  addCommand<ForgetOptions>(
    key,
    world,
    {
      usage: 'forget <name>',
      summary:
        "let the configured key be the fleet's in place of one that nobody has any more: what that one has signed is believed by nobody, and its tenants are let in once their mappings are changed",
      examples: ['key forget d1cd2c16 --dry-run', 'key forget d1cd2c16 --actor "Ann, change 4711"'],
      changes: true,
      fleetKey: 'reads',
      destroys: true,
    },
    withActor,
    forget,
  );
}

async function forget(invocation: Invocation<ForgetOptions>): Promise<ExitCode> {
  return withAdministration(invocation, async ({ audit, keyNames }) => {
    const { args, options, output, world, confirm } = invocation;
    const name = args[0] ?? '';
    const { current, previous } = keyNames.configured;
    const known = await keyNames.list();
    if (!known.includes(name))
      throw new TenantryError('NOT_FOUND', `The fleet has no key ${name}; the catalog names ${known.join(' and ') || 'none'}.`);
    if (name === current || name === previous)
      throw new TenantryError('INVALID_REQUEST', `Key ${name} is configured, so that it is not lost: \`tenantry key rotate\` replaces it.`);
    if (options.dryRun === true) {
      output.result({ done: false, forgotten: name, current }, `Would be done: forget key ${name}; the fleet's is ${current}`);
      return 2;
    }
    await confirm(`What only key ${name} has signed will be believed by nobody, and key ${current} will be the fleet's. Go on?`);
    const event = { runId: randomUUID(), actor: options.actor ?? world.userName(), action: 'key forget', subject: `fleet key ${name}` };
    const { unrecorded } = await recorded(
      {
        record: (outcome, detail) => audit.record({ ...event, outcome, detail: { current, ...detail } }),
        begun: {},
        done: () => ({}),
        failed: ({ code, reason }) => ({ code, reason }),
      },
      () => keyNames.replace(name),
    );
    output.result({ done: true, forgotten: name, current }, `Done: key ${name} is forgotten; the fleet's is ${current}`);
    if (unrecorded !== undefined)
      throw new TenantryError('UNRECORDED', 'The audit trail has only that it was begun.', { cause: unrecorded });
    return 0;
  });
}
