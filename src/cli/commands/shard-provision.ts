import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { requireOwnDescription } from '../../../shardmap/own-shard.ts';
import { recorded } from '../../../shardmap/recorded.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { protectsAtLeast } from '../../core/context-protection.ts';
import { principals } from '../../engine/principal-logins.ts';
import { withAdministration } from '../administration.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import { bootstrapLogin, withBootstrap } from './bootstrap.ts';
import { noteUnwritten, requireWritten, resultData, withActor } from './fleet.ts';
import { protectionOf } from './shard-protection.ts';

interface ProvisionOptions {
  readonly bootstrap?: boolean;
  readonly actor?: string;
}

/** `tenantry shard provision`. */
export function addShardProvisionCommand(shard: Command, world: CliWorld): void {
  addCommand<ProvisionOptions>(
    shard,
    world,
    {
      usage: 'provision <name>',
      summary:
        'give the server and the database of an existing shard what this version needs: logins with the passwords of this configuration, rights, and the triggers that watch it; without --bootstrap prints the SQL for an administrator, and ends with 2',
      examples: ['shard provision a', 'shard provision a --bootstrap'],
      changes: true,
    },
    (command) => withActor(withBootstrap(command, 'run it')),
    provision,
  );
}

async function provision(invocation: Invocation<ProvisionOptions>): Promise<ExitCode> {
  const { args, options, output, world } = invocation;
  const { preparation } = world.services;
  return withAdministration(invocation, async ({ manager, audit }, configured) => {
    const shard = await manager.shards.show(args[0] ?? '');
    const { name, address } = shard;
    const settings = await asProtected(world, configured, shard);
    if (options.bootstrap !== true || options.dryRun === true) {
      const sql = preparation.script(settings, address);
      output.note(
        `Have this SQL run in database ${address.database} of shard ${name} by an administrator of its server, or say --bootstrap.`,
      );
      output.result({ shard: name, done: false, sql }, sql);
      return 2;
    }
    const superuser = bootstrapLogin(settings, world);
    const event = { runId: randomUUID(), actor: options.actor ?? world.userName(), action: 'shard provision', subject: `shard ${name}` };
    const { unrecorded } = await recorded(
      {
        record: (outcome, detail) => audit.record({ ...event, outcome, detail: { map: shard.map, ...detail } }),
        begun: {},
        done: () => ({}),
        failed: ({ code, reason: why }) => ({ code, error: why }),
      },
      () => preparation.prepare(settings, address, superuser, async (found) => requireOwnDescription(found, shard)),
    );
    const next = `tenantry policy apply --shard ${name}`;
    const logins = principals.map((principal) => settings.logins[principal]).filter(({ entra }) => entra === undefined);
    const users = logins.map(({ user }) => user);
    const result = { shard: name, done: true, passwordsOf: users, next, unrecorded };
    noteUnwritten(output, result);
    const passwords = users.length === 0 ? '' : `${users.join(', ')} have the passwords of this configuration now, and none else. `;
    output.result(resultData(result), `Done: Provision shard ${name}. ${passwords}Where it is not as it was accepted: ${next}`);
    requireWritten([result]);
    return 0;
  });
}

/** A shard that is better protected than the fleet has to be stays so. */
async function asProtected(world: CliWorld, settings: Settings, shard: Shard): Promise<Settings> {
  const { contextProtection: form } = await protectionOf(world, settings, shard);
  return form !== null && protectsAtLeast(form, settings.contextProtection) ? { ...settings, contextProtection: form } : settings;
}
