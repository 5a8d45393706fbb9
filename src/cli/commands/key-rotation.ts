import { randomUUID } from 'node:crypto';
import type { AuditTrail } from '../../../shardmap/audit-trail.ts';
import type { KeyCounts } from '../../../shardmap/key-rotation.ts';
import type { ShardMapManager } from '../../../shardmap/manager.ts';
import { fleetKeyName } from '../../../shardmap/mapping-token.ts';
import { recorded } from '../../../shardmap/recorded.ts';
import type { Shard } from '../../../shardmap/shard.ts';
import type { Verdicts } from '../../../shardmap/verdicts.ts';
import type { Settings } from '../../config.ts';
import { asTenantryError, type TenantryError } from '../../core/errors.ts';
import type { SigningKey } from '../../core/shard-signer.ts';
import type { OverrideInForce } from '../../policy/override.ts';
import type { ShardPolicies, ShardSigning } from '../services.ts';

/** What a shard has, or why that is not known. */
export interface ShardKeys extends Partial<KeyCounts> {
  readonly shard: string;
  /** By which key it is signed what protects the shard. */
  readonly signedBy?: SigningKey | undefined;
  /** By which key its latest verdict is signed; undefined: it has none. */
  readonly verdictSignedBy?: SigningKey | undefined;
  /** In force there now, signed again or not; undefined: there is none. */
  readonly override?: OverrideInForce | undefined;
  readonly error?: TenantryError;
}

/** What became of a shard. `left`: mappings that somebody held all the time, or by neither key. */
export interface ShardRotation extends ShardKeys {
  readonly outcome: 'rotated' | 'already so' | 'left' | 'failed' | 'not reached';
  readonly rotated?: number;
  /** It is done, and why the audit trail has it only as begun. */
  readonly unrecorded?: TenantryError | undefined;
}

/** What a shard is asked by. */
export interface KeyFleet {
  readonly manager: Pick<ShardMapManager, 'keys'>;
  readonly settings: Settings;
  readonly policies: Pick<ShardPolicies, 'signing'>;
  readonly verdicts: Pick<Verdicts, 'signAgain' | 'signedBy'>;
}

/** What a shard has. */
export async function keysOf(fleet: KeyFleet, shard: Shard): Promise<ShardKeys> {
  try {
    return { shard: shard.name, ...(await withSigning(fleet, shard, (signing) => countsOf(fleet, shard, signing))) };
  } catch (error) {
    return { shard: shard.name, error: asTenantryError(error) };
  }
}

/** Writes into the audit trail. */
type Recorder = (shard: Shard, ...event: Parameters<Parameters<typeof recorded>[0]['record']>) => Promise<void>;

/** Writes into the audit trail which key was taken for which, by their names. */
export function recorder(audit: AuditTrail, actor: string, { fleetKey }: Settings): Recorder {
  const run = { runId: randomUUID(), actor, action: 'key rotate' };
  const to = fleetKeyName(fleetKey.current);
  const from = fleetKey.previous === undefined ? null : fleetKeyName(fleetKey.previous);
  return (shard, outcome, detail) => audit.record({ ...run, subject: `shard ${shard.name}`, outcome, detail: { from, to, ...detail } });
}

/** How one shard is rotated. */
interface RotationParts {
  readonly waitMs: number;
  readonly record: Recorder;
}

/** One shard; the others do not depend on it. Never throws. */
export async function rotateOne(fleet: KeyFleet, shard: Shard, { waitMs, record }: RotationParts): Promise<ShardRotation> {
  const { name } = shard;
  try {
    return await withSigning(fleet, shard, async (signing) => {
      const before = await countsOf(fleet, shard, signing);
      const rotate = async (): Promise<Omit<ShardRotation, 'shard' | 'outcome'>> => {
        const report = await fleet.manager.keys.rotate(shard, waitMs);
        if (before.signedBy === 'previous') await signing?.signAgain();
        if (before.verdictSignedBy === 'previous') await fleet.verdicts.signAgain(shard.shardId);
        return { ...report, ...(await signaturesOf(fleet, shard, signing)) };
      };
      const isNeeded = before.previous > 0 || before.signedBy === 'previous' || before.verdictSignedBy === 'previous';
      const { result: after, unrecorded } = isNeeded
        ? await recorded(
            {
              record: (outcome, detail) => record(shard, outcome, detail),
              begun: { ...before },
              done: (found) => ({ ...found }),
              failed: ({ code, reason }) => ({ code, reason }),
            },
            rotate,
          )
        : { result: await rotate() };
      const outcome = !isSettled({ shard: name, ...after }) ? 'left' : isNeeded ? 'rotated' : 'already so';
      return { shard: name, outcome, ...after, unrecorded };
    });
  } catch (error) {
    return { shard: name, outcome: 'failed', error: asTenantryError(error) };
  }
}

async function countsOf(fleet: KeyFleet, shard: Shard, signing: ShardSigning | undefined): Promise<KeyCounts & Signatures> {
  return { ...(await fleet.manager.keys.status(shard)), ...(await signaturesOf(fleet, shard, signing)) };
}

type Signatures = Pick<ShardKeys, 'signedBy' | 'verdictSignedBy' | 'override'>;

async function signaturesOf({ verdicts }: KeyFleet, { shardId }: Shard, signing: ShardSigning | undefined): Promise<Signatures> {
  return {
    signedBy: await signing?.signedBy(),
    verdictSignedBy: await verdicts.signedBy(shardId),
    override: await signing?.override(),
  };
}

/** On a shard that is being added nothing is signed yet. */
async function withSigning<T>(
  { policies, settings }: KeyFleet,
  shard: Shard,
  work: (signing: ShardSigning | undefined) => Promise<T>,
): Promise<T> {
  return shard.state === 'ADDING' ? work(undefined) : policies.signing(settings, shard, work);
}

/** Whether it is known that nothing of it is by the previous key. */
export function isFreeOfPrevious({ previous, signedBy: signer, verdictSignedBy }: ShardKeys): boolean {
  return previous === 0 && signer !== 'previous' && verdictSignedBy !== 'previous';
}

/** Whether all of it is by the current key. */
export function isSettled({
  error,
  previous = 0,
  neither = 0,
  signedBy: signer = 'current',
  verdictSignedBy = 'current',
}: ShardKeys): boolean {
  return error === undefined && previous + neither === 0 && signer === 'current' && verdictSignedBy === 'current';
}
