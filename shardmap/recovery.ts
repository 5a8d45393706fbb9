import { TenantryError } from '../src/core/errors.ts';
import { compareShard, type Disagreement } from './compare-shard.ts';
import type { Operation } from './operation.ts';
import type { OperationDependencies } from './operation-dependencies.ts';
import type { OperationEnd } from './operation-runner.ts';
import type { LoggedOperations, SettledOperation } from './operations.ts';
import { bindOperation, isKnownOperation } from './operations/index.ts';
import { pruneOperations } from './prune-operations.ts';
import type { Shard } from './shard.ts';
import type { Retention } from './store.ts';

/** What a sweep did about operations that were not at their end. */
export interface SweepReport {
  readonly settled: readonly SettledOperation[];
  /** Still being run by a process whose lease holds. */
  readonly running: readonly Operation[];
  /** What could not be brought to its end now, such as on a shard that is away. */
  readonly failed: readonly { readonly operation: Operation; readonly error: TenantryError }[];
  /** How many that ended long ago were forgotten. */
  readonly pruned: number;
}

/** What `recover` did and found. */
export interface RecoveryReport extends SweepReport {
  readonly disagreements: readonly Disagreement[];
  /** Names of shards whose server had changed, which are open again: nothing else was wrong with them. */
  readonly reopened: readonly string[];
}

/** What `recover` would do, and what it found. */
export interface RecoveryPreview {
  /** Left by their runners, and the end to which they would be brought. */
  readonly left: readonly SettledOperation[];
  /** Still being run by a process whose lease holds. */
  readonly running: readonly Operation[];
  readonly disagreements: readonly Disagreement[];
  /** Names of shards that would be open again. */
  readonly reopenable: readonly string[];
}

/** Brings what other processes left to its end, and compares shards with the catalog. */
export class Recovery {
  readonly #dependencies: OperationDependencies;
  readonly #operations: LoggedOperations;
  readonly #retention: Retention;

  constructor(dependencies: OperationDependencies, operations: LoggedOperations, retention: Retention) {
    this.#dependencies = dependencies;
    this.#retention = retention;
    this.#operations = operations;
  }

  /** Finishes or undoes every operation whose runner's lease has run out, and forgets what ended long ago. */
  async sweep(): Promise<SweepReport> {
    const report = {
      settled: [] as SettledOperation[],
      running: [] as Operation[],
      failed: [] as { operation: Operation; error: TenantryError }[],
    };
    for (const operation of await this.#dependencies.store.listUnfinished()) {
      try {
        const settled = await this.#operations.settle(operation);
        if (settled === undefined) report.running.push(operation);
        else report.settled.push(settled);
      } catch (error) {
        if (!(error instanceof TenantryError)) throw error;
        report.failed.push({ operation, error });
      }
    }
    return { ...report, pruned: await pruneOperations(this.#dependencies, this.#retention) };
  }

  /** A sweep, and where shards and catalog disagree after it. Repairs nothing. */
  async recover(): Promise<RecoveryReport> {
    const swept = await this.sweep();
    const disagreements: Disagreement[] = [];
    const reopened: string[] = [];
    for (const { shard, found, server } of await this.#compareAll()) {
      if (server !== undefined && (await this.#reopen(shard, server))) reopened.push(shard.name);
      else disagreements.push(...found);
    }
    return { ...swept, disagreements, reopened };
  }

  /** What `recover` would do now. Changes nothing. */
  async preview(): Promise<RecoveryPreview> {
    const unfinished = (await this.#dependencies.store.listUnfinished()).filter(isKnownOperation);
    const compared = await this.#compareAll();
    return {
      left: unfinished.filter(({ leaseLeftMs }) => leaseLeftMs === 0).map((operation) => ({ operation, end: nearerEnd(operation) })),
      running: unfinished.filter(({ leaseLeftMs }) => leaseLeftMs > 0),
      disagreements: compared.flatMap(({ found, server }) => (server === undefined ? found : [])),
      reopenable: compared.flatMap(({ shard, server }) => (server === undefined ? [] : [shard.name])),
    };
  }

  /** Where a shard and the catalog disagree, as it is found. Changes nothing. */
  async *disagreements(shard: Shard): AsyncGenerator<Disagreement, void, undefined> {
    const { store } = this.#dependencies;
    const unfinished = (await store.listUnfinished()).filter(isKnownOperation).map(bindOperation);
    const unsettled = new Set(unfinished.flatMap(({ mappingIds }) => mappingIds));
    const map = await store.getMap(shard.mapId);
    yield* compareShard(this.#dependencies, map, shard, unsettled);
  }

  async #compareAll(): Promise<ComparedShard[]> {
    const compared: ComparedShard[] = [];
    for (const shard of await this.#dependencies.store.listShards()) {
      const found = await Array.fromAsync(this.disagreements(shard));
      compared.push({ shard, found, server: changedServer(found) });
    }
    return compared;
  }

  async #reopen({ shardId, incarnation }: Shard, server: string): Promise<boolean> {
    return this.#dependencies.store.change((catalog) => catalog.recordIncarnation(shardId, incarnation, server));
  }
}

interface ComparedShard {
  readonly shard: Shard;
  readonly found: readonly Disagreement[];
  /** The new incarnation, where that is all that differs. */
  readonly server: string | undefined;
}

/**
 * A server that changed and whose local map is still exactly the catalog's, tokens included, may serve again: it
 * admits whom the catalog sends there and nobody else. Anything else keeps it closed. Of rows that a backup lacks
 * nothing is known here.
 */
function changedServer([only, ...others]: readonly Disagreement[]): string | undefined {
  return only?.what === 'server' && others.length === 0 ? only.onShard : undefined;
}

/** What settling comes to: undone before the commit, finished after it. */
function nearerEnd(operation: Operation): OperationEnd {
  const phase = bindOperation(operation).phases.find(({ state }) => state === operation.state);
  return phase === undefined || phase.undoable ? 'UNDONE' : 'DONE';
}
