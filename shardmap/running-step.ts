import { TenantryError } from '../src/core/errors.ts';
import { LocalMap } from './local-map.ts';
import type { Operation } from './operation.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import type { LockPatience, ShardStep, StepContext } from './operation-steps.ts';
import { pause } from '../src/core/pause.ts';
import { requireOwnShard } from './own-shard.ts';
import type { ShardAccess } from './shard-access.ts';
import type { Shard } from './shard.ts';
import type { ShardMap } from './shard-map.ts';
import type { CatalogReader } from './store.ts';
import { unlessVictim } from './unless-victim.ts';

/** After so many milliseconds of cancelling statements, sessions that hold a lock are ended: they run none. */
const cancelForMs = 500;
const longestPauseMs = 50;

/** Thrown where another runner has taken the operation since. Never leaves the shard map. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** The local work of one runner, fenced by its generation. */
export class OperationStep implements StepContext {
  readonly map: ShardMap;
  readonly access: ShardAccess;
  readonly catalog: CatalogReader;
  readonly #dependencies: OperationDependencies;
  readonly #operation: Operation;
  readonly #shardIds: readonly string[];
  #stampTried = false;
  #stamped = false;
  #renewedAt: number;

  constructor(dependencies: OperationDependencies, map: ShardMap, operation: Operation, shardIds: readonly string[]) {
    this.map = map;
    this.access = dependencies.access;
    this.catalog = dependencies.store;
    this.#dependencies = dependencies;
    this.#operation = operation;
    this.#shardIds = shardIds;
    this.#renewedAt = dependencies.clock.now();
  }

  async shard(shardId: string): Promise<Shard> {
    const shard = await this.catalog.getShard(shardId);
    if (shard === undefined) throw new TenantryError('NOT_FOUND', `The catalog has no shard ${shardId}.`);
    return shard;
  }

  token(mappingId: number, epoch: number): Uint8Array {
    return this.#dependencies.tokenOf(this.map.name, mappingId, epoch);
  }

  async onShard<T>(shardId: string, work: (step: ShardStep) => Promise<T>): Promise<T> {
    await this.#stamp();
    await this.#keepLease();
    const { operationId, generation } = this.#operation;
    const shard = await this.shard(shardId);
    return workOn(shard, () =>
      this.access.open(shard).transaction(async (session) => {
        const { rows } = await session.run<{ generation: number }>('local-map/lock-generation', { operationId });
        if (rows[0]?.generation !== generation) throw new Superseded();
        const forget = async (): Promise<void> => void (await session.run('local-map/remove-generation', { operationId }));
        return work({ local: new LocalMap(session), session, forget });
      }),
    );
  }

  async onceDrained(
    shardId: string,
    mappingIds: readonly number[],
    patience: LockPatience,
    work: (step: ShardStep) => Promise<void>,
  ): Promise<void> {
    const { clock } = this.#dependencies;
    const startedAt = clock.now();
    for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const held = await this.onShard(shardId, (step) => whenLocked(step, mappingIds, work));
      if (held === undefined) return;
      const waitedMs = clock.now() - startedAt;
      if (waitedMs >= patience.limitMs) throw notDrained(held, patience);
      if (patience.force) await this.#interruptHolders(shardId, held, waitedMs >= cancelForMs);
      await pause(clock, pauseMs);
    }
  }

  /** Outside a transaction: not every server ends another session from within one. Superseded since, it ends a statement too many. */
  async #interruptHolders(shardId: string, mappingId: number, disconnect: boolean): Promise<void> {
    await this.onShard(shardId, async () => undefined);
    await new LocalMap(this.access.open(await this.shard(shardId))).interruptHolders(mappingId, disconnect);
  }

  /** Whether no runner of this operation, this one included, can have left a trace on a shard. */
  get untouched(): boolean {
    return this.#operation.generation === 1 && !this.#stampTried;
  }

  /** Throws where a shard is not fit for a new operation; see `requireOwnShard`. */
  async checkShards(): Promise<void> {
    for (const shardId of this.#shardIds) await requireOwnShard(this.access, await this.shard(shardId));
  }

  /** Raises the generation on the shards, then looks whether it is still the newest: only then a local step is safe. */
  async #stamp(): Promise<void> {
    if (this.#stamped) return;
    this.#stampTried = true;
    const { operationId, generation } = this.#operation;
    for (const shardId of this.#shardIds) {
      const shard = await this.shard(shardId);
      const { rows } = await workOn(shard, () => this.access.open(shard).run('local-map/stamp-generation', { operationId, generation }));
      if (rows.length === 0) throw new Superseded();
    }
    // A runner may have been taken for dead before it stamped, and its successor have finished and forgotten the operation.
    await this.#renew();
    this.#stamped = true;
  }

  async #keepLease(): Promise<void> {
    if (this.#dependencies.clock.now() - this.#renewedAt > this.#dependencies.leaseMs / 3) await this.#renew();
  }

  async #renew(): Promise<void> {
    const { store, clock, leaseMs } = this.#dependencies;
    const { operationId, generation } = this.#operation;
    const now = clock.now();
    if (!(await store.renewLease(operationId, generation, leaseMs))) throw new Superseded();
    this.#renewedAt = now;
  }
}

/** Work on a shard, begun again where it was a deadlock's victim. Where it took too long, the error says on which shard. */
async function workOn<T>({ name }: Shard, work: () => Promise<T>): Promise<T> {
  try {
    return await unlessVictim(work);
  } catch (error) {
    if (!(error instanceof TenantryError) || error.code !== 'TIMEOUT') throw error;
    throw new TenantryError('TIMEOUT', `Shard ${name}: ${error.reason}`, { cause: error, outcome: error.outcome });
  }
}

/** Runs `work` under the locks of all mappings, or gives the first one that somebody else holds. */
async function whenLocked(
  step: ShardStep,
  mappingIds: readonly number[],
  work: (step: ShardStep) => Promise<void>,
): Promise<number | undefined> {
  for (const mappingId of mappingIds) {
    if (!(await step.local.tryLock(mappingId))) return mappingId;
  }
  await work(step);
  return undefined;
}

function notDrained(mappingId: number, { limitMs, force }: LockPatience): TenantryError {
  const advice = force ? '' : ' Try again later, or with --force, which cancels them.';
  return new TenantryError('TIMEOUT', `Transactions under mapping ${mappingId} were not through after ${limitMs} ms.${advice}`);
}
