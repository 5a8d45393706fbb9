import type { Command } from 'commander';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Settings } from '../../config.ts';
import { counted } from '../../core/counted.ts';
import { TenantryError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { describeOverride } from '../../policy/override.ts';
import { withAdministration } from '../administration.ts';
import type { Administration } from '../services.ts';
import { addCommand, type CliWorld, type ExitCode, type Invocation } from '../command.ts';
import {
  defaultConcurrency,
  defaultWaitSeconds,
  named,
  noteUnwritten,
  requireAll,
  requireLooked,
  resultData,
  withActor,
  withConcurrency,
  withWait,
} from './fleet.ts';
import { addKeyForgetCommand } from './key-forget.ts';
import { isFreeOfPrevious, isSettled, keysOf, recorder, rotateOne, type ShardKeys, type ShardRotation } from './key-rotation.ts';

interface FleetOptions {
  readonly shard?: string;
  readonly concurrency?: number;
}

/** What keys are told by. */
type KeyAdministration = Pick<Administration, 'manager' | 'verdicts' | 'keyNames'>;

interface RotateOptions extends FleetOptions {
  readonly actor?: string;
  readonly wait?: number;
}

/** What the new key says is what the old one said, whoever had it: `done` is how far it does. */
const ifLeaked = (done: string): string =>
  `${done} If it leaked, see who accepted or overrode what protects each shard: tenantry audit list, and docs/fleet-key.md.`;
const signedAgain = 'What the previous key had signed is signed by the current one as it was.';
const toBeSignedAgain = 'What the previous key has signed, tenantry key rotate signs by the current one as it is.';

/** `tenantry key status|rotate|forget`. */
export function addKeyCommands(program: Command, world: CliWorld): void {
  const key = program.command('key').description('the fleet key, by which shards know who may enter');
  const chosen = (command: Command): Command => withConcurrency(command.option('--shard <name>', 'only this shard'));
  addCommand<FleetOptions>(
    key,
    world,
    {
      usage: 'status',
      summary:
        "show how many mappings of each shard are by the current fleet key, by the previous one and by neither, and which key signed its protection; ends with 2 where not all is by the current one or another is the fleet's still, with 1 where a shard could not be read",
      examples: ['key status', 'key status --json'],
    },
    chosen,
    status,
  );
  addCommand<RotateOptions>(
    key,
    world,
    {
      usage: 'rotate',
      summary:
        'replace the previous fleet key by the current one on every shard of the catalog, while tenants work: tokens of mappings, and signatures of what was accepted, overridden and verified; needs both keys in the configuration; run again, it goes on where it stopped',
      examples: ['key rotate --dry-run', 'key rotate', 'key rotate --shard a --actor "Ann, change 4711"'],
      changes: true,
      fleetKey: 'rotates',
    },
    (command) => withActor(withWait(chosen(command), 'to retry mappings that somebody holds')),
    rotate,
  );
  addKeyForgetCommand(key, world);
}

async function status(invocation: Invocation<FleetOptions>): Promise<ExitCode> {
  return withAdministration(invocation, (administration, settings) => tellStatus(invocation, administration, settings));
}

async function tellStatus(
  { options, output, world }: Invocation<FleetOptions>,
  { manager, verdicts, keyNames }: KeyAdministration,
  settings: Settings,
): Promise<ExitCode> {
  const fleet = { manager, settings, policies: world.services.policies, verdicts };
  const shards = await chosenShards(manager, options);
  const looked = await Array.fromAsync(inParallel(shards, options.concurrency ?? defaultConcurrency, (shard) => keysOf(fleet, shard)));
  const { current, previous = null } = keyNames.configured;
  const fleets = await keyNames.list();
  output.result(
    { keys: { current, previous, fleet: fleets }, shards: looked.map(resultData) },
    [
      `current key ${current}, previous key ${previous ?? 'none'}; the fleet's: ${fleets.join(', ') || 'none'}`,
      ...looked.map(describeKeys),
    ].join('\n'),
  );
  if (previous !== null && !looked.every(isFreeOfPrevious)) output.note(ifLeaked(toBeSignedAgain));
  requireLooked(looked);
  return looked.every(isSettled) && fleets.every((name) => name === current) ? 0 : 2;
}

async function rotate(invocation: Invocation<RotateOptions>): Promise<ExitCode> {
  return withAdministration(invocation, async ({ manager, audit, verdicts, keyNames }, settings) => {
    const { options, output, world } = invocation;
    const replaced = requirePrevious(keyNames);
    if (options.dryRun === true) return tellStatus(invocation, { manager, verdicts, keyNames }, settings);
    const stop = world.untilStopped();
    const fleet = { manager, settings, policies: world.services.policies, verdicts };
    const waitMs = 1_000 * (options.wait ?? defaultWaitSeconds);
    const record = recorder(audit, options.actor ?? world.userName(), settings);
    const one = async (shard: Shard): Promise<ShardRotation> => {
      const result: ShardRotation = stop.aborted
        ? ({ shard: shard.name, outcome: 'not reached' } as const)
        : await rotateOne(fleet, shard, { waitMs, record });
      noteUnwritten(output, result);
      output.line(describe(result));
      return result;
    };
    const shards = await chosenShards(manager, options);
    await keyNames.add();
    const results = await Array.fromAsync(inParallel(shards, options.concurrency ?? defaultConcurrency, one));
    output.whole({ items: results.map(resultData) });
    if (results.some(({ outcome }) => outcome === 'rotated' || outcome === 'left')) output.note(ifLeaked(signedAgain));
    if (options.shard === undefined && results.every(isFreeOfPrevious)) await keyNames.replace(replaced);
    requireAll(results, stateOf(results));
    return results.every(({ outcome }) => outcome !== 'left') ? 0 : 2;
  });
}

/** The name of the key that is replaced. */
function requirePrevious({ configured: { previous } }: KeyAdministration['keyNames']): string {
  if (previous !== undefined) return previous;
  throw new TenantryError(
    'INVALID_REQUEST',
    'A rotation needs two fleet keys: the new one as fleetKey.current, the old one as fleetKey.previous.',
  );
}

/** Of every map: the key is the fleet's. */
async function chosenShards({ shards }: ShardMapManager, { shard }: FleetOptions): Promise<readonly Shard[]> {
  const all = await shards.list();
  return all.length === 0 ? [] : named(all, shard, 'catalog');
}

/** Nothing where there is none. */
function overrideWords({ override }: ShardKeys): string {
  return override === undefined ? '' : `. ${describeOverride(override)}`;
}

/** Nothing where all is signed as it has to be. */
function signedWords({ signedBy: signer, verdictSignedBy }: ShardKeys): string {
  return [...signerWords('what protects it', signer), ...signerWords('its latest verdict', verdictSignedBy)].join('');
}

function signerWords(what: string, signer: ShardKeys['signedBy'] = 'current'): string[] {
  return signer === 'current' ? [] : [`; ${what} is signed by ${signer === 'previous' ? 'the previous key' : 'neither'}`];
}

function describeKeys(keys: ShardKeys): string {
  const { shard, error, current, previous, neither } = keys;
  if (error !== undefined) return `shard ${shard}: not known: ${error.message}`;
  return `shard ${shard}: ${current} by the current key, ${previous} by the previous one, ${neither} by neither${signedWords(keys)}${overrideWords(keys)}`;
}

function describe(result: ShardRotation): string {
  const { shard, outcome, error, rotated = 0, previous = 0, neither = 0 } = result;
  if (outcome === 'failed') return `shard ${shard}: failed: ${error?.message ?? ''}`;
  if (outcome === 'not reached' || outcome === 'already so') return `shard ${shard}: ${outcome}${overrideWords(result)}`;
  const left = outcome === 'left' ? `; left: ${previous} by the previous key, ${neither} by neither${signedWords(result)}` : '';
  return `shard ${shard}: ${counted(rotated, 'mapping')} rotated${left}${overrideWords(result)}`;
}

function stateOf(results: readonly ShardRotation[]): string {
  const count = (wanted: ShardRotation['outcome']): number => results.filter(({ outcome }) => outcome === wanted).length;
  return `${count('failed')} of ${counted(results.length, 'shard')} failed, ${count('not reached')} not reached`;
}
